"""One block of memory for all activations: who lies where is decided before anything runs.

Two tensors may share bytes if they are never needed at once. Finding the smallest block is NP-hard; the rule here,
largest tensor first, each at the lowest offset that is free (greedy by size, as in Pisarchyk and Lee, "Efficient Memory
Management for Deep Neural Net Inference", 2020), mostly meets the lower bound: the most bytes that are alive at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Lifetime = tuple[str, int, int, int]  # name, size in bytes, first and last step


@dataclass(frozen=True)
class Arena:
    """A plan. offsets: name -> first byte; size_bytes: of the block; lower_bound: no plan can take less."""

    offsets: dict[str, int]
    size_bytes: int
    lower_bound: int
    tensors: tuple[Lifetime, ...] = field(repr=False, default=())

    @property
    def fullest(self) -> tuple[Lifetime, ...]:
        """The tensors that are alive at the step that needs the most bytes, the largest first."""
        step = max((first for _, _, first, _ in self.tensors), key=lambda at: _alive_bytes(self.tensors, at), default=0)
        alive = [tensor for tensor in self.tensors if tensor[2] <= step <= tensor[3]]
        return tuple(sorted(alive, key=lambda tensor: -tensor[1]))


def plan_arena(tensors: Sequence[Lifetime]) -> dict[str, int]:
    """Offsets in bytes: name -> first byte, so that no two tensors that are alive at once overlap.

    tensors: (name, size in bytes, first step, last step), alive from the first step to the last, both included.
    The largest comes first (of equals, the one that stands first), each at the lowest offset that is free.

    Raises:
        ValueError: two tensors of one name, a size below zero, a last step before the first.
    """
    if len({name for name, *_ in tensors}) < len(tensors):
        raise ValueError("two tensors have the same name: give each its own")
    for name, size, first, last in tensors:
        if size < 0 or last < first:
            raise ValueError(f"{name} has {size} bytes from step {first} to step {last}: give a size >= 0 and first <= last")
    offsets: dict[str, int] = {}
    placed: list[Lifetime] = []
    for tensor in sorted(tensors, key=lambda tensor: -tensor[1]):
        name, size, first, last = tensor
        offset = 0
        neighbors = [other for other in placed if other[2] <= last and first <= other[3]]
        for other, other_size, *_ in sorted(neighbors, key=lambda other: offsets[other[0]]):
            if offset + size <= offsets[other]:
                break  # it fits into the gap below this one
            offset = max(offset, offsets[other] + other_size)
        offsets[name] = offset
        placed.append(tensor)
    return offsets


def _alive_bytes(tensors: Sequence[Lifetime], step: int) -> int:
    return sum(size for _, size, first, last in tensors if first <= step <= last)


def planned(tensors: Sequence[Lifetime]) -> Arena:
    """The plan of `plan_arena` with its size and the lower bound.

    Raises:
        ValueError: as `plan_arena`.
    """
    offsets = plan_arena(tensors)
    size = max((offsets[name] + size for name, size, *_ in tensors), default=0)
    bound = max((_alive_bytes(tensors, first) for _, _, first, _ in tensors), default=0)
    return Arena({name: offsets[name] for name, *_ in tensors}, size, bound, tuple(tensors))
