"""Which channels hang together: found by tracing the network (Fang et al., 2023, call it the dependency graph).

We follow the channels of each tensor and how they lie in it, and refuse by name whatever we do not
understand: a tie that is overlooked would give a network that runs and is wrong.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from torch import fx, nn

_SAME_LAYERS: tuple[type[nn.Module], ...] = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU, nn.Identity, nn.Dropout, nn.Dropout2d)
_SAME_FUNCTIONS = {"relu", "relu_", "relu6", "hardswish", "silu", "gelu", "dropout", "contiguous", "clamp", "hardtanh"}
_POOL_LAYERS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_POOL_FUNCTIONS = {"max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"}
_STORED = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}  # what a layer may keep: others are masks, norms
_ADDITIONS: set[Any] = {operator.add, operator.iadd, torch.add, "add", "add_"}
# How the channels lie in a tensor: the network's input (unknown, never cut), (n, c, h, w), (n, c * h * w), (n, ..., c).
_INPUT, _MAPS, _FLAT, _VECTOR = "input", "maps", "flat", "vector"


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
        a.channels = b.channels if a.channels is None else a.channels
        a.fixed, b.tied_to = a.fixed or b.fixed, a


_Value = tuple[_Space, str]  # the channels of a tensor and how they lie in it


class _Refused(Exception):  # noqa: N818 (never leaves this module)
    """Why the channels can't be followed."""


def channel_groups(model: nn.Module) -> list[ChannelGroup]:
    """All groups of channels that may be pruned; those of the input and the output are left out.

    Raises:
        ValueError: a layer or an operation whose channels can't be followed, by name; a model that can't be traced.

    >>> channel_groups(nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3)))
    [ChannelGroup(name='0', channels=4, producers=('0',), followers=('1',), consumers=('3',))]
    """
    _refuse_shared(model)
    values: dict[fx.Node, _Value] = {}
    called: set[int] = set()
    for node in _traced(model).nodes:
        inputs = [(values[n][0].root(), values[n][1]) for n in node.all_input_nodes]
        try:
            if node.op == "placeholder":
                values[node] = _Space(fixed=True), _INPUT
            elif node.op == "output":
                for space, _ in inputs:
                    space.fixed = True
            elif node.op == "call_module":
                values[node] = _through_layer(str(node.target), model.get_submodule(str(node.target)), inputs, called)
            else:
                values[node] = _through_function(node, inputs)
        except _Refused as why:
            name = str(node.target if node.op == "call_module" else node)
            raise ValueError(f"channels can't be followed through {name!r} ({why}): prune the layers around it by hand") from None
    roots = {id(space.root()): space.root() for space, _ in values.values()}
    return [
        ChannelGroup(s.producers[0], s.channels or 0, tuple(s.producers), tuple(s.followers), tuple(s.consumers))
        for s in roots.values()
        if not s.fixed and s.producers
    ]


def _traced(model: nn.Module) -> fx.Graph:
    """The operations of a model, its layers whole."""
    kind = type(model).__name__
    if hasattr(model, "_orig_mod"):
        raise ValueError(f"{kind} is what torch.compile made: give the model itself")
    try:
        return fx.symbolic_trace(model).graph
    except Exception as error:  # the tracer calls the model's own code, which raises whatever it likes
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise ValueError(f"{kind} decides by its data, so its channels can't be followed ({reason}): prune its parts one by one") from error


def _refuse_shared(model: nn.Module) -> None:
    """A parameter with two names would be cut in one place only."""
    names: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if (first := names.setdefault(id(parameter), name)) != name:
            raise ValueError(f"{first!r} and {name!r} are one parameter: give each layer its own before pruning channels")


def _through_layer(name: str, layer: nn.Module, inputs: list[_Value], called: set[int]) -> _Value:
    """Note what a layer does to the channels that reach it; return the channels that leave it."""
    own, kind = [key for key, _ in chain(layer.named_parameters(), layer.named_buffers())], type(layer).__name__
    if own and id(layer) in called:
        raise _Refused(f"a {kind} that is called twice")
    called.add(id(layer))
    if not _STORED.issuperset(own) or (own and isinstance(getattr(layer, "weight", None), torch.Tensor) and "weight" not in own):
        raise _Refused(f"a {kind} whose weights are computed in each pass")
    if len(inputs) != 1:
        raise _Refused(f"a {kind} of {len(inputs)} tensors")
    space, layout = inputs[0]
    if isinstance(layer, nn.Conv2d):
        return _through_convolution(name, layer, space, layout)
    if isinstance(layer, nn.Linear):
        rest = layer.in_features % (space.channels or 1) if layout == _FLAT else layer.in_features - (space.channels or layer.in_features)
        if layout == _MAPS or rest:
            raise _Refused("a Linear that reads neither the channels nor a flattened map of them")
        space.consumers.append(name)
        return _Space(layer.out_features, [name]), _VECTOR
    if isinstance(layer, (nn.BatchNorm2d, nn.BatchNorm1d)):
        if layer.num_features != (space.channels or layer.num_features):
            raise _Refused(f"a {kind} over {layer.num_features} features where {space.channels} channels arrive")
        space.followers.append(name)
        return space, layout
    if isinstance(layer, nn.Flatten):
        return space, _flattened(layout, (layer.start_dim, layer.end_dim))
    if isinstance(layer, _POOL_LAYERS) and layout in (_MAPS, _INPUT):
        return space, layout
    if isinstance(layer, _SAME_LAYERS):
        return space, layout
    raise _Refused(f"a {kind} of {layout} channels")


