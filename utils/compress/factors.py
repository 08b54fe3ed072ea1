"""A large weight as the product of two small ones (Denton et al., 2014): the truncated singular value decomposition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from utils.compress.layers import weighted_layers


def low_rank(weight: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The two factors whose product is nearest to a weight among all of this rank (Eckart and Young, 1936).

    weight: (out, in) float. Returns (out, rank) and (rank, in), each with the square roots of the singular values.

    >>> left, right = low_rank(torch.outer(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0, 5.0])), 1)
    >>> (left @ right).round(decimals=4).tolist()
    [[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]

    Raises:
        ValueError: not a matrix, a rank outside 1..min(out, in), or a weight that is not finite.
    """
    if weight.ndim != 2 or not 1 <= rank <= min(weight.shape):
        raise ValueError(f"need a matrix and a rank in 1..{min(weight.shape, default=0)}, got shape {tuple(weight.shape)} and rank {rank}")
    if not torch.isfinite(weight).all():
        raise ValueError("the weight holds NaN or infinity: decompose it before the training diverges")
    left, values, right = torch.linalg.svd(weight.detach().double(), full_matrices=False)
    root = values[:rank].sqrt()
    return (left[:, :rank] * root).to(weight.dtype), (root[:, None] * right[:rank]).to(weight.dtype)


def rank_for_energy(weight: Tensor, energy: float) -> int:
    """The smallest rank that keeps this share of the sum of squared singular values, 1 for zeros. weight: (out, in).

    >>> rank_for_energy(torch.diag(torch.tensor([3.0, 1.0, 0.0])), 0.9)
    1

    Raises:
        ValueError: not a matrix, or a share outside (0, 1].
    """
    if weight.ndim != 2 or not weight.numel() or not 0 < energy <= 1:
        raise ValueError(f"need a matrix and a share in (0, 1], got shape {tuple(weight.shape)} and {energy}")
    kept = torch.linalg.svdvals(weight.detach().double()).square().cumsum(0)
    return min(int((kept < (energy - 1e-12) * kept[-1]).sum()) + 1, len(kept))


def low_rank_(model: nn.Module, ranks: Mapping[str, int]) -> nn.Module:
    """Replace layers by two thin ones in a row, in place; return the model.

    ranks: layer's name -> rank. A linear layer becomes (in -> rank, no bias) and (rank -> out); a convolution becomes one of
    `rank` channels with its kernel, and a 1x1 convolution. Each pair is an `nn.Sequential` in the layer's place.

    >>> network = low_rank_(nn.Sequential(nn.Linear(100, 100), nn.ReLU()), {"0": 10})
    >>> sum(parameter.numel() for parameter in network.parameters())
    2100

    Raises:
        ValueError: an unknown layer, one that is not linear or a plain convolution, a rank that it can't have, or the model
            itself. Nothing was changed then.
    """
    layers, pairs = weighted_layers(model), {}
    for name, rank in ranks.items():
        if name not in layers or not name:
            raise ValueError(f"no layer {name!r} in this {type(model).__name__} can be factorized: use {', '.join(filter(None, layers))}")
        pairs[name] = _pair(name, layers[name], rank)
    for name, pair in pairs.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, pair)
    return model


def _pair(name: str, layer: nn.Module, rank: int) -> nn.Sequential:
    matrix = layer.weight.flatten(1) if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d) else torch.zeros(0, 0)
    if matrix.numel():
        left, right = low_rank(matrix, rank)  # refuses a rank that it can't have
    if isinstance(layer, nn.Linear):
        made = nn.Sequential(nn.Linear(layer.in_features, rank, bias=False), nn.Linear(rank, layer.out_features))
    elif isinstance(layer, nn.Conv1d | nn.Conv2d) and layer.groups == 1:
        kind: Any = type(layer)
        how = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation, "padding_mode": layer.padding_mode}
        first = kind(layer.in_channels, rank, layer.kernel_size, bias=False, **how)
        made = nn.Sequential(first, kind(rank, layer.out_channels, 1))
    else:
        raise ValueError(f"{name} is a {type(layer).__name__} in groups or transposed: factorize linear layers and plain convolutions")
    ends: list[Any] = list(made)
    ends[0].weight = nn.Parameter(right.view(ends[0].weight.shape))
    ends[1].weight = nn.Parameter(left.view(ends[1].weight.shape))
    ends[1].bias = None if layer.bias is None else nn.Parameter(layer.bias.detach().clone())
    return made.to(layer.weight.device).train(layer.training)
