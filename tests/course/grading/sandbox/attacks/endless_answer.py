"""Returns a tensor of a trillion elements that takes four bytes.

Ought to get nothing.
"""
# ruff: noqa

import torch


def magnitude_mask(weight, sparsity):
    return torch.ones(1, dtype=torch.bool).expand(10**12)
