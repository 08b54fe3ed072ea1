"""A family of small residual networks (He et al., 2016) whose every width is written down.

A network is its configuration: pruning channels gives another configuration, so a pruned
network is an ordinary, smaller `ResidualNet`, not a big one with zeros in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import cast

import torch
from torch import Tensor, nn

MAX_CHANNELS, MAX_BLOCKS = 16_384, 64  # far above what is small; a damaged file may ask for anything


def check_whole(what: str, value: object, most: int) -> None:
    """Raise ValueError unless a number of a configuration is whole and in 1 .. most."""
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{what} must be an integer in 1..{most}, got {value!r}: mend the configuration")


@dataclass(frozen=True)
class BlockConfig:
    """One residual block: two 3x3 convolutions with a shortcut around them.

    mid, out: channels after the first and the second convolution.
    stride: of the first convolution and the shortcut.
    project: the shortcut is a 1x1 convolution; otherwise the identity (then in == out, stride 1).

    Raises:
        ValueError: a width or stride that is no whole number or out of bounds.
    """

    mid: int
    out: int
    stride: int = 1
    project: bool = True

    def __post_init__(self) -> None:
        check_whole("mid", self.mid, MAX_CHANNELS)
        check_whole("out", self.out, MAX_CHANNELS)
        check_whole("stride", self.stride, 16)
        if type(self.project) is not bool:
            raise ValueError(f"project must be true or false, got {self.project!r}: mend the configuration")


@dataclass(frozen=True)
class ResidualConfig:
    """stem: channels of the first convolution; blocks: in order; classes and in_channels: of the task.

    Raises:
        ValueError: a number that is not whole or out of bounds, no blocks or too many.
    """

    stem: int
    blocks: tuple[BlockConfig, ...]
    classes: int = 10
    in_channels: int = 1

    def __post_init__(self) -> None:
        for what in ("stem", "classes", "in_channels"):
            check_whole(what, getattr(self, what), MAX_CHANNELS)
        check_whole("the number of blocks", len(self.blocks), MAX_BLOCKS)

    @classmethod
    def of(cls, stem: int, *blocks: tuple[int, int]) -> ResidualConfig:
        """Short form: `of(16, (48, 2), (64, 2), (64, 1))`, pairs of channels and stride."""
        made, width = [], stem
        for out, stride in blocks:
            made.append(BlockConfig(out, out, stride, project=out != width or stride != 1))
            width = out
        return cls(stem, tuple(made))

    @classmethod
    def from_dict(cls, data: dict) -> ResidualConfig:
        """The inverse of `to_dict`."""
        return cls(**{**data, "blocks": tuple(BlockConfig(**block) for block in data["blocks"])})

    def to_dict(self) -> dict:
        """Plain dictionaries and lists, as JSON holds them."""
        return asdict(self)


class ResidualBlock(nn.Module):
    """relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))"""

    def __init__(self, in_channels: int, config: BlockConfig) -> None:
        super().__init__()
        if not config.project and (in_channels != config.out or config.stride != 1):
            raise ValueError(f"an identity shortcut needs equal channels and stride 1, got {in_channels} and {config}")
        self.conv1 = nn.Conv2d(in_channels, config.mid, 3, config.stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(config.mid)
        self.conv2 = nn.Conv2d(config.mid, config.out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(config.out)
        self.shortcut: nn.Identity | nn.Sequential = nn.Identity()
        if config.project:
            projection = nn.Conv2d(in_channels, config.out, 1, config.stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(config.out))

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, in, h, w) -> (n, out, ceil(h / stride), ceil(w / stride))."""
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResidualNet(nn.Module):
    """Stem, residual blocks, mean over positions, linear classifier."""

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        self.stem = nn.Conv2d(config.in_channels, config.stem, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(config.stem)
        widths = [config.stem, *(block.out for block in config.blocks)]
        self.blocks = nn.Sequential(*map(ResidualBlock, widths, config.blocks))
        self.head = nn.Linear(widths[-1], config.classes)

    @property
    def config(self) -> ResidualConfig:
        """Read from the layers themselves, so that it is still true after channels were removed."""
        blocks = tuple(
            BlockConfig(b.conv1.out_channels, b.conv2.out_channels, b.conv1.stride[0], isinstance(b.shortcut, nn.Sequential))
            for b in cast("Iterable[ResidualBlock]", self.blocks)
        )
        return ResidualConfig(self.stem.out_channels, blocks, self.head.out_features, self.stem.in_channels)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, in_channels, h, w) normalized images -> (n, classes) logits."""
        x = self.blocks(torch.relu(self.bn(self.stem(x))))
        return self.head(x.mean((2, 3)))
