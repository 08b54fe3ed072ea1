"""Leaves by SystemExit, with an object that is no status.

Ought to get nothing.
"""
# ruff: noqa

import sys


def magnitude_mask(weight, sparsity):
    sys.exit({"points": 3, "passed": True})
