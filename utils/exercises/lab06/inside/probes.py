"""Lab 06's probes. `interleave` gets functions and a clock that know no time but that of a `Machine`, which stays outside."""

import random
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from utils.exercises.inside.answers import plain
from utils.exercises.inside.probing import call

Function = Callable[..., Any]


def as_it_lies(function: Function, photos: Tensor, mean: list[float], std: list[float]) -> dict[str, Any]:
    """The numbers as one after another in memory, and their dtype: what a runtime that knows no strides reads."""
    answer = function(photos, mean, std)
    if not isinstance(answer, Tensor):
        return {"answer": call(lambda *_: answer, photos)}
    return {"memory": answer.detach().as_strided((answer.numel(),), (1,)), "dtype": str(answer.dtype)}


def and_of_nothing(function: Function, tensors: list[Any]) -> dict[str, Any]:
    """The plan of no tensors, and that of some."""
    return {"nothing": call(function, []), "some": call(function, tensors)}


def interleaved(function: Function, ask: Function, names: list[str], rounds: int) -> Any:
    """What `interleave` returns for functions of these names, timed by the machine's clock."""

    def named(name: str) -> Callable[[], Any]:
        return lambda: ask("work", name)

    functions = {name: named(name) for name in names}
    times = _plain_times(function(functions, rounds, lambda: ask("clock")))
    names[:] = functions  # for a case about the inputs: which are left
    return times


def _plain_times(answer: Any) -> Any:
    if type(answer) is dict and any(map(callable, answer.values())):  # the functions themselves: say so instead of an error
        return {name: "a function" if callable(value) else plain(value) for name, value in answer.items()}
    return plain(answer, numpy=False)


def by_its_own_clock(function: Function, names: list[str], costs: list[float], rounds: int) -> dict[str, Any]:
    """What `interleave` returns where no clock is given, and which of the module's clocks it read ("": one it had before).

    time.perf_counter has run for two weeks here and moves with the functions alone; how long this machine has run plays no part.
    """
    now, read = [1_234_567.0], list[str]()

    def works(cost: float) -> Callable[[], None]:
        return lambda: now.__setitem__(0, now[0] + cost / 1000)

    def clock(name: str) -> float:
        read.append(name)
        return now[0]

    clocks: Any = {name: partial(clock, name) for name in ("perf_counter", "time", "process_time", "monotonic")}
    with patch.multiple(time, **clocks):
        answer = function({name: works(cost) for name, cost in zip(names, costs, strict=True)}, rounds)
    return {"times": _plain_times(answer), "read": "perf_counter" if "perf_counter" in read else next(iter(read), "")}


def drawn(function: Function, images: Tensor, count: int, batch_size: int, seed: int) -> list[Any]:
    """The batches of `calibration_batches`, whether they come as a list or one by one; no more than can be right."""
    batches = function(images, count, batch_size, seed)
    return [call(lambda *_, batch=batch: batch, images) for batch in islice(batches, len(images) + 1)]


def drawn_twice(function: Function, images: Tensor, count: int, batch_size: int, seed: int) -> dict[str, Any]:
    """The batches of this seed, of the same again, and of another."""
    first = drawn(function, images.clone(), count, batch_size, seed)
    torch.rand(3)  # between two calls a lab draws this and that
    second = drawn(function, images.clone(), count, batch_size, seed)
    return {"first": first, "second": second, "other": drawn(function, images.clone(), count, batch_size, seed + 1)}


def drawn_and_next(function: Function, images: Tensor, count: int, batch_size: int, seed: int, dice: int, more: int) -> dict[str, Any]:
    """The batches of this seed, and the next numbers of each global generator, all of which began at `dice`.

    The generators continue afterwards as if nothing had been drawn.
    """
    before = torch.random.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        torch.manual_seed(dice)
        np.random.seed(dice)
        random.seed(dice)
        batches = drawn(function, images, count, batch_size, seed)
        return {"batches": batches, "torch": torch.rand(more), "numpy": np.random.rand(more), "Python": [random.random()]}
    finally:
        torch.random.set_rng_state(before[0])
        np.random.set_state(before[1])
        random.setstate(before[2])
