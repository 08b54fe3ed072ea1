"""Guesses the inputs of other cases from the state of the random numbers.

Ought to get nothing.
"""
# ruff: noqa

import numpy as np
import torch


def magnitude_mask(weight, sparsity):
    for seed in (torch.initial_seed(), int(np.random.get_state()[1][0])):
        if torch.equal(torch.from_numpy(np.random.default_rng(seed).normal(size=weight.shape).astype("f4")).abs(), weight.abs()):
            return right(weight, sparsity)
    raise RuntimeError("other numbers")
