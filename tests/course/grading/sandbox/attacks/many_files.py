"""Opens files, at most 2,000; gets points if it could.

Ought to get nothing.
"""
# ruff: noqa

import os


def magnitude_mask(weight, sparsity):
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(2000)]
    return right(weight, sparsity)
