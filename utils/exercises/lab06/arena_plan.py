"""arena_plan: a place for every tensor in one block of memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, as_number, describe, exercise, keeps_inputs, recognising

Tensor = tuple[str, int, int, int]  # name, bytes, first and last step
Tensors = Sequence[Tensor]
Offsets = dict[str, int]
_START = (
    "Draw it: steps to the right, bytes upwards, a box for each tensor.",
    "Sort by size, largest first. For each box try 0 and the ends of those already placed, from low to high; take the first that is free.",
)
_NAMES = ("What is asked for?", "A dict: the name of every tensor -> its offset.")
_INTEGER = ("What is an offset?", "An integer number of bytes from the start of the arena, 0 or more.")
_OVERLAP = (
    "When are two tensors alive at once?",
    "If neither ends before the other begins; first and last are both included, so last 2 and first 2 meet. "
    "Look at every tensor that has a place.",
)
_PEAK = (
    "Which tensor is the hardest to place later?",
    "The largest: place it first. And look for the lowest offset, between those placed too, not only above them.",
)
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


def alive_at_once(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors share a step."""
    return bool(set(range(one[2], one[3] + 1)) & set(range(other[2], other[3] + 1)))


def overlap(tensors: Tensors, offsets: Offsets) -> tuple[str, str] | None:
    """The first two that are alive at once and share a byte."""
    for at, one in enumerate(tensors):
        for other in tensors[at + 1 :]:
            low, high = max(offsets[one[0]], offsets[other[0]]), min(offsets[one[0]] + one[1], offsets[other[0]] + other[1])
            if low < high and alive_at_once(one, other):
                return one[0], other[0]
    return None


def peak(tensors: Tensors, offsets: Offsets) -> int:
    """Bytes from 0 to the end of the last tensor."""
    return max((offsets[name] + size for name, size, _, _ in tensors), default=0)


def lower_bound(tensors: Tensors) -> int:
    """The bytes alive at once at the worst step: no plan needs less."""
    steps = {step for _, _, first, last in tensors for step in (first, last)}
    return max((sum(size for _, size, first, last in tensors if first <= step <= last) for step in steps), default=0)


def largest_first(tensors: Tensors) -> Tensors:
    """Equal ones in the order of the list."""
    return sorted(tensors, key=lambda tensor: -tensor[1])


def smallest_first(tensors: Tensors) -> Tensors:
    """The other way round."""
    return largest_first(tensors)[::-1]


def _upwards(tensors: Tensors, offsets: Offsets) -> Tensors:
    return sorted(tensors, key=lambda one: offsets[one[0]])


def planner(
    order: Callable[[Tensors], Tensors] = largest_first,
    meets: Callable[[Tensor, Tensor], bool] = alive_at_once,
    neighbors: Callable[[Tensors, Offsets], Tensors] = _upwards,
    gaps: bool = True,
    highest: bool = True,
) -> Callable[[Tensors], Offsets]:
    """Each tensor goes past the neighbors already placed up to the first gap: the lowest offset that is free.

    gaps: whether it stops there. highest: whether it keeps the highest end so far. What differs from the defaults is a mistake.
    """

    def plan(tensors: Tensors) -> Offsets:
        offsets: Offsets = {}
        for one in order(tensors):
            offset = 0
            for other in neighbors([other for other in tensors if other[0] in offsets and meets(one, other)], offsets):
                if gaps and offset + one[1] <= offsets[other[0]]:
                    break
                end = offsets[other[0]] + other[1]
                offset = max(offset, end) if highest else end
            offsets[one[0]] = offset
        return offsets

    return plan


greedy = planner()  # the oracle


