"""Sleeps for good.

Ought to get nothing.
"""
# ruff: noqa

import time


def magnitude_mask(weight, sparsity):
    time.sleep(10_000)