def _through_convolution(name: str, layer: nn.Conv2d, space: _Space, layout: str) -> _Value:
    if layout not in (_MAPS, _INPUT) or layer.in_channels != (space.channels or layer.in_channels):
        raise _Refused(f"a Conv2d of {layer.in_channels} channels that does not read the {space.channels} channels of one map")
    if layer.groups == layer.in_channels == layer.out_channels and layer.groups > 1:
        space.followers.append(name)
        return space, layout
    if layer.groups != 1:
        raise _Refused("a grouped convolution: only plain and depthwise ones can be pruned")
    space.consumers.append(name)
    return _Space(layer.out_channels, [name]), _MAPS


def _through_function(node: fx.Node, inputs: list[_Value]) -> _Value:
    """The same for an operation that is no layer."""
    name = getattr(node.target, "__name__", node.target)
    if node.op == "get_attr" or not inputs:
        raise _Refused("a tensor that no layer made")
    if node.target in _ADDITIONS:
        return _added(inputs)
    space, layout = inputs[0]
    if len(inputs) == 1 and name in _SAME_FUNCTIONS:
        if name in ("clamp", "hardtanh") and not _keeps_zero(node):
            raise _Refused(f"a {name} that makes something of 0")
        return space, layout
    if len(inputs) == 1 and name in _POOL_FUNCTIONS and layout in (_MAPS, _INPUT):
        return space, layout
    if name == "flatten":
        start = node.args[1] if len(node.args) > 1 else node.kwargs.get("start_dim", 0)
        end = node.args[2] if len(node.args) > 2 else node.kwargs.get("end_dim", -1)
        return space, _flattened(layout, (start, end))
    if name == "mean":
        return space, _averaged(layout, node)
    raise _Refused(f"{name} of {layout} channels")


def _keeps_zero(node: fx.Node) -> bool:
    """Whether a clamp leaves 0 as it is: else a channel that is cut would have had an effect."""
    names = ("min_val", "max_val") if getattr(node.target, "__name__", node.target) == "hardtanh" else ("min", "max")
    low, high = (node.args[at] if len(node.args) > at else node.kwargs.get(name) for at, name in enumerate(names, 1))
    known = all(bound is None or isinstance(bound, int | float) for bound in (low, high))
    return known and bool((low or 0) <= 0 <= (high or 0))  # type: ignore[operator]


def _added(inputs: list[_Value]) -> _Value:
    """An addition ties both sides, if each channel meets its like."""
    if len(inputs) == 1:
        raise _Refused("an addition of a constant, which makes something of 0")
    layouts = {layout for _, layout in inputs if layout != _INPUT}
    widths = {space.channels for space, _ in inputs if space.channels}
    if len(widths) > 1 or len(layouts) > 1 or _FLAT in layouts:
        raise _Refused(f"an addition of {' and '.join(f'{space.channels} channels ({layout})' for space, layout in inputs)}")
    for other, _ in inputs[1:]:
        inputs[0][0].tie(other)
    return inputs[0][0].root(), layouts.pop() if layouts else _INPUT


def _flattened(layout: str, dims: tuple[object, object]) -> str:
    if layout != _INPUT and dims not in ((1, -1), (1, 3)):
        raise _Refused(f"a flatten of dimensions {dims}: only (1, -1) keeps the channels apart from the batch")
    return _FLAT if layout == _MAPS else layout


def _averaged(layout: str, node: fx.Node) -> str:
    dims = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
    keep = node.args[2] if len(node.args) > 2 else node.kwargs.get("keepdim", False)
    if layout == _INPUT:
        return layout
    if layout != _MAPS or not isinstance(dims, (tuple, list)) or sorted(d % 4 for d in dims if isinstance(d, int)) != [2, 3]:
        raise _Refused(f"a mean over dimensions {dims}: only (2, 3) of a map leaves the channels as they are")
    return _MAPS if keep else _VECTOR
