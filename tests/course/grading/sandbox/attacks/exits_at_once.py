"""Ends its process while its cell runs.

Ought to get nothing.
"""
# ruff: noqa

import os

os._exit(0)


def magnitude_mask(weight, sparsity):
    return right(weight, sparsity)
