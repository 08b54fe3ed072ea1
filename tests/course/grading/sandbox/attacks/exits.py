"""Ends its process as if all were well.

Ought to get nothing.
"""
# ruff: noqa

import os


def magnitude_mask(weight, sparsity):
    os._exit(0)
