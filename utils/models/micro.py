"""Networks for microcontrollers: depthwise separable convolutions (Howard et al., MobileNets, 2017) in a plain chain.

No shortcut: while a layer runs, only its input and its output are in memory, which is what a few kilobytes allow.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from torch import Tensor, nn

from utils.models.residual import MAX_BLOCKS, MAX_CHANNELS, check_whole


@dataclass(frozen=True)
class MicroConfig:
    """stem: channels of the first convolution, which halves the picture; blocks: pairs of channels and stride, in order.

    Raises:
        ValueError: a number that is not whole or out of bounds, no blocks or too many.
    """

    stem: int
    blocks: tuple[tuple[int, int], ...]
    classes: int = 10
    in_channels: int = 1

    def __post_init__(self) -> None:
        for what in ("stem", "classes", "in_channels"):
            check_whole(what, getattr(self, what), MAX_CHANNELS)
        check_whole("the number of blocks", len(self.blocks), MAX_BLOCKS)
        for out, stride in self.blocks:
            check_whole("the channels of a block", out, MAX_CHANNELS)
            check_whole("the stride of a block", stride, 16)

    @classmethod
    def of(cls, stem: int, *blocks: tuple[int, int]) -> MicroConfig:
        """Short form: `of(8, (16, 1), (32, 2))`."""
        return cls(stem, tuple((out, stride) for out, stride in blocks))

    @classmethod
    def from_dict(cls, data: dict) -> MicroConfig:
        """The inverse of `to_dict`."""
        return cls(**{**data, "blocks": tuple((out, stride) for out, stride in data["blocks"])})

    def to_dict(self) -> dict:
        """Plain dictionaries and lists, as JSON holds them."""
        return asdict(self)


class SeparableBlock(nn.Sequential):
    """A 3x3 convolution of each channel by itself, then a 1x1 convolution that mixes them; batch norm and relu after each."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, in_channels, 3, stride, padding=1, groups=in_channels, bias=False),
            nn.BatchNorm2d(in_channels),
            nn.ReLU(),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )


class MicroNet(nn.Module):
    """Stem of stride 2, separable blocks, mean over positions, linear classifier."""

    def __init__(self, config: MicroConfig) -> None:
        super().__init__()
        stem = nn.Conv2d(config.in_channels, config.stem, 3, 2, padding=1, bias=False)
        self.stem = nn.Sequential(stem, nn.BatchNorm2d(config.stem), nn.ReLU())
        widths = [config.stem, *(out for out, _ in config.blocks)]
        self.blocks = nn.Sequential(
            *(SeparableBlock(before, out, stride) for before, (out, stride) in zip(widths, config.blocks, strict=False))
        )
        self.head = nn.Linear(widths[-1], config.classes)

    @property
    def config(self) -> MicroConfig:
        """Read from the layers themselves."""
        stem, *convolutions = (module for module in self.modules() if isinstance(module, nn.Conv2d))
        pairs = zip(convolutions[::2], convolutions[1::2], strict=True)  # depthwise, then 1x1
        blocks = tuple((mixing.out_channels, depthwise.stride[0]) for depthwise, mixing in pairs)
        return MicroConfig(stem.out_channels, blocks, self.head.out_features, stem.in_channels)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, in_channels, h, w) normalized images -> (n, classes) logits."""
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))
