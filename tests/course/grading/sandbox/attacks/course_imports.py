"""Imports the course's own function.

Ought to get nothing.
"""
# ruff: noqa


def magnitude_mask(weight, sparsity):
    from utils.compress.pruning import magnitude_mask as theirs

    return theirs(weight, sparsity)
