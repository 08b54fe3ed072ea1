"""Lab 06's probes: these run where the student's code runs.

`interleave` gets contestants and a clock that know no time but their own: a call moves the clock on by its cost times
the pace of the machine at that moment, so the samples alone tell who ran when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.exercises.answers import plain
from utils.exercises.probing import call, error_of, look_again

__all__ = [
    "and_of_nothing",
    "as_it_lies",
    "by_its_own_clock",
    "drawn",
    "drawn_twice",
    "error_of",
    "interleave_again",
    "interleave_error",
    "interleaved",
    "look_again",
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


class _Machine:
    """A clock in seconds, and calls that take their time by it."""

    def __init__(self, start_s: float, pace: Sequence[float]) -> None:
        self.now_s, self._pace, self._calls = start_s, pace, 0

    def clock(self) -> float:
        return self.now_s

    def work(self, cost_ms: float) -> None:
        self.now_s += cost_ms * self._pace[self._calls % len(self._pace)] / 1000
        self._calls += 1


def interleaved(function: Function, names: list[str], costs: list[float], pace: list[float], rounds: int, start_s: float) -> Any:
    """What `interleave` returns for contestants of these names and costs in ms, timed by the clock of a machine of this pace."""
    machine = _Machine(start_s, pace)
    contestants = {name: partial(machine.work, cost) for name, cost in zip(names, costs, strict=True)}
    answer = function(contestants, rounds, machine.clock)
    if type(answer) is dict and any(map(callable, answer.values())):  # the contestants themselves: say so in place of an error
        return {name: "a function" if callable(value) else plain(value) for name, value in answer.items()}
    return plain(answer, numpy=False)


def interleave_again(
    function: Function, names: list[str], costs: list[float], pace: list[float], rounds: int, start_s: float
) -> dict[str, Any]:
    """As `look_again`: the names that are left in the dict of contestants afterwards."""
    machine = _Machine(start_s, pace)
    contestants = {name: partial(machine.work, cost) for name, cost in zip(names, costs, strict=True)}
    answer = plain(function(contestants, rounds, machine.clock), numpy=False)
    return {"answer": answer, "inputs": (list(contestants), costs, pace, rounds, start_s)}


def interleave_error(function: Function, names: list[str], rounds: int) -> dict[str, Any]:
    """As `error_of`, with contestants that do nothing."""
    machine = _Machine(0.0, [1.0])
    contestants = {name: partial(machine.work, 1.0) for name in names}
    return error_of(function, contestants, rounds, machine.clock)


def by_its_own_clock(function: Function, names: list[str], rounds: int) -> Any:
    """What `interleave` returns where no clock is given."""
    contestants = {name: partial(sum, range(2000)) for name in names}
    return plain(function(contestants, rounds), numpy=False)


def drawn(function: Function, *inputs: Any) -> list[Any]:
    """The batches of `calibration_batches`, whether they come as a list or one by one; no more than can be right."""
    return [call(lambda *_, batch=batch: batch, *inputs) for batch in islice(function(*inputs), len(inputs[0]) + 1)]


def _dice() -> tuple[bytes, str]:
    """The states of the two generators that everybody draws from."""
    return torch.random.get_rng_state().numpy().tobytes(), str(np.random.get_state())


def drawn_twice(function: Function, images: Tensor, count: int, batch_size: int, seed: int) -> dict[str, Any]:
    """The batches of this seed, of the same again, and of another; and whether anybody else's random numbers were used up."""
    before = _dice()
    first = drawn(function, images, count, batch_size, seed)
    kept = _dice() == before
    torch.rand(3)  # between two calls a lab draws this and that
    again = drawn(function, images, count, batch_size, seed)
    return {"first": first, "again": again, "other": drawn(function, images, count, batch_size, seed + 1), "kept": kept}
