"""Lab 08's probes. Which methods of the generator are called is free."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

__all__ = ["many", "noised", "noised_twice", "path", "tensors", "twice"]

Function = Callable[..., Any]


def _is_buffer(answer: Any, capacity: int) -> bool:
    return isinstance(answer, list | tuple) and len(answer) == capacity


def _buffers(function: Function, capacity: int, samples: list[Any], rng: np.random.Generator) -> list[Any]:
    """The buffer after each sample, up to an answer that is not a buffer of as many slots."""
    after: list[Any] = []
    buffer: Any = [None] * capacity
    for seen, sample in enumerate(samples):
        buffer = function(buffer, seen, sample, rng)
        if not _is_buffer(buffer, capacity):
            return [*after, buffer]
        after.append(list(buffer))
    return after


def path(function: Function, capacity: int, samples: list[Any], seed: int) -> list[Any]:
    """The buffer after each sample of a stream."""
    return _buffers(function, capacity, samples, np.random.default_rng(seed))


def many(function: Function, capacity: int, length: int, count: int, seed: int) -> list[Any]:
    """The buffers after `count` streams of the samples 0, 1, ..., length - 1, up to one that is not a buffer of as many slots."""
    rng, ends = np.random.default_rng(seed), []
    for _ in range(count):
        ends.append(_buffers(function, capacity, list(range(length)), rng)[-1])
        if not _is_buffer(ends[-1], capacity):
            break
    return ends


def twice(function: Function, capacity: int, length: int, seed: int) -> dict[str, Any]:
    """The buffers after three streams: two with equal generators, one with another."""
    runs = {"first": seed, "second": seed, "other": seed + 1}
    return {name: path(function, capacity, list(range(length)), one)[-1] for name, one in runs.items()}


def tensors(function: Function, capacity: int, samples: list[Tensor], seed: int) -> Any:
    """What is in the slots after a stream of tensors."""
    return path(function, capacity, samples, seed)[-1]


def noised(function: Function, update: dict[str, Tensor], clip: float, sigma: float, seed: int) -> Any:
    """Call `clip_and_noise` with a generator of this seed."""
    return function(update, clip, sigma, np.random.default_rng(seed))


def noised_twice(function: Function, update: dict[str, Tensor], clip: float, sigma: float, seed: int) -> dict[str, Any]:
    """The values of three answers, one after the other: two with equal generators, one with another."""
    runs = {"first": seed, "second": seed, "other": seed + 1}
    copies = {run: {name: part.clone() for name, part in update.items()} for run in runs}
    answers = {run: noised(function, copies[run], clip, sigma, one) for run, one in runs.items()}
    return {name: [float(value) for part in answer.values() for value in part.flatten()] for name, answer in answers.items()}
