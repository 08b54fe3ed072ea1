"""arena_plan: a place for every tensor in one block of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from utils.exercises.declare import Case, Mistake, exercise
from utils.exercises.judges import Verdict, describe, recognising
from utils.exercises.standins import Substitute
from utils.exercises.stock import keeps_inputs

Tensors = Sequence[tuple[str, int, int, int]]  # name, bytes, first and last step
_START = (
    "Draw it: steps to the right, bytes upwards, a box for each tensor.",
    "Sort by size, largest first. For each box try 0 and the ends of those already placed, from low to high; take the first that is free.",
)
_KINDS = {
    "names": ("What is asked for?", "A dict: the name of every tensor -> its offset."),
    "integer": ("What is an offset?", "An integer number of bytes from the start of the arena, 0 or more."),
    "overlap": (
        "When are two tensors alive at once?",
        "If neither ends before the other begins; first and last are both included, so last 2 and first 2 meet. "
        "Look at every tensor that has a place.",
    ),
    "peak": (
        "Which tensor is the hardest to place later?",
        "The largest: place it first. And look for the lowest offset, between those placed too, not only above them.",
    ),
}
_SEARCH = (
    "Alive is right; the search is not. Which of the neighbors comes first when you go upwards?",
    "Sort the neighbors by offset: the order of the list, or of placing, is another one.",
)
_HIGHEST = (
    "Alive is right; the search is not. Can a neighbor end below one that came before it?",
    "Yes, a tall one may cover a later one: keep the highest end so far, offset = max(offset, end).",
)
_SHARE = (
    "Which tensors may share bytes?",
    "Those that are never alive at the same step: one that ends before the other begins is not in its way.",
)
_NOTHING = ("What is the plan of no tensors?", "An empty dict: mind max() of nothing.")


def alive_at_once(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two tensors share a step."""
    return bool(set(range(one[2], one[3] + 1)) & set(range(other[2], other[3] + 1)))


def overlap(tensors: Tensors, offsets: dict[str, int]) -> tuple[str, str] | None:
    """The first two that are alive at once and share a byte."""
    for at, one in enumerate(tensors):
        for other in tensors[at + 1 :]:
            low, high = max(offsets[one[0]], offsets[other[0]]), min(offsets[one[0]] + one[1], offsets[other[0]] + other[1])
            if low < high and alive_at_once(one, other):
                return one[0], other[0]
    return None


def peak(tensors: Tensors, offsets: dict[str, int]) -> int:
    """Bytes from 0 to the end of the last tensor."""
    return max((offsets[name] + size for name, size, _, _ in tensors), default=0)


def lower_bound(tensors: Tensors) -> int:
    """The bytes alive at once at the worst step: no plan needs less."""
    steps = {step for _, _, first, last in tensors for step in (first, last)}
    return max((sum(size for _, size, first, last in tensors if first <= step <= last) for step in steps), default=0)


def placed(tensors: Tensors) -> dict[str, int]:
    """In this order, each at the lowest offset that is free; byte by byte on a board of steps times bytes."""
    steps, room = max((last for *_, last in tensors), default=0) + 1, sum(size for _, size, _, _ in tensors)
    taken = np.zeros((steps, room), dtype=bool)
    offsets = {}
    for name, size, first, last in tensors:
        offset = next(start for start in range(room) if not taken[first : last + 1, start : start + size].any())
        taken[first : last + 1, offset : offset + size] = True
        offsets[name] = offset
    return offsets


def largest_first(tensors: Tensors) -> Tensors:
    """Equal ones in the order of the list."""
    return sorted(tensors, key=lambda tensor: -tensor[1])


def greedy(tensors: Tensors) -> dict[str, int]:
    """The oracle: largest first."""
    return placed(largest_first(tensors))


