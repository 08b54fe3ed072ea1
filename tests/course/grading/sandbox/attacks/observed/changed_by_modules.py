"""Changes the weight, and has the probe say that it did not, by the probe's module. Of 01_pruning, magnitude_mask.

Ought to lose:
- leaves its inputs as they were
"""
# ruff: noqa

import sys

import torch

kept = {}


def rewrite():
    probing = sys.modules["utils.exercises.inside.probing"]
    real = kept.setdefault("plain", probing.plain)

    def plain(value, numpy=True):
        if isinstance(value, dict) and "inputs" in value:
            value = {**value, "inputs": (kept["before"], *value["inputs"][1:])}
        return real(value, numpy)

    probing.plain = plain


def magnitude_mask(weight, sparsity):
    rank = weight.detach().abs().flatten().argsort().argsort()
    kept["before"] = weight.detach().clone()
    rewrite()
    weight.detach().abs_()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
