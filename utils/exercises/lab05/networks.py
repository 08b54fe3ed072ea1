"""Networks as plain dictionaries: how they are drawn, built and counted.

A network is {"in_channels", "size", "classes", "blocks", "choices"}. A block is {"kind": "plain", "width", "kernel", "stride"} or
{"kind": "separable", "width", "kernel", "stride", "expansion"}. choices: field of a block -> the values that it may have.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from utils.exercises.draws import between
from utils.exercises.kit import Rng

Config = dict[str, Any]
Pair = tuple[int, int]  # MACs, parameters
CHOICES = {"width": [8, 12, 16, 24, 32, 48], "kernel": [3, 5, 7], "expansion": [1, 2, 3, 4]}
_USUAL = {"width": 16, "kernel": 3, "expansion": 1}


def plain_block(rng: Rng, stride: int = 1, kernel: int = 3) -> Config:
    """A convolution."""
    return {"kind": "plain", "width": between(rng, 5, 24), "kernel": kernel, "stride": stride}


def separable_block(rng: Rng, stride: int = 1, kernel: int = 3, expansion: int = 1) -> Config:
    """A depthwise separable block."""
    return {**plain_block(rng, stride, kernel), "kind": "separable", "expansion": expansion}


def network(rng: Rng, *blocks: Config, in_channels: int = 1, size: int = 28) -> Config:
    """A network of these blocks, with some number of classes and without choices."""
    return {"in_channels": in_channels, "size": size, "classes": between(rng, 4, 12), "blocks": list(blocks), "choices": {}}


def chosen(rng: Rng, separable: int, choices: Mapping[str, Sequence[int]]) -> Config:
    """A plain block and some separable ones, each field drawn from its choices."""
    blocks = []
    for at in range(separable + 1):
        drawn = {field: int(rng.choice(choices.get(field, [usual]))) for field, usual in _USUAL.items()}
        block = {"kind": "separable" if at else "plain", "stride": between(rng, 1, 2), **drawn}
        if not at:
            del block["expansion"]
        blocks.append(block)
    return {**network(rng, *blocks), "choices": {field: list(few) for field, few in choices.items()}}


def separable(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    """Each channel alone, then a 1x1 convolution."""
    depthwise = nn.Conv2d(inputs, inputs, kernel, stride, kernel // 2, groups=inputs, bias=False)
    return [depthwise, nn.Conv2d(inputs, outputs, 1, bias=False)]


def built(config: Config) -> nn.Sequential:
    """The network, without memory for its weights: it can be counted and not run."""
    layers: list[nn.Module] = []
    width = config["in_channels"]
    for block in config["blocks"]:
        kernel, stride, after = block["kernel"], block["stride"], block["width"]
        if block["kind"] == "plain":
            made: list[nn.Module] = [nn.Conv2d(width, after, kernel, stride, kernel // 2, bias=False)]
        else:
            wide = width * block["expansion"]
            made = [nn.Conv2d(width, wide, 1, bias=False)] if wide > width else []
            made += separable(wide, after, kernel, stride)
        layers += [one for conv in made for one in (conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU())]  # type: ignore[arg-type]
        width = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, config["classes"])).eval()


def counted_macs(module: nn.Module, *shape: int) -> int:
    """The MACs for one input of this shape, as torch counts them: a MAC is two of its operations."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter, torch.no_grad():
        module.to("meta")(torch.empty(1, *shape))
    return counter.get_total_flops() // 2


def counted(config: Config) -> Pair:
    """Build the network and let torch count."""
    return _counted(json.dumps(config))


@cache
def _counted(text: str) -> Pair:
    config = json.loads(text)
    with torch.device("meta"):
        net = built(config)
    return counted_macs(net, config["in_channels"], config["size"], config["size"]), sum(one.numel() for one in net.parameters())
