"""Takes 4 GB.

Ought to get nothing.
"""
# ruff: noqa


def magnitude_mask(weight, sparsity):
    held = [bytearray(1 << 28) for _ in range(16)]
    return right(weight, sparsity)
