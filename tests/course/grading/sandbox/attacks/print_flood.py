"""Prints 200 MB, which goes nowhere, and is right.

Ought to get everything.
"""
# ruff: noqa

import sys


def magnitude_mask(weight, sparsity):
    for _ in range(20):
        print("x" * 1_000_000)
        print("y" * 1_000_000, file=sys.stderr)
    return right(weight, sparsity)
