"""reservoir_update: a fair sample of a stream that nobody can store."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from torch import from_numpy

from utils.exercises.chances import SAME, far, same_for_equal_generators
from utils.exercises.draws import seed
from utils.exercises.kit import CHANGED, Case, Cases, Judge, Rng, Verdict, describe, difference, exercise, short

TRIALS = 2500


def fills(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `path`: the first samples fill the slots in order, then one slot at most changes at a time, to the new sample.

    inputs: (capacity, samples, seed). Verdicts are about "free", "return", "longer" or "several".
    """
    capacity, samples, _ = inputs
    expected = f"{capacity} slots, filled in order"
    held: list[int | None] = [None] * capacity
    if type(answer) is not list:
        return Verdict(False, expected, describe(answer), "return")
    for at, (buffer, sample) in enumerate(zip(answer, samples, strict=False)):
        after = f"after {at + 1} sample{'s' * (at > 0)}"
        if type(buffer) not in (list, tuple) or len(buffer) != capacity:
            about = "longer" if type(buffer) in (list, tuple) else "return"
            return Verdict(False, f"{after} a list of {capacity} slots", f"{after} {short(describe(buffer))}", about)
        free = [*held[:at], sample, *held[at + 1 :]]
        if at < capacity and list(buffer) != free:
            return Verdict(False, f"{after} {free}", short(repr(list(buffer))), "free")
        changed = [slot for slot in range(capacity) if not _same(buffer[slot], held[slot])]
        if len(changed) > 1 or any(not _same(buffer[slot], sample) for slot in changed):
            return Verdict(False, f"{after} {held}, or {sample} in one slot", short(repr(list(buffer))), "several")
        held = list(buffer)
    return Verdict(len(answer) == len(samples), expected, f"{expected}, after {len(answer)} of {len(samples)} samples")


def _same(value: Any, wanted: int | None) -> bool:
    return type(value) is type(wanted) and value == wanted


def trials(answer: Any, inputs: tuple[Any, ...]) -> tuple[np.ndarray | None, str]:
    """The answer of the probe `many` as (trials, capacity) integers; else None and what is wrong."""
    capacity, length, count, _ = inputs
    if type(answer) is not list:
        return None, describe(answer)
    for buffer in answer:
        if type(buffer) not in (list, tuple) or len(buffer) != capacity:
            return None, describe(buffer)
        if not all(type(sample) is int and 0 <= sample < length for sample in buffer) or len(set(buffer)) < capacity:
            return None, f"a buffer that holds {describe(buffer)}"
    if len(answer) != count:
        return None, f"{len(answer)} buffers after {count} streams"
    return np.array(answer, dtype=int).reshape(count, capacity), ""


def frequent(shares: Callable[[np.ndarray, int], Any], expected: str, got: str = "", one_slot: bool = False) -> Judge:
    """A judge for the probe `many`: none of the shares is far from capacity / length, or from 1 / length if each is of one slot.

    shares: (buffers, length) -> of the trials. expected, got: what is counted, with {length} and the {worst} share's number.
    """

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        (buffers, fault), (capacity, length) = trials(answer, inputs), inputs[:2]
        if buffers is None:
            return Verdict(False, "samples of the stream, each at most once", fault)
        found, chance = np.atleast_1d(shares(buffers, length)), (1 if one_slot else capacity) / length
        worst = int(np.argmax(np.abs(found - chance)))
        wanted = f"{expected.format(length=length)} in {100 * chance:.0f} % of the trials"
        passed = not far(found, chance, len(buffers)).any()
        return Verdict(passed, wanted, f"{got.format(worst=worst, sample=worst + 1)}in {100 * found[worst]:.1f} %")

    return judge


last = frequent(lambda buffers, length: (buffers == length - 1).any(1).mean(), "sample {length} is in the buffer")
equally = frequent(
    lambda buffers, n: np.bincount(buffers.ravel(), minlength=n) / len(buffers), "each of {length} samples", "sample {sample} "
)
any_slot = frequent(lambda buffers, n: (buffers == n - 1).mean(0), "the last sample in each slot", "in slot {worst} ", one_slot=True)


