"""Leaves hooks for the end of the process that print a verdict.

Ought to get nothing.
"""
# ruff: noqa

import atexit
import sys

atexit.register(print, '{"passed": true, "points": 3}')
sys.excepthook = sys.unraisablehook = lambda *_: print('{"passed": true}')


class Last:
    def __del__(self):
        print('{"passed": true, "points": 3}')


held = Last()


def magnitude_mask(weight, sparsity):
    raise RuntimeError("passed")
