"""Networks that an architecture search chooses from: a chain of plain and depthwise separable convolutions.

Separable blocks are those of MobileNetV2 (Sandler et al., 2018) with a relu behind the last 1x1 convolution, too, so that
each activation is an unsigned byte in int8. A shortcut goes around a block that keeps its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from utils.models.residual import MAX_BLOCKS, MAX_CHANNELS, check_whole

KINDS = ("separable", "plain")
MAX_KERNEL, MAX_EXPANSION = 15, 16


@dataclass(frozen=True)
class Block:
    """One block of an architecture.

    width: output channels. kernel: side of the kernel, odd. stride: of the convolution with the kernel.
    kind: "plain", one convolution; "separable", a 1x1 convolution to `expansion` times the input channels (left out
        if that is 1), a convolution of each channel alone, and a 1x1 convolution to the width.
    skip: the block's input is added before its last relu.

    Raises:
        ValueError: a number that is not an integer or out of bounds, an even kernel, an unknown kind, an expansion of a
            plain block, a skip with a stride.
    """

    width: int
    kernel: int = 3
    stride: int = 1
    kind: str = "separable"
    expansion: int = 1
    skip: bool = False

    def __post_init__(self) -> None:
        check_whole("the width of a block", self.width, MAX_CHANNELS)
        check_whole("the kernel of a block", self.kernel, MAX_KERNEL)
        check_whole("the stride of a block", self.stride, 16)
        check_whole("the expansion of a block", self.expansion, MAX_EXPANSION)
        if self.kernel % 2 == 0:
            raise ValueError(f"the kernel of a block must be odd, got {self.kernel}: use 3 or 5")
        if self.kind not in KINDS:
            raise ValueError(f"the kind of a block must be one of {', '.join(KINDS)}, got {self.kind!r}: choose one")
        if self.kind == "plain" and self.expansion != 1:
            raise ValueError(f"a plain block has nothing to expand, got expansion {self.expansion}: use 1 or kind 'separable'")
        if type(self.skip) is not bool or (self.skip and self.stride != 1):
            raise ValueError(f"skip must be true or false, and false with a stride, got {self.skip!r} and {self.stride}: use stride 1")


@dataclass(frozen=True)
class Convolution:
    """One convolution of an architecture, with its batch norm, for one size of input.

    name: of the layer, the same in every architecture for the same place. opens, closes: first, last of its block.
    skip: of its block. in_size, out_size: side of the square input and output, in pixels.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int
    groups: int
    opens: bool
    closes: bool
    skip: bool
    in_size: int
    out_size: int

    @property
    def weights(self) -> int:
        """Elements of the weight."""
        return self.outputs * self.inputs // self.groups * self.kernel**2


@dataclass(frozen=True)
class Architecture:
    """A network as plain numbers: hashable, comparable, and all that is needed to build it.

    stem: a plain block. stages: blocks in groups, in order; the blocks of a stage have one width, and only the first one
    may have a stride. A shortcut needs as many input channels as the block's width.

    >>> small = Architecture(Block(8, stride=2, kind="plain"), ((Block(16), Block(16, kernel=5, skip=True)),))
    >>> small == Architecture.from_dict(small.to_dict())
    True

    Raises:
        ValueError: a block that does not fit the rules above, no stages or no blocks, or too many.
    """

    stem: Block
    stages: tuple[tuple[Block, ...], ...]
    classes: int = 10
    in_channels: int = 1

    def __post_init__(self) -> None:
        check_whole("classes", self.classes, MAX_CHANNELS)
        check_whole("in_channels", self.in_channels, MAX_CHANNELS)
        check_whole("the number of stages", len(self.stages), MAX_BLOCKS)
        check_whole("the number of blocks", sum(map(len, self.stages)), MAX_BLOCKS)
        if self.stem.kind != "plain" or self.stem.skip:
            raise ValueError("the stem must be a plain block without a skip: set kind='plain' and skip=False")
        before = self.stem.width
        for number, stage in enumerate(self.stages):
            if not stage:
                raise ValueError(f"stage {number} has no block: give at least one")
            for place, block in enumerate(stage):
                if block.width != stage[0].width or (place and block.stride != 1):
                    raise ValueError(f"block {place} of stage {number} must have width {stage[0].width} and stride 1, got {block}")
                if block.skip and before != block.width:
                    raise ValueError(f"block {place} of stage {number} turns {before} channels into {block.width}: set skip=False")
                before = block.width

    @classmethod
    def from_dict(cls, data: dict) -> Architecture:
        """The inverse of `to_dict`."""
        stages = tuple(tuple(Block(**block) for block in stage) for stage in data["stages"])
        return cls(**{**data, "stem": Block(**data["stem"]), "stages": stages})

    def to_dict(self) -> dict:
        """Plain dictionaries and lists, as JSON holds them."""
        return asdict(self)

    @property
    def features(self) -> int:
        """Channels that the classifier sees."""
        return self.stages[-1][-1].width

    def convolutions(self, size: int = 28) -> Iterator[Convolution]:
        """Yield all convolutions in the order in which they run. size: side of the square input in pixels."""
        width = self.in_channels
        blocks = [("stem", self.stem), *((f"s{i}b{j}", block) for i, stage in enumerate(self.stages) for j, block in enumerate(stage))]
        for name, block in blocks:
            after = -(-size // block.stride)
            if block.kind == "plain":
                yield Convolution(f"{name}_plain", width, block.width, block.kernel, block.stride, 1, True, True, block.skip, size, after)
            else:
                wide = width * block.expansion
                if block.expansion > 1:
                    yield Convolution(f"{name}_expand", width, wide, 1, 1, 1, True, False, block.skip, size, size)
                opens = block.expansion == 1
                yield Convolution(f"{name}_depthwise", wide, wide, block.kernel, block.stride, wide, opens, False, block.skip, size, after)
                yield Convolution(f"{name}_project", wide, block.width, 1, 1, 1, False, True, block.skip, after, after)
            width, size = block.width, after


Apply: TypeAlias = Callable[[Tensor, Convolution], Tensor]  # a convolution with its batch norm


def run_chain(x: Tensor, architecture: Architecture, apply: Apply) -> Tensor:
    """Compute the features of an architecture: (n, in_channels, size, size) -> (n, channels).

    apply: computes one convolution and its batch norm.
    """
    kept = x
    for convolution in architecture.convolutions():  # the input may have another size: only in_size and out_size depend on it
        kept = x if convolution.opens else kept
        x = apply(x, convolution)
        x = torch.relu(x + kept if convolution.closes and convolution.skip else x)
    return x.mean((2, 3))


class NormedConvolution(nn.Sequential):
    """A convolution and its batch norm."""

    def __init__(self, shape: Convolution) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            shape.inputs, shape.outputs, shape.kernel, shape.stride, padding=shape.kernel // 2, groups=shape.groups, bias=False
        )
        self.norm = nn.BatchNorm2d(shape.outputs)


class ChainNet(nn.Module):
    """The network of an architecture: its blocks, mean over positions, linear classifier."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleDict({shape.name: NormedConvolution(shape) for shape in config.convolutions()})
        self.head = nn.Linear(config.features, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, in_channels, size, size) normalized images -> (n, classes) logits."""
        return self.head(run_chain(x, self.config, lambda x, shape: self.layers[shape.name](x)))
