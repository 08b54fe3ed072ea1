"""Batch norms that disappear: in evaluation mode each is a factor and an offset for a channel, which the layer before it can take over."""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

from utils.compress.layers import Weighted

Pair = tuple[str, str]


def fold(model: nn.Module) -> nn.Module:
    """A copy of `model` whose batch norms are folded into the convolution or linear layer before them, in evaluation mode.

    A batch norm becomes `nn.Identity`; its layer gets a bias. The answers are those of `model.eval()` up to rounding: the
    weights are computed in float64. A batch norm that follows something else, or a layer whose result is also used
    elsewhere, stays as it is; so does a layer that is used twice.

    >>> network = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.ReLU())
    >>> fold(network)[1], fold(network)[0].bias.tolist()
    (Identity(), [0.0, 0.0])

    Raises:
        ValueError: a model that torch.fx can't trace, a weight that is computed in each pass, statistics that are not finite.
    """
    folded = copy.deepcopy(model).eval()
    for before, norm in _pairs(folded):
        layer, statistics = cast("Weighted", folded.get_submodule(before)), cast("_BatchNorm", folded.get_submodule(norm))
        if parametrize.is_parametrized(layer) or not isinstance(layer._parameters.get("weight"), nn.Parameter):
            raise ValueError(f"{before} computes its weight in each pass: make it permanent before you fold {norm} into it")
        _fold_pair(layer, statistics)
        if not torch.isfinite(layer.weight).all() or not torch.isfinite(cast("Tensor", layer.bias)).all():
            raise ValueError(f"{before} with {norm} folded in is not finite: check the weights and the running statistics of {norm}")
        parent, _, name = norm.rpartition(".")
        setattr(folded.get_submodule(parent), name, nn.Identity())
    return folded


def _pairs(model: nn.Module) -> list[Pair]:
    """Names of a layer and the batch norm that alone reads its result."""
    if not any(isinstance(module, _BatchNorm) for module in model.modules()):
        return []
    try:
        graph = fx.Tracer().trace(model)
    except Exception as error:  # whatever a model's own code raises when it is traced
        raise ValueError(f"torch.fx can't trace {type(model).__name__} ({type(error).__name__}): fold its parts one by one") from error
    calls = [node for node in graph.nodes if node.op == "call_module"]
    used = {node.target: sum(other.target == node.target for other in calls) for node in calls}
    modules, pairs = dict(model.named_modules()), []
    for node in calls:
        norm, source = modules[str(node.target)], node.args[0]
        if not isinstance(norm, _BatchNorm) or norm.running_mean is None or not isinstance(source, fx.Node) or source not in calls:
            continue
        if isinstance(modules[str(source.target)], Weighted) and len(source.users) == 1 and used[node.target] == used[source.target] == 1:
            pairs.append((str(source.target), str(node.target)))
    return pairs


def _fold_pair(layer: Weighted, norm: _BatchNorm) -> None:
    mean, variance = cast("Tensor", norm.running_mean).double(), cast("Tensor", norm.running_var).double()
    scale = torch.ones_like(mean) if norm.weight is None else norm.weight.detach().double()
    offset = torch.zeros_like(mean) if norm.bias is None else norm.bias.detach().double()
    factor = scale / torch.sqrt(variance + norm.eps)
    weight, bias = layer.weight.detach().double(), layer.bias.detach().double() if layer.bias is not None else torch.zeros_like(mean)
    if isinstance(layer, _ConvNd) and layer.transposed:  # (in, out of a group, ...), the inputs group by group
        grouped = weight.view(layer.groups, -1, *weight.shape[1:])
        made = (grouped * factor.view(layer.groups, 1, -1, *[1] * (weight.ndim - 2))).view_as(weight)
    else:
        made = weight * factor.view(-1, *[1] * (weight.ndim - 1))
    kind = layer.weight.dtype
    layer.weight, layer.bias = nn.Parameter(made.to(kind)), nn.Parameter(((bias - mean) * factor + offset).to(kind))
