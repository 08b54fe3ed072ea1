"""Mutation and crossover of architectures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from utils.compress.search.space import Space, Stage, draw_block, one_of
from utils.models.chain import Architecture, Block

Change = Callable[[], Architecture]


def mutate(architecture: Architecture, space: Space, rng: np.random.Generator) -> Architecture:
    """Return an architecture of the space that differs from this one in one choice; the given one is left unchanged.

    The choice is drawn among those that have an alternative: width, kernel or stride of the stem; width, depth or stride of
    a stage; kind, kernel, expansion or skip of a block. Its new value is drawn among the others. A new block is drawn as
    `Space.draw` does it, and a skip that no longer fits its block is left out.

    >>> from utils.compress.search.space import Stage
    >>> space, rng = Space((4, 8), (Stage((8, 16)),)), np.random.default_rng(0)
    >>> parent = space.draw(rng)
    >>> mutate(parent, space, rng) == parent
    False

    Raises:
        ValueError: an architecture that the space does not contain, or a space of a single one.
    """
    if not space.contains(architecture):
        raise ValueError("the architecture is not one of the space: mutate one that space.draw gave")
    changes = [*_of_stem(architecture, space, rng)]
    for at in range(len(space.stages)):
        changes += _of_stage(architecture, space, at, rng)
    if not changes:
        raise ValueError("the space has a single architecture, so nothing can be mutated: give it more choices")
    return one_of(changes, rng)()


def crossover(first: Architecture, second: Architecture, space: Space, rng: np.random.Generator) -> Architecture:
    """Return an architecture whose stem and stages come each from one of two parents, drawn with equal odds.

    A skip that no longer fits its block is left out.

    Raises:
        ValueError: a parent that the space does not contain.
    """
    if not (space.contains(first) and space.contains(second)):
        raise ValueError("a parent is not in the space: cross two architectures that space.draw gave")
    stem = one_of((first, second), rng).stem
    return space.assemble(stem, [one_of((first, second), rng).stages[at] for at in range(len(space.stages))])


def _others(choices: Sequence[Any], now: Any) -> list[Any]:
    return [one for one in choices if one != now]


def _of_stem(architecture: Architecture, space: Space, rng: np.random.Generator) -> list[Change]:
    stem = architecture.stem

    def changed(name: str, others: list[int]) -> Architecture:
        return space.assemble(replace(stem, **{name: one_of(others, rng)}), architecture.stages)  # type: ignore[arg-type]

    alternatives = {name: _others(getattr(space, f"stem_{name}s"), getattr(stem, name)) for name in ("width", "kernel", "stride")}
    return [partial(changed, name, others) for name, others in alternatives.items() if others]


def _of_stage(architecture: Architecture, space: Space, at: int, rng: np.random.Generator) -> list[Change]:
    stage, blocks = space.stages[at], architecture.stages[at]
    before = architecture.stages[at - 1][0].width if at else architecture.stem.width

    def changed(new: Sequence[Block]) -> Architecture:
        return space.assemble(architecture.stem, [new if place == at else old for place, old in enumerate(architecture.stages)])

    def width(others: list[int]) -> Architecture:
        chosen = one_of(others, rng)
        return changed([replace(block, width=chosen) for block in blocks])

    def depth(others: list[int]) -> Architecture:
        wanted = one_of(others, rng)
        more = [draw_block(stage, blocks[0].width, 1, rng) for _ in range(wanted - len(blocks))]
        return changed([*blocks, *more][:wanted])

    def stride(others: list[int]) -> Architecture:
        chosen = one_of(others, rng)
        return changed([replace(blocks[0], stride=chosen, skip=blocks[0].skip and chosen == 1), *blocks[1:]])

    def block(place: int, new: Callable[[], Block]) -> Architecture:
        return changed([*blocks[:place], new(), *blocks[place + 1 :]])

    wholes = ((width, stage.widths, blocks[0].width), (depth, stage.depths, len(blocks)), (stride, stage.strides, blocks[0].stride))
    changes: list[Change] = [partial(change, others) for change, choices, now in wholes if (others := _others(choices, now))]
    for place, one in enumerate(blocks):
        fits = one.stride == 1 and (place > 0 or before == one.width)
        changes += [partial(block, place, new) for new in _of_block(one, stage, fits, rng)]
    return changes


def _of_block(block: Block, stage: Stage, fits: bool, rng: np.random.Generator) -> list[Callable[[], Block]]:
    """The blocks that differ in one choice. fits: whether a skip can go around it."""

    def kind() -> Block:
        if block.kind == "separable":
            return replace(block, kind="plain", expansion=1)
        return replace(block, kind="separable", expansion=one_of(stage.expansions, rng))

    def number(name: str, others: list[int]) -> Block:
        return replace(block, **{name: one_of(others, rng)})  # type: ignore[arg-type]

    def skip() -> Block:
        return replace(block, skip=not block.skip)

    expansions = _others(stage.expansions, block.expansion) if block.kind == "separable" else []
    alternatives = {"kernel": _others(stage.kernels, block.kernel), "expansion": expansions}
    changes: list[Callable[[], Block]] = [partial(number, name, others) for name, others in alternatives.items() if others]
    return changes + [kind] * (len(stage.kinds) > 1) + [skip] * fits
