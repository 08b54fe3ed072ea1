"""Lab 08's third exercise: a fair sample of a stream that nobody can store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import from_numpy

from utils.exercises.declare import Case
from utils.exercises.judges import Verdict, difference
from utils.exercises.lab08 import hints as say
from utils.exercises.lab08.judges import again, any_slot, equally, fills, newcomer
from utils.exercises.lab08.memory import lab
from utils.exercises.lab08.standins import algorithm_r
from utils.exercises.standins import library

__all__ = ["lab"]
TRIALS = 2500


def _holds_tensors(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """With as many samples as slots: they lie there in order."""
    _, samples, _ = inputs
    expected = f"the {len(samples)} tensors, in order"
    fault = difference(answer, samples)
    return Verdict(fault is None, expected, fault or expected)


@lab.exercise(points=3, difficulty=2, minutes=15, stand_in=library(algorithm_r, "Vitter's algorithm R"))
def reservoir_update(rng: np.random.Generator) -> Iterator[Case]:
    """reservoir_update(buffer, seen, sample, rng) -> the buffer, a list of as many slots."""
    lot = lambda: int(rng.integers(1 << 30))  # noqa: E731
    back = {"return": say.RETURN, "error": say.RETURN}
    steps = {"free": say.FREE, "several": ("How many slots may change?", "One at most, and what goes in is the sample."), **back}
    first = "fills the free slots"
    yield Case(first, (4, 4, lot()), fills, hints=say.FREE, hints_for=steps, probe="path")
    yield Case("changes one slot at a time", (3, 60, lot()), fills, hints=say.SLOTS, hints_for=steps, probe="path")
    full = "the first one that finds no free slot"
    yield Case(full, (2, 3, TRIALS, lot()), newcomer, 2, say.CHANCE, hints_for=back, probe="many")
    yield Case("the one after it", (3, 5, TRIALS, lot()), newcomer, hints=say.CHANCE, hints_for=back, probe="many", basis=full)
    long = "after a stream all are equally likely"
    yield Case(long, (3, 12, TRIALS, lot()), equally, 2, say.EQUAL, hints_for=back, probe="many", basis=full)
    yield Case("every slot gives way", (4, 5, TRIALS, lot()), any_slot, hints=say.SLOTS, hints_for=back, probe="many", basis=full)
    one = ("What is the chance of the n-th sample in a single slot?", "1 / n, so that n samples share one slot equally.")
    yield Case("a buffer of one slot", (1, 6, TRIALS, lot()), equally, hints=one, hints_for=back, probe="many", basis=long)
    none = ("What can be kept without a slot?", "Nothing: the buffer stays empty, and no error is needed.")
    yield Case("a buffer without slots", (0, 5, lot()), fills, hints=none, hints_for={**steps, "error": none}, probe="path")
    yield Case("the same rng, the same samples", (8, 200, lot()), again, hints=say.AGAIN, hints_for=back, probe="twice")
    windows = [from_numpy(rng.normal(size=(2, 5)).astype(np.float32)) for _ in range(3)]
    compare = ("How does your function see that a slot is free?", "By `seen`, or by `is None`: == asks every number of a tensor.")
    error = {"error": compare}
    yield Case(
        "samples that are tensors", (3, windows, lot()), _holds_tensors, hints=compare, hints_for=error, probe="tensors", about="inputs"
    )
