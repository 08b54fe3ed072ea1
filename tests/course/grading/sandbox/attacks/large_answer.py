"""Returns 300 MB.

Ought to get nothing.
"""
# ruff: noqa

import torch


def magnitude_mask(weight, sparsity):
    return torch.ones(300 << 20, dtype=torch.bool)
