"""The layers whose weights can be made smaller: convolutions of any kind, transposed ones too, and linear layers."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

Weighted = _ConvNd | nn.Linear


def weighted_layers(model: nn.Module) -> dict[str, Weighted]:
    """Name -> layer, in order; of the layers that share one weight the first.

    Raises:
        ValueError: a layer that has no weight before its first batch.

    >>> list(weighted_layers(nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.ConvTranspose1d(4, 1, 3))))
    ['0', '2']
    """
    found: dict[int, tuple[str, Weighted]] = {}
    for name, layer in model.named_modules():
        if isinstance(layer, Weighted):
            if is_lazy(stored := stored_weight(layer)):
                raise ValueError(f"{name} is a {type(layer).__name__} without a weight: give the model a first batch before")
            found.setdefault(id(stored), (name, layer))
    return dict(found.values())


def stored_weight(layer: nn.Module) -> Tensor:
    """The tensor that a layer keeps as its weight: where the weight is computed in each pass, what it is computed from."""
    if parametrize.is_parametrized(layer, "weight"):
        parts = cast("parametrize.ParametrizationList", cast("nn.ModuleDict", layer.parametrizations)["weight"])
        return cast("Tensor", getattr(parts, "original", None) if hasattr(parts, "original") else parts.original0)
    names = ("weight_orig", "weight_v")  # of torch.nn.utils.prune and spectral_norm, of weight_norm
    return cast("Tensor", next((layer._parameters[name] for name in names if name in layer._parameters), layer.weight))


def output_axis(layer: Weighted) -> int:
    """Which axis of the weight counts the outputs: 1 of a transposed convolution (of one group of them), else 0."""
    return int(isinstance(layer, _ConvNd) and layer.transposed)
