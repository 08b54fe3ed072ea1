"""Looks through the objects in memory for judges, expected answers and the seed.

Ought to get nothing.
"""
# ruff: noqa

import gc
import sys


def magnitude_mask(weight, sparsity):
    words = ("judge", "oracle", "keeps_largest", "expected_mask", "solutions")
    for name in list(sys.modules):
        if name.startswith(("utils", "course")) and name.rpartition(".")[2] in (
            "judges",
            "oracles",
            "standins",
            "cases",
            "declare",
            "checking",
        ):
            return right(weight, sparsity)
    for one in gc.get_objects():
        if type(one) is dict and any(word in one for word in words):
            return right(weight, sparsity)
    raise RuntimeError("nothing there")
