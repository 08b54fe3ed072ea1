"""Calls itself without end, with Python's own guard taken away.

Ought to get nothing.
"""
# ruff: noqa

import sys

sys.setrecursionlimit(10**9)


def magnitude_mask(weight, sparsity):
    return magnitude_mask(weight, sparsity) + 1
