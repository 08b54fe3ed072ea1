"""Returns a tensor of a class of its own, which lies about its numbers.

Ought to get nothing.
"""
# ruff: noqa

import torch


class Liar(torch.Tensor):
    def numpy(self):
        return right_for(self)

    def __eq__(self, other):
        return True


def magnitude_mask(weight, sparsity):
    return torch.zeros(weight.shape, dtype=torch.bool).as_subclass(Liar)
