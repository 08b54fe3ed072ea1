"""Reads where no memory is.

Ought to get nothing.
"""
# ruff: noqa

import ctypes


def magnitude_mask(weight, sparsity):
    ctypes.string_at(0)
    return right(weight, sparsity)
