"""Latency, measured so that two networks can be compared on a machine that is also doing other things.

Batch of one, one thread, warm-up first, then rounds in which every contestant runs once, in a new
order each round: a disturbance hits all alike. We report the median and the tail, never the mean,
and compare by the median of the ratios within rounds with its bootstrap interval.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.measure.arrays import array_of
from utils.measure.runnable import Runnable, check_runnable, ready
from utils.measure.state import no_collection, one_thread

FEWEST_ROUNDS = 3
MAX_BUDGET = "TITANS_LATENCY_S"  # the checks of the course set it: they look at no time, and need not wait for a precise one


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one inference: the median, and what 95 and 99 of 100 runs stay below."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    rounds: int


@dataclass(frozen=True)
class Ratio:
    """How many times as long one takes as the other, with the interval that holds the median at 95 %."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f}x [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class Timings:
    """Every sample of one run. samples_ms: contestant -> (rounds,) milliseconds; equal index, same round."""

    samples_ms: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> Latency:
        samples = self._of(name)
        p50, p95, p99 = map(float, np.percentile(samples, (50, 95, 99)))
        return Latency(p50, p95, p99, len(samples))

    def _of(self, name: str) -> np.ndarray:
        if name not in self.samples_ms:
            raise KeyError(f"{name!r} was not timed: choose from {', '.join(self.samples_ms)}")
        return self.samples_ms[name]

    def ratio(self, slow: str, fast: str, *, resamples: int = 1000, seed: int = 0) -> Ratio:
        """Median over rounds of (time of `slow` / time of `fast`): above 1, `fast` is the faster one.

        Raises:
            KeyError: a name that was not timed.
        """
        ratios = self._of(slow) / self._of(fast)
        picks = np.random.default_rng(seed).integers(len(ratios), size=(resamples, len(ratios)))
        low, high = np.percentile(np.median(ratios[picks], axis=1), (2.5, 97.5))
        return Ratio(float(np.median(ratios)), float(low), float(high))


def first_sample(example: Any) -> np.ndarray:
    """The first sample of a batch, (1, ...) float32.

    Raises:
        ValueError: an empty batch or a single number.
    """
    whole = array_of(example, "the example")
    if whole.ndim < 2 or not len(whole):
        raise ValueError(f"the example must be a batch such as (1, channels, height, width), got shape {whole.shape}")
    return np.ascontiguousarray(whole[:1], dtype=np.float32)


def latency(
    contestants: Mapping[str, Runnable],
    example: Any,
    *,
    rounds: int = 200,
    warmup: int = 10,
    budget_s: float = 2.0,
    clock: Callable[[], float] = time.perf_counter,
    seed: int = 0,
) -> Timings:
    """Time all contestants on the first sample of `example`, interleaved.

    budget_s: seconds for everything; when they are used up the rounds end early, but not before three. With the environment
    variable TITANS_LATENCY_S it is never more than that.
    clock: gives seconds; tests hand in one that does not depend on the machine.

    Raises:
        ValueError: nobody to time, a bare model, no rounds, an example that is no batch, or a clock too coarse to see a run.
    """
    if not contestants or rounds < FEWEST_ROUNDS:
        raise ValueError(f"need a contestant and at least {FEWEST_ROUNDS} rounds, got {len(contestants)} and {rounds} rounds")
    if warmup < 0:
        raise ValueError(f"warmup must be at least 0 rounds, got {warmup}: use 0 for none")
    batch, budget_s = first_sample(example), min(budget_s, float(os.environ.get(MAX_BUDGET, budget_s)))
    for contestant in contestants.values():
        check_runnable(contestant)
    names, order = list(contestants), np.random.default_rng(seed)
    samples: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        stack.enter_context(one_thread())
        for runnable in {id(r): r for r in contestants.values()}.values():
            stack.enter_context(ready(runnable))
        stack.enter_context(no_collection())
        begin = clock()
        for _ in range(warmup):
            for name in names:
                contestants[name].run(batch)
            if clock() - begin > budget_s / 4:
                break
        for done in range(rounds):
            if done >= FEWEST_ROUNDS and clock() - begin > budget_s:
                break
            for index in order.permutation(len(names)):
                run = contestants[names[index]].run
                start = clock()
                run(batch)
                samples[names[index]].append(1000 * (clock() - start))
    if min(map(min, samples.values())) <= 0:
        raise ValueError("the clock did not advance during a run: use one with a finer resolution, such as time.perf_counter")
    return Timings({name: np.array(values) for name, values in samples.items()})
