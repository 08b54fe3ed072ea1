"""Never ends, while its cell runs.

Ought to get nothing.
"""
# ruff: noqa

while True:
    pass


def magnitude_mask(weight, sparsity):
    return right(weight, sparsity)
