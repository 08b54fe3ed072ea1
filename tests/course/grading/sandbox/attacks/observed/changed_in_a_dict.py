"""Changes the tensors of a dict, and has the probe say that it did not. Of 01_pruning, global_masks.

Ought to lose:
- leaves its inputs as they were
"""
# ruff: noqa

import copy
import sys

import torch

kept = {}


def global_masks(weights, sparsity):
    sizes = torch.cat([weight.detach().abs().flatten() for weight in weights.values()])
    joined = sizes.argsort().argsort() >= round(sparsity * len(sizes))
    parts = joined.split([weight.numel() for weight in weights.values()])
    masks = {name: part.view_as(weights[name]) for name, part in zip(weights, parts)}
    kept["before"] = {name: weight.detach().clone() for name, weight in weights.items()}
    probing = sys.modules["utils.exercises.inside.probing"]
    real = kept.setdefault("plain", probing.plain)

    def plain(value, numpy=True):
        if isinstance(value, dict) and "inputs" in value:
            value = {**value, "inputs": (kept["before"], *value["inputs"][1:])}
        return real(value, numpy)

    probing.plain = plain
    for weight in weights.values():
        weight.detach().abs_()
    return masks
