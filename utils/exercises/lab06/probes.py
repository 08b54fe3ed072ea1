"""Lab 06's probes: these run where the student's code runs.

`interleave` gets contestants and a clock that know no time but that of a `machine.Machine`, which stays outside.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.exercises.inside.answers import plain
from utils.exercises.inside.probing import call

__all__ = [
    "and_of_nothing",
    "as_it_lies",
    "by_its_own_clock",
    "drawn",
    "drawn_and_next",
    "drawn_twice",
    "interleaved",
]

Function = Callable[..., Any]


def as_it_lies(function: Function, *inputs: Any) -> dict[str, Any]:
    """The numbers as one after another in memory, and their dtype: what a runtime that knows no strides reads."""
    answer = function(*inputs)
    if not isinstance(answer, Tensor):
        return {"answer": call(lambda *_: answer, *inputs)}
    return {"memory": answer.detach().as_strided((answer.numel(),), (1,)), "dtype": str(answer.dtype)}


def and_of_nothing(function: Function, tensors: list[Any]) -> dict[str, Any]:
    """The plan of no tensors, and that of some."""
    return {"nothing": call(function, []), "some": call(function, tensors)}


def interleaved(function: Function, ask: Function, names: list[str], rounds: int) -> Any:
    """What `interleave` returns for contestants of these names, timed by the machine's clock."""
    contestants = _contestants(ask, names)
    times = _plain_times(function(contestants, rounds, _clock(ask)))
    names[:] = contestants  # for a case about the inputs: which are left
    return times


def _contestants(ask: Function, names: list[str]) -> dict[str, Callable[[], Any]]:
    def contestant(name: str) -> Callable[[], Any]:
        return lambda: ask("work", name)

    return {name: contestant(name) for name in names}


def _clock(ask: Function) -> Callable[[], float]:
    return lambda: ask("clock")


def _plain_times(answer: Any) -> Any:
    if type(answer) is dict and any(map(callable, answer.values())):  # the contestants themselves: say so in place of an error
        return {name: "a function" if callable(value) else plain(value) for name, value in answer.items()}
    return plain(answer, numpy=False)


def by_its_own_clock(function: Function, names: list[str], rounds: int) -> Any:
    """What `interleave` returns where no clock is given."""
    contestants = {name: partial(sum, range(2000)) for name in names}
    return plain(function(contestants, rounds), numpy=False)


def drawn(function: Function, *inputs: Any) -> list[Any]:
    """The batches of `calibration_batches`, whether they come as a list or one by one; no more than can be right."""
    return [call(lambda *_, batch=batch: batch, *inputs) for batch in islice(function(*inputs), len(inputs[0]) + 1)]


def drawn_twice(function: Function, images: Tensor, count: int, batch_size: int, seed: int) -> dict[str, Any]:
    """The batches of this seed, of the same again, and of another."""
    first = drawn(function, images, count, batch_size, seed)
    torch.rand(3)  # between two calls a lab draws this and that
    again = drawn(function, images, count, batch_size, seed)
    return {"first": first, "again": again, "other": drawn(function, images, count, batch_size, seed + 1)}


def drawn_and_next(function: Function, images: Tensor, count: int, batch_size: int, seed: int, dice: int, more: int) -> dict[str, Any]:
    """The batches of this seed, and `more` numbers that each generator which everybody draws from gives next; they began at `dice`.

    They go on from there as if nothing had been.
    """
    before = torch.random.get_rng_state(), np.random.get_state()
    try:
        torch.manual_seed(dice)
        np.random.seed(dice)
        batches = drawn(function, images, count, batch_size, seed)
        return {"batches": batches, "torch": torch.rand(more), "numpy": np.random.rand(more)}
    finally:
        torch.random.set_rng_state(before[0])
        np.random.set_state(before[1])
