"""Lab 08's judges: names in order, reservoirs by what stays in them over many trials, and noise by its size.

Bands are wide enough for a right answer to pass with any seed (five standard deviations and more), and narrow enough for
the mistakes of wrong.py never to do so. Plain values and arrays only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Verdict, describe, difference, short
from utils.exercises.lab08.oracles import chosen, clipped, mean_of

DEVIATIONS = 5.0  # how far a frequency may lie from its probability


def names_in_order(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (names, policy). A list (or tuple) of the right names, in their order, each once.

    Verdicts are about "kind", "twice" or "order", where it is that.
    """
    wanted = chosen(*inputs)
    expected = short(repr(wanted))
    if type(answer) not in (list, tuple) or not all(type(name) is str for name in answer):
        return Verdict(False, expected, describe(answer), "kind")
    got = list(answer)
    if got == wanted:
        return Verdict(True, expected, expected)
    about = ("order" if len(got) == len(wanted) else "twice") if set(got) == set(wanted) else ""
    return Verdict(False, expected, short(repr(got)), about)


def fills(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `path`: the first samples fill the slots in order, then no more than one slot changes at a time, to the newcomer.

    inputs: (capacity, length, seed); the samples are the numbers from 100. Verdicts are about "free", "return" or "several".
    """
    capacity, length, _ = inputs
    expected = f"{capacity} slots, filled in order"
    held: list[int | None] = [None] * capacity
    if type(answer) is not list:
        return Verdict(False, expected, describe(answer), "return")
    for at, buffer in enumerate(answer):
        if type(buffer) not in (list, tuple) or len(buffer) != capacity:
            return Verdict(False, f"a buffer of {capacity} slots", f"after {at + 1} samples {describe(buffer)}", "return")
        free = [*held[:at], 100 + at, *held[at + 1 :]]
        if at < capacity and list(buffer) != free:
            return Verdict(False, f"after {at + 1} samples {free}", short(repr(list(buffer))), "free")
        changed = [slot for slot in range(capacity) if not _same(buffer[slot], held[slot])]
        if len(changed) > 1 or any(not _same(buffer[slot], 100 + at) for slot in changed):
            return Verdict(False, f"{held}, or {100 + at} in one slot", short(repr(list(buffer))), "several")
        held = list(buffer)
    return Verdict(len(answer) == length, expected, f"{expected}, after {len(answer)} of {length} samples")


def _same(value: Any, wanted: int | None) -> bool:
    return type(value) is type(wanted) and value == wanted


def trials(answer: Any, inputs: tuple[Any, ...]) -> tuple[np.ndarray | None, str]:
    """The answer of the probe `many` as (trials, capacity) whole numbers; else None and what is wrong."""
    capacity, length, count, _ = inputs
    if type(answer) is not list or len(answer) != count:
        return None, describe(answer)
    for buffer in answer:
        if type(buffer) not in (list, tuple) or len(buffer) != capacity:
            return None, describe(buffer)
        if not all(type(sample) is int and 0 <= sample < length for sample in buffer) or len(set(buffer)) < capacity:
            return None, f"a buffer that holds {describe(buffer)}"
    return np.array(answer, dtype=int).reshape(count, capacity), ""


def _judged_trials(look: Callable[[np.ndarray, int, int], tuple[str, str, bool, str]]) -> Judge:
    """A judge for the probe `many`; look: (buffers, capacity, length) -> expected, got, passed, about."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        buffers, fault = trials(answer, inputs)
        if buffers is None:
            return Verdict(False, "samples of the stream, each at most once", fault)
        expected, got, passed, about = look(buffers, *inputs[:2])
        return Verdict(passed, expected, got, about)

    return judge


def _far(share: np.ndarray | float, chance: float, count: int) -> np.ndarray:
    """Whether a share of `count` trials is too far from its chance."""
    return np.abs(np.asarray(share) - chance) > DEVIATIONS * np.sqrt(chance * (1 - chance) / count) + 1e-12


def _newcomer(buffers: np.ndarray, capacity: int, length: int) -> tuple[str, str, bool, str]:
    share = float((buffers == length - 1).any(1).mean())
    chance = capacity / length
    return (
        f"sample {length} stays in {100 * chance:.0f} % of the trials",
        f"in {100 * share:.1f} %",
        not _far(share, chance, len(buffers)),
        "",
    )


def _equally(buffers: np.ndarray, capacity: int, length: int) -> tuple[str, str, bool, str]:
    share = np.bincount(buffers.ravel(), minlength=length) / len(buffers)
    chance = capacity / length
    worst = int(np.argmax(np.abs(share - chance)))
    expected = f"each of {length} samples in {100 * chance:.0f} % of the trials"
    return expected, f"sample {worst + 1} in {100 * share[worst]:.1f} %", not _far(share, chance, len(buffers)).any(), ""


def _any_slot(buffers: np.ndarray, capacity: int, length: int) -> tuple[str, str, bool, str]:
    """After capacity + 1 samples: where is the last one, if it is anywhere?"""
    share = (buffers == length - 1).mean(0)
    worst = int(np.argmax(np.abs(share - 1 / length)))
    expected = f"the newcomer in each slot in {100 / length:.0f} % of the trials"
    return expected, f"in slot {worst} in {100 * share[worst]:.1f} %", not _far(share, 1 / length, len(buffers)).any(), ""


newcomer, equally, any_slot = map(_judged_trials, (_newcomer, _equally, _any_slot))


def again(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `twice`: equal where the rng was equal, and not always the same."""
    expected = "the same samples from the same rng"
    if type(answer) is not dict or not all(type(answer.get(part)) is list for part in ("first", "second", "other")):
        return Verdict(False, expected, describe(answer))
    if answer["first"] != answer["second"]:
        return Verdict(False, expected, "other samples in a second run")
    return Verdict(answer["first"] != answer["other"], "other samples from another rng", "the same samples, whatever the rng")


def averages(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (states, sizes). The weighted mean; whole numbers stay whole numbers (about "dtype" where they do not)."""
    wanted = mean_of(*inputs)
    fault = difference(answer, wanted, rtol=1e-4, atol=1e-6)
    whole = [name for name, value in wanted.items() if value.dtype.kind in "iu"]
    if fault is None and (odd := [name for name in whole if type(answer[name]) is np.ndarray and answer[name].dtype.kind not in "iu"]):
        return Verdict(False, f"{odd[0]} of {wanted[odd[0]].dtype}", f"{odd[0]} of {answer[odd[0]].dtype}", "dtype")
    return Verdict(fault is None, describe(wanted), fault or describe(answer))


def noisy(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (update, clip, sigma, seed). What lies above the clipped update is normal noise of deviation sigma * clip, new everywhere."""
    update, clip, sigma, _ = inputs
    wanted, size = clipped(update, clip), sigma * clip
    expected = f"noise of mean 0 and deviation {size:.3g}"
    fault = difference(answer, wanted, rtol=0, atol=12 * size)
    if fault is not None:
        return Verdict(False, expected, fault)
    noise = {name: answer[name] - wanted[name] for name in wanted}
    for name, part in noise.items():
        deviation, count = float(part.std()), part.size
        if abs(deviation / size - 1) > DEVIATIONS / np.sqrt(2 * count):
            return Verdict(False, expected, f"deviation {deviation:.3g} in {name}", "size")
        if abs(float(part.mean())) > DEVIATIONS * size / np.sqrt(count):
            return Verdict(False, expected, f"mean {float(part.mean()):.3g} in {name}")
        beyond = float((np.abs(part) > 2 * size).mean())
        if _far(beyond, 0.0455, count):
            return Verdict(False, expected, f"{100 * beyond:.1f} % of it beyond two deviations, not 4.6 %", "shape")
    first, second = list(noise.values())[:2]
    if abs(float(np.corrcoef(first.ravel(), second.ravel())[0, 1])) > DEVIATIONS / np.sqrt(first.size):
        return Verdict(False, expected, "the same noise for two tensors", "same")
    return Verdict(True, expected, expected)
