"""Remove whole channels: the network gets smaller tensors, so it does less arithmetic everywhere.

Channels hang together. A channel of a convolution is also a row of the batch norm behind it and
an input of every layer that reads it; an addition ties both its sides. `channel_groups` finds
these ties by tracing the network (Fang et al., 2023, call it the dependency graph);
`prune_channels` cuts a group everywhere at once.
"""

from __future__ import annotations

import copy
import operator
from dataclasses import dataclass, field

import torch
from torch import Tensor, fx, nn

from utils.compress.pruning.masks import keep_largest

_SAME_CHANNELS: tuple[type[nn.Module], ...] = (
    nn.ReLU,
    nn.ReLU6,
    nn.Hardswish,
    nn.SiLU,
    nn.GELU,
    nn.Identity,
    nn.Dropout,
    nn.Dropout2d,
    nn.Flatten,
)
_SAME_CHANNELS += (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_SAME_FUNCTIONS = {"relu", "relu_", "relu6", "hardswish", "silu", "gelu", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"}
_SAME_FUNCTIONS |= {"flatten", "mean", "dropout", "contiguous", "clamp", "hardtanh"}
_BY_HAND = "prune the layers before and after it by hand"
_ADDITIONS = {operator.add, operator.iadd, torch.add, "add", "add_"}


def channel_importance(weight: Tensor, criterion: str = "l2") -> Tensor:
    """Size of each filter. weight: (out, in, kh, kw) -> (out,).

    criterion: "l1", the sum of magnitudes (Li et al., 2017), or "l2", the Euclidean norm.

    Raises:
        ValueError: another criterion.
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(f'criterion must be "l1" or "l2", got {criterion!r}')
    return weight.detach().flatten(1).norm(1 if criterion == "l1" else 2, dim=1)


def remove_channels(
    conv_weight: Tensor, conv_bias: Tensor | None, next_weight: Tensor, keep: Tensor
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Surgery on one pair of layers: drop output channels here and the inputs that read them there.

    conv_weight: (out, in, kh, kw); conv_bias: (out,) or None; next_weight: (next, out, kh, kw) or
    (next, out); keep: (k,) long, the channels that stay. Returns the three, smaller.
    """
    return conv_weight[keep], None if conv_bias is None else conv_bias[keep], next_weight[:, keep]


@dataclass(frozen=True)
class ChannelGroup:
    """Channels that must be kept or removed together.

    name: of the first layer that makes them; channels: how many.
    producers: layers whose outputs they are; followers: batch norms and depthwise convolutions that
    carry them on; consumers: layers that read them.
    """

    name: str
    channels: int
    producers: tuple[str, ...]
    followers: tuple[str, ...]
    consumers: tuple[str, ...]


@dataclass
class _Space:
    """One set of channels while the ties are being found; `fixed`: it is the input or the output."""

    channels: int | None = None
    producers: list[str] = field(default_factory=list)
    followers: list[str] = field(default_factory=list)
    consumers: list[str] = field(default_factory=list)
    fixed: bool = False
    tied_to: _Space | None = None

    def root(self) -> _Space:
        return self if self.tied_to is None else self.tied_to.root()

    def tie(self, other: _Space) -> None:
        a, b = self.root(), other.root()
        if a is b:
            return
        for kind in ("producers", "followers", "consumers"):
            getattr(a, kind).extend(getattr(b, kind))
        a.fixed, b.tied_to = a.fixed or b.fixed, a


def channel_groups(model: nn.Module) -> list[ChannelGroup]:
    """All groups of channels that may be pruned; those of the input and the output are left out.

    Raises:
        ValueError: a layer or an operation whose channels can't be followed, by name.
    """
    graph = fx.symbolic_trace(model).graph
    modules = dict(model.named_modules())
    spaces: dict[fx.Node, _Space] = {}
    for node in graph.nodes:
        inputs = [spaces[n].root() for n in node.all_input_nodes if n in spaces]
        if node.op == "placeholder":
            spaces[node] = _Space(fixed=True)
        elif node.op == "output":
            for space in inputs:
                space.fixed = True
        elif node.op == "call_module":
            spaces[node] = _through_layer(str(node.target), modules[str(node.target)], inputs[0])
        elif node.target in _ADDITIONS and inputs:
            for other in inputs[1:]:
                inputs[0].tie(other)
            spaces[node] = inputs[0].root()
        elif node.op != "get_attr" and getattr(node.target, "__name__", node.target) in _SAME_FUNCTIONS:
            spaces[node] = inputs[0]
        else:
            raise ValueError(f"channels can't be followed through {node.name!r} ({node.target}): {_BY_HAND}")
    roots = {id(space.root()): space.root() for space in spaces.values()}
    return [
        ChannelGroup(s.producers[0], s.channels or 0, tuple(s.producers), tuple(s.followers), tuple(s.consumers))
        for s in roots.values()
        if not s.fixed and s.producers
    ]


def _through_layer(name: str, layer: nn.Module, space: _Space) -> _Space:
    """Note what a layer does to the channels that reach it; return the channels that leave it."""
    if isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels == layer.out_channels and layer.groups > 1:
        space.followers.append(name)
        return space
    if isinstance(layer, (nn.Conv2d, nn.Linear)):
        if isinstance(layer, nn.Conv2d) and layer.groups != 1:
            raise ValueError(f"{name} is a grouped convolution: only plain and depthwise ones can be pruned")
        space.consumers.append(name)
        return _Space(layer.weight.shape[0], [name])
    if isinstance(layer, (nn.BatchNorm2d, nn.BatchNorm1d)):
        space.followers.append(name)
        return space
    if isinstance(layer, _SAME_CHANNELS):
        return space
    raise ValueError(f"channels can't be followed through {name!r} ({type(layer).__name__}): {_BY_HAND}")


def group_importance(model: nn.Module, group: ChannelGroup, criterion: str = "l2") -> Tensor:
    """Importance of a group's channels, (channels,): of all filters that make and all that read them.

    Each layer's scores are divided by their mean, so that a large layer does not outvote a small one.
    """
    total = torch.zeros(group.channels)
    for name in group.producers:
        score = channel_importance(model.get_submodule(name).weight, criterion)  # type: ignore[arg-type]
        total += score / score.mean().clamp_min(1e-12)
    for name in group.consumers:
        weight: Tensor = model.get_submodule(name).weight  # type: ignore[assignment]
        per_channel = weight.detach().transpose(0, 1).reshape(group.channels, -1)
        score = channel_importance(per_channel, criterion)
        total += score / score.mean().clamp_min(1e-12)
    return total


def choose_channels(
    model: nn.Module,
    fraction: float | dict[str, float],
    *,
    criterion: str = "l2",
    multiple: int = 8,
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """Which channels of every group stay: group name -> sorted indices.

    fraction: share that stays, one for all groups or one a group (those not named stay whole).
    criterion: "l1", "l2", or "random" (the control).
    multiple: widths are rounded to it, since odd widths can be slower than larger even ones.

    Raises:
        ValueError: a fraction outside (0, 1], or a group that the model does not have.
    """
    groups = {group.name: group for group in channel_groups(model)}
    fractions = dict(fraction) if isinstance(fraction, dict) else dict.fromkeys(groups, fraction)
    if unknown := set(fractions) - set(groups):
        raise ValueError(f"no channel group {sorted(unknown)}: choose among {', '.join(groups)}")
    keep = {}
    for name, share in fractions.items():
        if not 0 < share <= 1:
            raise ValueError(f"the fraction of channels to keep must lie in (0, 1], got {share} for {name}")
        total = groups[name].channels
        width = min(total, max(multiple, multiple * round(share * total / multiple)))
        scores = torch.rand(total, generator=generator) if criterion == "random" else group_importance(model, groups[name], criterion)
        keep[name] = keep_largest(scores, 1 - width / total).nonzero().flatten()
    return keep


def prune_channels(model: nn.Module, keep: dict[str, Tensor]) -> nn.Module:
    """A smaller copy of the model that has only the channels in `keep` (group name -> indices).

    Exact: where the removed channels were zero, the outputs are the same. The model is not changed.

    Raises:
        ValueError: an unknown group, or indices that are empty, repeated or out of range.
    """
    groups = {group.name: group for group in channel_groups(model)}
    small = copy.deepcopy(model)
    for name, index in keep.items():
        if name not in groups:
            raise ValueError(f"no channel group {name!r}: choose among {', '.join(groups)}")
        index = torch.as_tensor(index, dtype=torch.long)
        group = groups[name]
        if not len(index) or len(index.unique()) != len(index) or not 0 <= int(index.min()) <= int(index.max()) < group.channels:
            raise ValueError(f"{name}: keep at least one channel, each once, out of 0..{group.channels - 1}")
        for layer in map(small.get_submodule, (*group.producers, *group.followers)):
            _cut_outputs(layer, index)
        for layer in map(small.get_submodule, group.consumers):
            _cut_inputs(layer, index, group.channels)
    return small


def _cut_outputs(layer: nn.Module, index: Tensor) -> None:
    for name in ("weight", "bias"):
        if getattr(layer, name, None) is not None:
            setattr(layer, name, nn.Parameter(getattr(layer, name).detach()[index].clone()))
    for name in ("running_mean", "running_var"):
        if getattr(layer, name, None) is not None:
            setattr(layer, name, getattr(layer, name)[index].clone())
    width = len(index)
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        layer.num_features = width
    elif isinstance(layer, nn.Linear):
        layer.out_features = width
    elif isinstance(layer, nn.Conv2d):
        if layer.groups > 1:
            layer.groups = layer.in_channels = width
        layer.out_channels = width


def _cut_inputs(layer: nn.Module, index: Tensor, channels: int) -> None:
    weight: Tensor = layer.weight.detach()  # type: ignore[operator]
    positions = weight.shape[1] // channels  # a linear layer behind flattened h x w maps reads h * w values a channel
    columns = (index[:, None] * positions + torch.arange(positions)).flatten()
    layer.weight = nn.Parameter(weight[:, columns].clone())
    if isinstance(layer, nn.Linear):
        layer.in_features = len(columns)
    elif isinstance(layer, nn.Conv2d):
        layer.in_channels = len(columns)
