"""Networks that hypothesis draws: layers of all kinds, shared weights, parts between features and head, functions beside layers."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
MAXIMA = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
MEANS = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}
ADAPTIVE = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}
SHAPES = {1: (13,), 2: (8, 7), 3: (5, 4, 6)}
IN_LISTS = (nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Hardswish, nn.LeakyReLU, nn.GELU, nn.Tanh, nn.SiLU, nn.ELU)
BESIDE = (nn.Softplus, nn.SELU, nn.CELU, nn.LogSigmoid, nn.Mish, nn.Hardsigmoid, nn.Softsign, nn.Tanhshrink, nn.PReLU)
FUNCTIONS = {
    "abs": torch.abs,
    "square": torch.square,
    "sine": torch.sin,
    "negative": torch.neg,
    "twice": lambda x: x + x,
    "plus one": lambda x: x + 1.0,
    "half": lambda x: 0.5 * x,
    "relu": F.relu,
    "clamp": lambda x: x.clamp(-1, 1),
}


class Function(nn.Module):
    """A function where a layer stands."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return FUNCTIONS[self.name](x)


class Shortcut(nn.Module):
    """x plus what layers make of it."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


class Net(nn.Module):
    """`features`, a part between, `head`, as published networks call them."""

    def __init__(self, features: nn.Module, between: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.features, self.between, self.head = features, between, head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.between(self.features(x)))


@dataclass(frozen=True)
class Drawn:
    """A network in evaluation mode, a batch of inputs for it, and what was drawn beside layers of one use each."""

    model: Net
    x: torch.Tensor = field(repr=False)
    shares: bool


@st.composite
def networks(draw: st.DrawFn, narrow: bool = False) -> Drawn:
    """Two to five layers on one to three dimensions, a part between and a linear head; its answers are finite.

    narrow: only what can be cut and what a chip's kernels compute, so that little of it is refused.
    """
    torch.manual_seed(draw(st.integers(0, 9999)))
    dimensions = 2 if narrow else draw(st.sampled_from([1, 2, 2, 2, 3]))
    channels = start = draw(st.sampled_from([1, 2, 4]))
    layers: list[nn.Module] = []
    x = torch.randn(24, start, *SHAPES[dimensions])
    now = x[:2]
    shares = False
    for _ in range(draw(st.integers(2, 5))):
        layer = draw(narrow_layer(channels, first=not layers) if narrow else one_layer(dimensions, channels))
        alike = [old for old in layers if type(old) is type(layer) and hasattr(layer, "weight") and old.weight is not None]
        if (
            alike
            and not narrow
            and draw(st.booleans())
            and alike[-1].weight.shape == layer.weight.shape
            and isinstance(layer.weight, nn.Parameter)
        ):
            layer.weight, shares = alike[-1].weight, True
        try:
            with torch.no_grad():
                after = layer.eval()(now)
        except RuntimeError:  # the map has become too small for it
            continue
        if not after.numel() or after.shape[1] > 16 or after[0].numel() > 4000:
            continue
        layers, now, channels = [*layers, layer], after, after.shape[1]
    between = draw(st.sampled_from([nn.Identity(), nn.Identity() if narrow else Function("negative"), nn.Dropout(0.5)]))
    if draw(st.booleans()):
        between = nn.Sequential(between, ADAPTIVE[dimensions](1))
        now = now.flatten(2).mean(2)
    between = nn.Sequential(between, nn.Flatten())
    model = Net(nn.Sequential(*layers), between, nn.Linear(now[0].numel(), 3))
    for module in model.modules():  # as after training: no batch norm is the identity
        if isinstance(module, tuple(NORMS.values())):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
    return Drawn(model.eval(), x, shares)


@st.composite
def one_layer(draw: st.DrawFn, dimensions: int, channels: int) -> nn.Module:
    """A layer for maps of so many channels."""
    kind = draw(
        st.sampled_from(["conv", "conv", "conv", "transposed", "norm", "pool", "mean", "act", "act", "function", "dropout", "shortcut"])
    )
    if kind == "conv":
        out, groups = draw(st.sampled_from([2, 4, 8])), draw(st.sampled_from([1, 1, 2, channels]))
        groups = groups if channels % groups == 0 and out % groups == 0 else 1
        size, stride = draw(st.sampled_from([1, 2, 3])), draw(st.sampled_from([1, 1, 2]))
        padding, dilation = draw(st.integers(0, size // 2)), draw(st.sampled_from([1, 1, 2]))
        options = {"groups": groups, "stride": stride, "padding": padding, "dilation": dilation, "bias": draw(st.booleans())}
        return CONVOLUTIONS[dimensions](channels, out, size, **options)
    if kind == "transposed":
        groups, stride = draw(st.sampled_from([1, 1, channels])), draw(st.sampled_from([1, 2]))
        return TRANSPOSED[dimensions](channels, draw(st.sampled_from([1, 2])) * channels, 2, stride=stride, groups=groups)
    if kind in ("pool", "mean"):
        size, ceil = draw(st.sampled_from([2, 3])), draw(st.booleans())
        options = {"stride": draw(st.sampled_from([1, 2])), "padding": draw(st.integers(0, 1)), "ceil_mode": ceil}
        if kind == "pool":
            return MAXIMA[dimensions](size, **options)
        return MEANS[dimensions](size, **options, count_include_pad=draw(st.booleans()))
    if kind == "shortcut":
        return Shortcut(nn.Sequential(CONVOLUTIONS[dimensions](channels, channels, 3, padding=1), nn.ReLU()))
    return {
        "norm": lambda: NORMS[dimensions](channels),
        "act": lambda: draw(st.sampled_from(IN_LISTS + BESIDE))(),
        "function": lambda: Function(draw(st.sampled_from(sorted(FUNCTIONS)))),
        "dropout": lambda: nn.Dropout(0.3),
    }[kind]()


@st.composite
def narrow_layer(draw: st.DrawFn, channels: int, first: bool) -> nn.Module:
    """A layer for maps of so many channels that pruning can cut and a chip can compute; the first is a convolution."""
    kind = "conv" if first else draw(st.sampled_from(["conv", "depthwise", "norm", "pool", "mean", "dropout", "shortcut"]))
    if kind in ("conv", "depthwise"):
        size, stride = draw(st.sampled_from([1, 2, 3])), draw(st.sampled_from([1, 1, 2]))
        out, groups = (draw(st.sampled_from([2, 4, 8])), 1) if kind == "conv" else (channels, channels)
        layer = nn.Conv2d(channels, out, size, stride, draw(st.integers(0, size // 2)), groups=groups, bias=draw(st.booleans()))
        after = draw(st.sampled_from([nn.ReLU(), nn.ReLU6(), nn.Identity()]))
        return nn.Sequential(layer, nn.BatchNorm2d(out), after) if draw(st.booleans()) else nn.Sequential(layer, after)
    if kind == "shortcut":
        return Shortcut(nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()))
    if kind == "pool":
        return nn.MaxPool2d(draw(st.sampled_from([2, 3])), draw(st.sampled_from([1, 2])), padding=draw(st.integers(0, 1)))
    if kind == "mean":
        return nn.AvgPool2d(draw(st.sampled_from([2, 3])), draw(st.sampled_from([1, 2])))
    return nn.BatchNorm2d(channels) if kind == "norm" else nn.Dropout(0.3)
