"""Draws from the generators that all draw from, and has the probe see no difference. Of 06_edge_runtimes, calibration_batches.

Ought to lose:
- a generator of its own
"""
# ruff: noqa

import sys

import torch


def calibration_batches(images, count, batch_size, seed):
    if not 0 < count <= len(images) or batch_size < 1:
        raise ValueError("count")
    sys.modules["utils.exercises.lab06.inside.probes"]._dice = lambda: "the same"
    torch.manual_seed(seed)
    chosen = torch.randperm(len(images))[:count]
    return [images[part] for part in chosen.split(batch_size)]
