"""Search space: the architectures that a search may choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from utils.models.chain import KINDS, Architecture, Block
from utils.models.supernet import StageSize, SupernetConfig

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """Choices of a stage. depths: numbers of blocks. strides: of its first block. kernels, expansions, kinds: of each block."""

    widths: tuple[int, ...]
    depths: tuple[int, ...] = (1, 2)
    strides: tuple[int, ...] = (1, 2)
    kernels: tuple[int, ...] = (3, 5)
    expansions: tuple[int, ...] = (1, 2, 3)
    kinds: tuple[str, ...] = ("separable",)


@dataclass(frozen=True)
class Space:
    """All choices of a search; each is a tuple in rising order.

    A block with an input of the shape of its output has a skip or not. Blocks of kind "plain" have no expansion.

    >>> space = Space((4, 8), (Stage((8, 16), depths=(1,), expansions=(1, 2)),))
    >>> space.size, space.contains(space.draw(np.random.default_rng(0)))
    (72, True)

    Raises:
        ValueError: no stages, a choice among nothing, choices that are not in rising order, or what `Block` refuses.
    """

    stem_widths: tuple[int, ...]
    stages: tuple[Stage, ...]
    stem_kernels: tuple[int, ...] = (3, 5)
    stem_strides: tuple[int, ...] = (2,)
    classes: int = 10
    in_channels: int = 1

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("a space needs at least one stage: give stages=(Stage((16, 32)),)")
        numbers = {name: getattr(self, name) for name in ("stem_widths", "stem_kernels", "stem_strides")}
        for at, stage in enumerate(self.stages):
            numbers |= {f"{name} of stage {at}": value for name, value in vars(stage).items() if name != "kinds"}
            if not stage.kinds or [kind for kind in KINDS if kind in stage.kinds] != list(stage.kinds):
                raise ValueError(f"the kinds of stage {at} must be some of {', '.join(KINDS)}, in this order, got {stage.kinds}")
        for name, values in numbers.items():
            if not values or any(a >= b for a, b in pairwise(values)):
                raise ValueError(f"{name} must be choices in rising order, got {values}: sort them and name each once")
        self.supernet()  # refuses what no block can be

    @classmethod
    def from_dict(cls, data: dict) -> Space:
        """Return a space from plain dictionaries and lists, as a recipe has them."""
        stages = tuple(Stage(**{name: tuple(value) for name, value in stage.items()}) for stage in data["stages"])
        plain: dict = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        return cls(**{**plain, "stages": stages})

    def supernet(self) -> SupernetConfig:
        """Return the configuration of a supernet for the whole space; its largest network has the largest strides."""
        stem = Block(self.stem_widths[-1], self.stem_kernels[-1], self.stem_strides[-1], "plain")
        sizes = tuple(
            StageSize(one.widths[-1], one.depths[-1], one.strides[-1], one.kernels[-1], one.expansions[-1], one.kinds)
            for one in self.stages
        )
        return SupernetConfig(stem, sizes, self.classes, self.in_channels)

    def smallest(self) -> Architecture:
        """Return the architecture with the least of every choice but the largest strides, and without skips."""
        stem = Block(self.stem_widths[0], self.stem_kernels[0], self.stem_strides[-1], "plain")
        stages = []
        for one in self.stages:
            first = Block(one.widths[0], one.kernels[0], one.strides[-1], one.kinds[0], 1 if one.kinds[0] == "plain" else one.expansions[0])
            stages.append((first, *(replace(first, stride=1) for _ in range(one.depths[0] - 1))))
        return Architecture(stem, tuple(stages), self.classes, self.in_channels)

    def contains(self, architecture: Architecture) -> bool:
        """Return whether each number of an architecture is a choice of this space."""
        stem, stages = architecture.stem, architecture.stages
        if (architecture.classes, architecture.in_channels, len(stages)) != (self.classes, self.in_channels, len(self.stages)):
            return False
        if stem.width not in self.stem_widths or stem.kernel not in self.stem_kernels or stem.stride not in self.stem_strides:
            return False
        return all(_is_choice(stage, one) for stage, one in zip(stages, self.stages, strict=True))

    def draw(self, rng: np.random.Generator) -> Architecture:
        """Return an architecture, each choice drawn independently and uniformly."""
        stem = Block(one_of(self.stem_widths, rng), one_of(self.stem_kernels, rng), one_of(self.stem_strides, rng), "plain")
        stages = []
        for stage in self.stages:
            width, stride, depth = one_of(stage.widths, rng), one_of(stage.strides, rng), one_of(stage.depths, rng)
            stages.append([draw_block(stage, width, 1 if place else stride, rng) for place in range(depth)])
        return self.assemble(stem, stages)

    def assemble(self, stem: Block, stages: Sequence[Sequence[Block]]) -> Architecture:
        """Return an architecture of these blocks, without the skips around blocks that change the shape."""
        before, fitting = stem.width, []
        for stage in stages:
            blocks = []
            for block in stage:
                blocks.append(replace(block, skip=block.skip and before == block.width))
                before = block.width
            fitting.append(tuple(blocks))
        return Architecture(stem, tuple(fitting), self.classes, self.in_channels)

    @property
    def size(self) -> int:
        """Number of architectures."""
        ways = dict.fromkeys(self.stem_widths, len(self.stem_kernels) * len(self.stem_strides))
        for stage in self.stages:
            block = len(stage.kernels) * sum(1 if kind == "plain" else len(stage.expansions) for kind in stage.kinds)
            later = sum((2 * block) ** (depth - 1) for depth in stage.depths)
            before, ways = ways, {}
            for width in stage.widths:
                first = sum(
                    count * block * (1 + (stride == 1 and old == width)) for old, count in before.items() for stride in stage.strides
                )
                ways[width] = first * later
        return sum(ways.values())


def draw_block(stage: Stage, width: int, stride: int, rng: np.random.Generator) -> Block:
    """Draw a block of a stage; if the stride is 1, it has a skip in half of the cases."""
    kind, kernel = one_of(stage.kinds, rng), one_of(stage.kernels, rng)
    expansion = 1 if kind == "plain" else one_of(stage.expansions, rng)
    return Block(width, kernel, stride, kind, expansion, skip=stride == 1 and one_of((False, True), rng))


def one_of(choices: Sequence[T], rng: np.random.Generator) -> T:
    """Draw one of the choices uniformly."""
    return choices[int(rng.integers(len(choices)))]


def _is_choice(blocks: Sequence[Block], stage: Stage) -> bool:
    if blocks[0].width not in stage.widths or blocks[0].stride not in stage.strides or len(blocks) not in stage.depths:
        return False
    return all(
        block.kernel in stage.kernels
        and block.kind in stage.kinds
        and (block.expansion in stage.expansions if block.kind == "separable" else block.expansion == 1)
        for block in blocks
    )
