"""Lab 06's judges: how photos lie in memory, what a plan of an arena must satisfy, which images were drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Verdict, describe, difference, number
from utils.exercises.lab06 import oracles as right


def lies_in_memory(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `as_it_lies`: float32, in the order in which the shape (n, c, h, w) reads.

    Verdicts are about "dtype", or "strides" where the right numbers lie in another order.
    """
    wanted = right.prepared(*inputs).ravel()
    expected = f"float32, in memory {describe(wanted)}"
    if type(answer) is not dict or set(answer) != {"memory", "dtype"} or type(answer["memory"]) is not np.ndarray:
        return Verdict(False, expected, describe(answer["answer"] if type(answer) is dict and "answer" in answer else answer))
    if answer["dtype"] != "torch.float32":
        return Verdict(False, expected, f"a tensor of {str(answer['dtype'])[:30]}", "dtype")
    memory = answer["memory"]
    fault = difference(memory, wanted, 1e-4, 1e-5)
    about = "strides" if fault and difference(np.sort(memory), np.sort(wanted), 1e-4, 1e-5) is None else ""
    return Verdict(fault is None, expected, f"in memory {describe(memory)}" if about else fault or expected, about)


def tensors_of_times(judge: Judge) -> Judge:
    """As `judge`; a dict in which something else stands than a tensor for each name is about "tensors"."""

    def both(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = judge(answer, inputs)
        others = [value for value in answer.values() if type(value) is not np.ndarray] if type(answer) is dict else [answer]
        return replace(verdict, about="tensors") if others and not verdict.passed else verdict

    return both


def by_the_clock(judge: Judge) -> Judge:
    """As `answered`; where it did not pass and the machine's clock was never read, it is about "clock": the times are another's.

    How long they are says nothing: in a sandbox a call takes the time of a question and its answer.
    """

    def both(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = judge(answer["answer"], inputs)
        unread = not verdict.passed and not verdict.about and ("clock",) not in answer["asked"]
        return replace(verdict, about="clock") if unread else verdict

    return both


def as_samples(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `by_its_own_clock`, inputs: (names, rounds). A time above 0 for each run; nobody knows which."""
    names, rounds = inputs
    expected = f"{rounds} times above 0 for each of {', '.join(names)}"
    if type(answer) is not dict or set(answer) != set(names):
        return Verdict(False, expected, describe(answer))
    for name, samples in answer.items():
        if type(samples) is not np.ndarray or samples.shape != (rounds,) or samples.dtype.kind != "f":
            return Verdict(False, expected, f"for {name}, {describe(samples)}")
        if not (np.isfinite(samples) & (samples > 0)).all():
            return Verdict(False, expected, f"for {name}, a time of {number(samples.min())} ms")
    return Verdict(True, expected, expected)


def fits_the_arena(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (tensors,). Every tensor has an offset, no two that are alive at once share a byte, no more bytes than largest first.

    Verdicts are about "names", "whole" (an offset that is no whole number of bytes from 0), "overlap" or "peak".
    """
    (tensors,) = inputs
    enough = right.peak(tensors, right.greedy(tensors))
    expected = f"no overlap, at most {enough} bytes (no plan needs less than {right.lower_bound(tensors)})"
    names = {name for name, *_ in tensors}
    if type(answer) is not dict or set(answer) != names:
        return Verdict(False, expected, describe(answer), "names")
    offsets = {}
    for name, offset in answer.items():
        plain = offset.item() if isinstance(offset, np.ndarray) and offset.ndim == 0 else offset
        if type(plain) is not int or plain < 0:
            return Verdict(False, expected, f"for {name}, {describe(offset)}", "whole")
        offsets[name] = plain
    if pair := right.overlap(tensors, offsets):
        sizes = {name: size for name, size, *_ in tensors}
        places = " and ".join(f"{name} at {offsets[name]} to {offsets[name] + sizes[name] - 1}" for name in pair)
        return Verdict(False, expected, f"{places}, alive at once", "overlap")
    needed = right.peak(tensors, offsets)
    return Verdict(needed <= enough, expected, f"{needed} bytes", "peak" if needed > enough else "")


def plans_nothing_too(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `and_of_nothing`: the plan of no tensors is empty, and that of some is one."""
    if type(answer) is not dict or set(answer) != {"nothing", "some"}:
        return Verdict(False, "an empty dict", describe(answer))
    if type(answer["nothing"]) is not dict or answer["nothing"]:
        return Verdict(False, "an empty dict", describe(answer["nothing"]))
    return fits_the_arena(answer["some"], inputs)


def batches_of(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (images, count, batch_size, seed). Different images of these, in batches of this size, the last one perhaps smaller.

    Verdicts are about "sizes", "twice" (an image came again) or "first" (neighbours in the set; a draw that was sorted is none).
    """
    images, count, batch_size, _ = inputs
    sizes = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    expected = f"{count} different images of {len(images)}, in batches of {_few(sizes)}"
    numbers, fault = _numbers(answer, images)
    if numbers is None:
        return Verdict(False, expected, fault)
    if [len(batch) for batch in numbers] != sizes:
        return Verdict(False, expected, f"batches of {_few([len(batch) for batch in numbers])}", "sizes")
    chosen = [one for batch in numbers for one in batch]
    if len(set(chosen)) < count:
        return Verdict(False, expected, f"{count - len(set(chosen))} of {count} came again", "twice")
    if chosen == list(range(chosen[0], chosen[0] + count)) and 5 < count < len(images):
        return Verdict(False, expected, f"images {_few(chosen)}, in the order of the set", "first")
    return Verdict(True, expected, expected)


def seeded(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `drawn_twice`: one seed gives one set of batches, another seed another; verdicts are about "always" or "again"."""
    expected = "the same batches again by the same seed, others by another"
    if type(answer) is not dict or set(answer) != {"first", "again", "other"}:
        return Verdict(False, expected, describe(answer))
    if not (judged := batches_of(answer["first"], inputs)).passed and judged.about != "first":
        return judged
    if difference(answer["again"], answer["first"]) is not None:
        return Verdict(False, expected, "the same seed gives others", "again")
    if difference(answer["other"], answer["first"]) is None:
        return Verdict(False, expected, "another seed gives the same", "always")
    return Verdict(True, expected, expected)


def leaves_the_dice(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `drawn_and_next`: what all others draw next is what they draw where nobody came before. inputs: (..., dice, more)."""
    expected, (*asked, dice, more) = "a generator of its own", inputs
    if type(answer) is not dict or set(answer) != {"batches", "torch", "numpy"}:
        return Verdict(False, expected, describe(answer))
    if not (judged := batches_of(answer["batches"], tuple(asked))).passed and judged.about != "first":
        return judged
    kept = all(difference(answer[name], numbers) is None for name, numbers in right.next_numbers(dice, more).items())
    return Verdict(kept, expected, expected if kept else "random numbers that others would have drawn")


def _numbers(answer: Any, images: np.ndarray) -> tuple[list[list[int]] | None, str]:
    """Which images each batch holds; every image is filled with a number of its own."""
    if type(answer) not in (list, tuple):
        return None, describe(answer)
    known = {float(image.flat[0]): at for at, image in enumerate(images)}
    found = []
    for batch in answer:
        if type(batch) is not np.ndarray or batch.shape[1:] != images.shape[1:] or batch.ndim != images.ndim:
            return None, f"a batch of {describe(batch)}"
        firsts = [float(row.flat[0]) for row in batch]
        if any(first not in known or not np.array_equal(row, images[known[first]]) for row, first in zip(batch, firsts, strict=True)):
            return None, "an image that is none of these"
        found.append([known[first] for first in firsts])
    return found, ""


def _few(values: list[int]) -> str:
    return ", ".join(map(str, values[:6])) + (", ..." if len(values) > 6 else "")