def holds_tensors(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """With as many samples as slots: they lie there in order."""
    _, samples, _ = inputs
    expected = f"the {len(samples)} tensors, in order"
    fault = difference(answer, samples)
    return Verdict(fault is None, expected, fault or expected)


def algorithm_r(buffer: list[Any], seen: int, sample: Any, rng: Rng) -> list[Any]:
    """Vitter (1985), algorithm R."""
    slot = seen if seen < len(buffer) else int(rng.integers(seen + 1))
    return [sample if at == slot else held for at, held in enumerate(buffer)]


_FREE = ("Where does a sample go while there is room?", "Into slot number `seen`, as long as that is a slot: seen counts from 0.")


def _often(_: Any, expected: str, got: str) -> str:
    if got == "in 0.0 %":
        return "It never enters. What is drawn, and does each call draw from the rng that it is given?"
    return "With which probability should sample number n be in a buffer of k?"


_CHANCE: tuple[Any, ...] = (
    _often,
    "k / n. It comes after `seen` others, so n is seen + 1: draw j from seen + 1 numbers; it goes in if j is a slot.",
)
_EQUAL = (
    "Which samples stay too long in your buffer, old or new ones?",
    "All must be equally likely: the new one enters with probability k / (seen + 1), and then any slot may be replaced.",
)
_SLOTS = ("Which slot is replaced?", "Any, with equal probability: the j that was drawn is its number.")
_ABOUT = {
    "free": _FREE,
    "several": ("How many slots may change?", "One at most, and what goes in is the sample."),
    "return": ("What does the docstring want back?", "The buffer: return it, with as many slots as before."),
    "longer": (
        "How many slots has the buffer after your line?",
        "As many as before: assign to a slot, buffer[j] = sample. append() and insert() make the list longer.",
    ),
}


STEPS = (
    "While seen is a slot, put the sample there; else draw an integer j below seen + 1, and put the sample into slot j if "
    "there is one; return the buffer."
)


@exercise(algorithm_r, points=3, difficulty=2, minutes=15, steps=STEPS)
def reservoir_update(rng: Rng) -> Cases:
    """reservoir_update(buffer, seen, sample, rng) -> the buffer, a list of as many slots."""

    def stream(length: int) -> list[int]:
        return [int(sample) for sample in rng.choice(np.arange(100, 1000), length, replace=False)]

    path, many = partial(Case, judge=fills, probe="path", hints_for=_ABOUT), partial(Case, probe="many")
    slots = int(rng.integers(3, 6))
    yield path("fills the free slots", (slots, stream(slots), seed(rng)), hints=_FREE)
    yield path("changes one slot at a time", (slots - 1, stream(60), seed(rng)), hints=_SLOTS)
    full, long = "the first one that finds no free slot", "after a stream all are equally likely"
    yield many(full, (2, 3, TRIALS, seed(rng)), judge=last, weight=2, hints=_CHANCE)
    yield many("the one after it", (3, 5, TRIALS, seed(rng)), judge=last, hints=_CHANCE, basis=full)
    yield many(long, (3, 12, TRIALS, seed(rng)), judge=equally, weight=2, hints=_EQUAL, basis=full)
    yield many("every slot gives way", (4, 5, TRIALS, seed(rng)), judge=any_slot, hints=_SLOTS, basis=full)
    one = ("What is the probability of the n-th sample in a single slot?", "1 / n, so that n samples share one slot equally.")
    yield many("a buffer of one slot", (1, 6, TRIALS, seed(rng)), judge=equally, hints=one, basis=long)
    none = ("What can be kept without a slot?", "Nothing: the buffer stays empty, and no error is needed.")
    yield path("a buffer without slots", (0, stream(5), seed(rng)), hints=none, hints_for={**_ABOUT, "error": none})
    twice = same_for_equal_generators("samples")
    yield Case("the same rng, the same samples", (8, 200, seed(rng)), twice, hints=SAME, probe="twice")
    windows = [from_numpy(rng.normal(size=(2, 5)).astype(np.float32)) for _ in range(3)]
    compare = ("How does your function see that a slot is free?", "By `seen`, or by `is None`: == asks every number of a tensor.")
    options: Any = {"hints": compare, "probe": "tensors", "about": "inputs", "hints_on_error": True, "hints_for": {"changed": CHANGED}}
    yield Case("samples that are tensors", (3, windows, seed(rng)), holds_tensors, **options)
