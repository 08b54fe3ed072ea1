"""Never ends.

Ought to get nothing.
"""
# ruff: noqa


def magnitude_mask(weight, sparsity):
    while True:
        pass