def _fits(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (tensors,). Every tensor has an offset, none overlap, no more bytes than largest first. About "names" or "integer"."""
    (tensors,) = inputs
    enough = peak(tensors, greedy(tensors))
    expected = f"no overlap, at most {enough} bytes (no plan needs less than {lower_bound(tensors)})" if tensors else "an empty dict"
    if type(answer) is not dict or set(answer) != {name for name, *_ in tensors}:
        return Verdict(False, expected, describe(answer), "names")
    offsets = {name: as_number(one) for name, one in answer.items()}
    if odd := [name for name, offset in offsets.items() if type(offset) is not int or offset < 0]:
        return Verdict(False, expected, f"for {odd[0]}, {describe(answer[odd[0]])} of type {type(offsets[odd[0]]).__name__}", "integer")
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


def plans_nothing_too(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `and_of_nothing`: the plan of no tensors is empty, and that of some is one."""
    if type(answer) is not dict or set(answer) != {"nothing", "some"}:
        return Verdict(False, "an empty dict", describe(answer))
    nothing = _fits(answer["nothing"], ([],))
    return replace(nothing, about="") if not nothing.passed else fits_the_arena(answer["some"], inputs)


MISTAKES = (
    Mistake("as a list", lambda tensors: list(greedy(tensors).values()), _NAMES, "all"),
    Mistake("in halves", lambda tensors: {name: offset + 0.5 for name, offset in greedy(tensors).items()}, _INTEGER, "all"),
    Mistake("all at 0", planner(meets=lambda one, other: False), _OVERLAP),
    Mistake("last is free", planner(meets=lambda one, other: one[2] < other[3] and other[2] < one[3]), _OVERLAP),
    Mistake(
        "two buffers in turn",
        lambda tensors: {name: at % 2 * max(one[1] for one in tensors) for at, (name, *_) in enumerate(tensors)},
        _OVERLAP,
        "all but a chain of layers; one tensor",
    ),
    Mistake("end to end", planner(list, lambda one, other: True), _SHARE),
    Mistake("end to end, by size", planner(meets=lambda one, other: True), _SHARE),
    Mistake("in the order of the list", planner(list), _PEAK),
    Mistake("smallest first", planner(smallest_first), _PEAK),
    Mistake("on top", planner(gaps=False), _PEAK),
    Mistake("neighbors as listed", planner(neighbors=lambda tensors, _: tensors), _SEARCH),
    Mistake("neighbors as placed", planner(neighbors=lambda tensors, _: largest_first(tensors)), _SEARCH),
    Mistake("the last end", planner(highest=False), _HIGHEST),
)
_ABOUT = {"names": _NAMES, "integer": _INTEGER, "overlap": _OVERLAP, "peak": _PEAK}
STEPS = (
    "Take the tensors from the largest to the smallest, equal ones in the order of the list. For each, collect the tensors already "
    "placed whose lifetimes overlap with its own, and sort them by offset. Go upwards from offset 0: if it ends below the next of them, "
    "take this place, else go on from the highest end so far."
)


def planned(tensors: Tensors) -> Offsets:
    """`arena_plan` by the planner of the microcontroller lab, which is loaded when it is needed."""
    from utils.deploy.mcu import plan_arena

    return plan_arena(tensors)


@exercise(planned, points=4, difficulty=4, minutes=20, judge=fits_the_arena, mistakes=MISTAKES, hints_for=_ABOUT, steps=STEPS)
def arena_plan(rng: Rng) -> Cases:
    """arena_plan(tensors) -> dict of offsets."""

    def sizes(count: int, low: int = 8, high: int = 60) -> list[int]:
        """Different ones: equal sizes could be placed in another order with another peak."""
        return [int(size) for size in rng.choice(np.arange(low, high), count, replace=False)]

    def chain(*ranks: int) -> list[Tensor]:
        """Layer after layer, each read by the next; ranks: which of the sizes, from small to large."""
        ordered = sorted(sizes(len(ranks)))
        return [(f"layer{at}", ordered[rank], at, at + 1) for at, rank in enumerate(ranks)]

    def crowd() -> list[Tensor]:
        """Sixty, drawn until it matters which comes first."""
        while True:
            lives = zip(sizes(60, 1, 100), rng.integers(0, 12, 60).tolist(), rng.integers(0, 6, 60).tolist(), strict=True)
            tensors = [(f"t{at}", size, first, first + length) for at, (size, first, length) in enumerate(lives)]
            if peak(tensors, greedy(tensors)) < min(peak(tensors, planner(order)(tensors)) for order in (list, smallest_first)):
                return tensors

    yield Case("a chain of layers", (chain(3, 0, 2, 1, 4),), weight=2, hints=_START)
    a, b, c, d = sorted(sizes(4, 20, 60))
    shortcut = [("x", b, 0, 1), ("trunk", c, 1, 4), ("inside", d, 2, 3), ("sum", a, 4, 5)]
    yield Case("a shortcut is held until it is added", (shortcut,), hints=_START)
    yield Case("read and written in one step", ([("before", a, 0, 2), ("after", b, 2, 4)],), hints=_OVERLAP)
    yield Case("one after the other", ([("one", b, 0, 1), ("two", d, 2, 3), ("three", a, 4, 5)],), hints=_START)
    yield Case("all at once", ([(f"branch{at}", size, 0, 3) for at, size in enumerate(sizes(4))],), hints=_START)
    small, next_small, large = int(rng.integers(6, 11)), int(rng.integers(11, 15)), int(rng.integers(36, 44))
    later = [("first", small, 0, 1), ("second", next_small, 1, 2), ("large", large, 2, 3), ("last", small + 6, 0, 3)]
    yield Case("the largest comes last", (later,), hints=_START)
    held = int(rng.integers(36, 44))
    gap = [("held", held, 0, 9), ("early", held - 10, 0, 4), ("meets", held - 20, 4, 9), ("fits", int(rng.integers(5, 12)), 6, 9)]
    yield Case("a gap below", (gap,), hints=_START)
    a, b, c, d = int(rng.integers(5, 9)), int(rng.integers(10, 16)), int(rng.integers(16, 21)), int(rng.integers(25, 36))
    yield Case("a gap that is half taken", ([("a", a, 2, 2), ("b", b, 2, 4), ("c", c, 2, 6), ("d", d, 5, 5)],), hints=_SEARCH)
    tall = [("wide", b + 14, 4, 8), ("short", b, 4, 4), ("tall", 2 * b + 20, 2, 3), ("late", a, 2, 5)]
    yield Case("a tall one beside two short ones", (tall,), hints=_HIGHEST)
    yield Case("sixty tensors", (crowd(),), weight=2, hints=_START)
    yield Case("one tensor", ([("alone", int(rng.integers(9, 30)), 0, 3)],), hints=_START)
    nothing: dict[str, Any] = {"hints": _NOTHING, "hints_for": {"error": _NOTHING}, "basis": "a chain of layers"}
    yield Case("no tensor", (chain(0, 2, 1),), plans_nothing_too, probe="and_of_nothing", **nothing)
    yield keeps_inputs(chain(3, 0, 2, 1)[::-1], name="leaves the list as it was")