def _fits(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (tensors,). Every tensor has an offset, none overlap, no more bytes than largest first. About "names" or "integer"."""
    (tensors,) = inputs
    enough = peak(tensors, greedy(tensors))
    expected = f"no overlap, at most {enough} bytes (no plan needs less than {lower_bound(tensors)})" if tensors else "an empty dict"
    if type(answer) is not dict or set(answer) != {name for name, *_ in tensors}:
        return Verdict(False, expected, describe(answer), "names")
    offsets = {}
    for name, offset in answer.items():
        plain = offset.item() if isinstance(offset, np.ndarray) and offset.ndim == 0 else offset
        if type(plain) is not int or plain < 0:
            return Verdict(False, expected, f"for {name}, {describe(offset)} of type {type(plain).__name__}", "integer")
        offsets[name] = plain
    if pair := overlap(tensors, offsets):
        sizes = {name: size for name, size, *_ in tensors}
        places = " and ".join(f"{name} at {offsets[name]} to {offsets[name] + sizes[name] - 1}" for name in pair)
        return Verdict(False, expected, f"{places}, alive at once")
    needed = peak(tensors, offsets)
    return Verdict(needed <= enough, expected, f"{needed} bytes")


def fits_the_arena(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """As `_fits`; about a mistake that gives this plan, else about "overlap" or "peak"."""
    verdict = recognising(_fits, {mistake.name: mistake.made for mistake in MISTAKES})(answer, inputs)
    if verdict.passed or verdict.about:
        return verdict
    return replace(verdict, about="overlap" if verdict.got.endswith("at once") else "peak")


def _by(order: Callable[[Tensors], Tensors] = largest_first, meets: Callable[..., bool] = alive_at_once) -> Callable[..., Any]:
    """Each at the lowest offset that is free, in another order, or with another idea of who meets."""

    def made(tensors: Tensors) -> dict[str, int]:
        offsets: dict[str, int] = {}
        for one in order(tensors):
            busy = [(offsets[other[0]], offsets[other[0]] + other[1]) for other in tensors if other[0] in offsets and meets(one, other)]
            starts = [0, *sorted(high for _, high in busy)]
            offsets[one[0]] = next(at for at in starts if all(at + one[1] <= low or high <= at for low, high in busy))
        return offsets

    return made


def _walking(neighbors: Callable[[Tensors, dict[str, int]], list[tuple[Any, ...]]], highest: bool = True) -> Callable[..., Any]:
    """Goes past the neighbors in some order, up to the first gap. highest: whether it keeps the highest end so far."""

    def made(tensors: Tensors) -> dict[str, int]:
        offsets: dict[str, int] = {}
        for one in largest_first(tensors):
            offset = 0
            for name, size, *_ in (other for other in neighbors(tensors, offsets) if alive_at_once(one, other)):
                if offset + one[1] <= offsets[name]:
                    break
                offset = max(offset, offsets[name] + size) if highest else offsets[name] + size
            offsets[one[0]] = offset
        return offsets

    return made


def _on_top(tensors: Tensors) -> dict[str, int]:
    offsets: dict[str, int] = {}
    for one in largest_first(tensors):
        busy = [offsets[other[0]] + other[1] for other in tensors if other[0] in offsets and alive_at_once(one, other)]
        offsets[one[0]] = max(busy, default=0)
    return offsets


def _end_to_end(tensors: Tensors) -> dict[str, int]:
    ends = np.cumsum([0, *(size for _, size, *_ in tensors)]).tolist()
    return {name: ends[at] for at, (name, *_) in enumerate(tensors)}


def _upwards(tensors: Tensors, offsets: dict[str, int]) -> list[tuple[Any, ...]]:
    return sorted(_listed(tensors, offsets), key=lambda one: offsets[one[0]])


def _listed(tensors: Tensors, offsets: dict[str, int]) -> list[tuple[Any, ...]]:
    return [one for one in tensors if one[0] in offsets]


MISTAKES = (
    Mistake("all at 0", lambda tensors: dict.fromkeys((name for name, *_ in tensors), 0), _KINDS["overlap"]),
    Mistake("last is free", _by(meets=lambda one, other: one[2] < other[3] and other[2] < one[3]), _KINDS["overlap"]),
    Mistake("end to end", _end_to_end, _SHARE),
    Mistake("end to end, by size", lambda tensors: _end_to_end(largest_first(tensors)), _SHARE),
    Mistake("in the order of the list", _by(list), _KINDS["peak"]),
    Mistake("smallest first", _by(lambda tensors: largest_first(tensors)[::-1]), _KINDS["peak"]),
    Mistake("on top", _on_top, _KINDS["peak"]),
    Mistake("neighbors as listed", _walking(_listed), _SEARCH),
    Mistake("neighbors as placed", _walking(lambda tensors, offsets: _listed(largest_first(tensors), offsets)), _SEARCH),
    Mistake("the last end", _walking(_upwards, highest=False), _HIGHEST),
)


def planned(tensors: Tensors) -> dict[str, int]:
    """`arena_plan` by the planner of the microcontroller lab, which is loaded when it is needed."""
    from utils.deploy.mcu import plan_arena

    return plan_arena(tensors)


@exercise(
    Substitute(planned, "utils.deploy.mcu.plan_arena"),
    points=4,
    difficulty=4,
    minutes=20,
    judge=fits_the_arena,
    mistakes=MISTAKES,
    steps="Take the tensors from the largest to the smallest, equal ones in the order of the list. For each, collect the tensors already "
    "placed whose lifetimes overlap with its own, and sort them by offset. Go upwards from offset 0: if it ends below the next of them, "
    "take this place, else go on from the highest end so far.",
)
def arena_plan(rng: np.random.Generator) -> Iterator[Case]:
    """arena_plan(tensors) -> dict of offsets."""

    def sizes(count: int, low: int = 8, high: int = 60) -> list[int]:
        """Different ones: equal sizes could be placed in another order with another peak."""
        return [int(size) for size in rng.choice(np.arange(low, high), count, replace=False)]

    def chain(*ranks: int) -> list[tuple[str, int, int, int]]:
        """Layer after layer, each read by the next; ranks: which of the sizes, from small to large."""
        ordered = sorted(sizes(len(ranks)))
        return [(f"layer{at}", ordered[rank], at, at + 1) for at, rank in enumerate(ranks)]

    def crowd() -> list[tuple[str, int, int, int]]:
        """Sixty, drawn until it matters which comes first."""
        while True:
            lives = zip(sizes(60, 1, 100), rng.integers(0, 12, 60).tolist(), rng.integers(0, 6, 60).tolist(), strict=True)
            tensors = [(f"t{at}", size, first, first + length) for at, (size, first, length) in enumerate(lives)]
            others = (tensors, largest_first(tensors)[::-1])
            if peak(tensors, greedy(tensors)) < min(peak(tensors, placed(order)) for order in others):
                return tensors

    def planned(name: str, tensors: Tensors, hints: tuple[str, ...] = _START, weight: float = 1) -> Case:
        return Case(name, (list(tensors),), weight=weight, hints=hints, hints_for=_KINDS)

    yield planned("a chain of layers", chain(3, 0, 2, 1, 4), weight=2)
    a, b, c, d = sorted(sizes(4, 20, 60))
    yield planned("a shortcut is held until it is added", [("x", b, 0, 1), ("trunk", c, 1, 4), ("inside", d, 2, 3), ("sum", a, 4, 5)])
    yield planned("read and written in one step", [("before", a, 0, 2), ("after", b, 2, 4)], _KINDS["overlap"])
    yield planned("one after the other", [("one", b, 0, 1), ("two", d, 2, 3), ("three", a, 4, 5)])
    yield planned("all at once", [(f"branch{at}", size, 0, 3) for at, size in enumerate(sizes(4))])
    small, next_small, large = int(rng.integers(6, 11)), int(rng.integers(11, 15)), int(rng.integers(36, 44))
    later = [("first", small, 0, 1), ("second", next_small, 1, 2), ("large", large, 2, 3), ("last", small + 6, 0, 3)]
    yield planned("the largest comes last", later)
    held = int(rng.integers(36, 44))
    gap = [("held", held, 0, 9), ("early", held - 10, 0, 4), ("meets", held - 20, 4, 9), ("fits", int(rng.integers(5, 12)), 6, 9)]
    yield planned("a gap below", gap)
    a, b, c, d = int(rng.integers(5, 9)), int(rng.integers(10, 16)), int(rng.integers(16, 21)), int(rng.integers(25, 36))
    yield planned("a gap that is half taken", [("a", a, 2, 2), ("b", b, 2, 4), ("c", c, 2, 6), ("d", d, 5, 5)], _SEARCH)
    tall = [("wide", b + 14, 4, 8), ("short", b, 4, 4), ("tall", 2 * b + 20, 2, 3), ("late", a, 2, 5)]
    yield planned("a tall one beside two short ones", tall, _HIGHEST)
    yield planned("sixty tensors", crowd(), weight=2)
    yield planned("one tensor", [("alone", int(rng.integers(9, 30)), 0, 3)])
    nothing = {"error": _NOTHING, **_KINDS}
    some = chain(0, 2, 1)
    yield Case(
        "no tensor", (some,), plans_nothing_too, hints=_NOTHING, hints_for=nothing, probe="and_of_nothing", basis="a chain of layers"
    )
    yield keeps_inputs(chain(3, 0, 2, 1)[::-1], name="leaves the list as it was", hints_for=_KINDS)


def plans_nothing_too(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `and_of_nothing`: the plan of no tensors is empty, and that of some is one."""
    if type(answer) is not dict or set(answer) != {"nothing", "some"}:
        return Verdict(False, "an empty dict", describe(answer))
    nothing = _fits(answer["nothing"], ([],))
    return replace(nothing, about="") if not nothing.passed else fits_the_arena(answer["some"], inputs)
