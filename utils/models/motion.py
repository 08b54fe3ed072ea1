"""Networks for motion sensors: strided convolutions over time in a plain chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import cast

from torch import Tensor, nn

from utils.models.residual import MAX_BLOCKS, MAX_CHANNELS, check_whole


@dataclass(frozen=True)
class MotionConfig:
    """blocks: channels, kernel and stride of each convolution over time, in order.

    Raises:
        ValueError: a number that is not whole or out of bounds, no blocks or too many.
    """

    blocks: tuple[tuple[int, int, int], ...] = ((32, 7, 2), (48, 5, 2), (64, 3, 2))
    classes: int = 7
    in_channels: int = 6

    def __post_init__(self) -> None:
        for what in ("classes", "in_channels"):
            check_whole(what, getattr(self, what), MAX_CHANNELS)
        check_whole("the number of blocks", len(self.blocks), MAX_BLOCKS)
        for out, kernel, stride in self.blocks:
            check_whole("the channels of a block", out, MAX_CHANNELS)
            check_whole("the kernel of a block", kernel, 64)
            check_whole("the stride of a block", stride, 16)

    @classmethod
    def from_dict(cls, data: dict) -> MotionConfig:
        """The inverse of `to_dict`."""
        return cls(**{**data, "blocks": tuple((out, kernel, stride) for out, kernel, stride in data["blocks"])})

    def to_dict(self) -> dict:
        """Plain dictionaries and lists, as JSON holds them."""
        return asdict(self)


class MotionBlock(nn.Sequential):
    """A convolution over time, batch norm, relu; named, so that a parameter's name says what it does."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm1d(out_channels)
        self.relu = nn.ReLU()


class MotionNet(nn.Module):
    """Blocks of strided convolutions, mean over time, linear classifier."""

    def __init__(self, config: MotionConfig | None = None) -> None:
        super().__init__()
        config = config or MotionConfig()
        widths = [config.in_channels, *(out for out, _, _ in config.blocks)]
        self.blocks = nn.Sequential(
            *(MotionBlock(before, *block) for before, block in zip(widths, config.blocks, strict=False)),
        )
        self.head = nn.Linear(widths[-1], config.classes)

    @property
    def config(self) -> MotionConfig:
        """Read from the layers themselves."""
        layers = [block.conv for block in cast("Iterable[MotionBlock]", self.blocks)]
        blocks = tuple((layer.out_channels, layer.kernel_size[0], layer.stride[0]) for layer in layers)
        return MotionConfig(blocks, self.head.out_features, layers[0].in_channels)

    def features(self, x: Tensor) -> Tensor:
        """x: (n, in_channels, size) normalized windows -> (n, channels of the last block), what the classifier sees."""
        return self.blocks(x).mean(2)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, in_channels, size) normalized windows -> (n, classes) logits."""
        return self.head(self.features(x))
