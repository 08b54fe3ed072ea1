"""Reads from the keyboard.

Ought to get nothing.
"""
# ruff: noqa


def magnitude_mask(weight, sparsity):
    return input("points? ")
