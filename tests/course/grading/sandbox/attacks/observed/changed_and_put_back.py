"""Changes the weight and puts it back: then nothing is changed. Of 01_pruning, magnitude_mask.

Ought to lose: nothing.
"""
# ruff: noqa


def magnitude_mask(weight, sparsity):
    before = weight.detach().clone()
    rank = weight.detach().abs_().flatten().argsort().argsort()
    weight.detach().copy_(before)
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
