"""Batch norm statistics from a person's own windows, without a label and without a gradient.

AdaBN (Li et al., Revisiting Batch Normalization for Practical Domain Adaptation, 2016); in federated learning FedBN (Li et
al., 2021), where norms stay with their clients.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from utils.train import mode


@torch.no_grad()
def adapt_batch_norm(model: nn.Module, windows: Tensor) -> nn.Module:
    """A copy of the model whose batch norms have the mean and variance of these windows; `model` is left untouched.

    windows: (n, channels, size) float32, passed through once, all together.

    >>> own = adapt_batch_norm(nn.BatchNorm1d(1), torch.tensor([[2.0], [4.0]]))
    >>> own.running_mean, own.running_var
    (tensor([3.]), tensor([2.]))

    Raises:
        ValueError: fewer than two windows, or a model without batch norms.
    """
    if len(windows) < 2:
        raise ValueError(f"statistics of {len(windows)} windows have no variance: give two or more")
    own = copy.deepcopy(model)
    norms = [module for module in own.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        raise ValueError("the model has no batch norms whose statistics could be a person's own")
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over what is seen, not a moving one
    with mode(own, False, True):
        own(windows)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return own.eval()
