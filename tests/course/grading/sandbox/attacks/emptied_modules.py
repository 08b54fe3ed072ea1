"""Takes all modules away.

Ought to get nothing.
"""
# ruff: noqa

import sys

sys.modules.clear()


def magnitude_mask(weight, sparsity):
    return None
