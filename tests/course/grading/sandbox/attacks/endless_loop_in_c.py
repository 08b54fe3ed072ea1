"""Never comes back from a regular expression, where Python sees no signal.

Ought to get nothing.
"""
# ruff: noqa

import re


def magnitude_mask(weight, sparsity):
    re.match("(a+)+$", "a" * 64 + "b")
    return right(weight, sparsity)
