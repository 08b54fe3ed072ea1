"""latency_percentiles: the median and the tail of a series of runs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, tensor, zeros

from utils.exercises.draws import between, decimal
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, close_to, exercise, keeps_inputs, refuses

Three = tuple[float, float, float]


def percentiles(samples_ms: np.ndarray, method: Any = "linear") -> Three:
    """numpy's, interpolated between neighbors."""
    p50, p95, p99 = np.percentile(samples_ms.astype(float), (50, 95, 99), method=method)
    return float(p50), float(p95), float(p99)


def numpy_percentiles(samples_ms: Tensor) -> Three:
    """`latency_percentiles` by numpy.percentile."""
    if not len(samples_ms):
        raise ValueError("there are no samples: time at least one run")
    return percentiles(samples_ms.detach().numpy())


def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Three numbers. The verdict is about "tensors" where tensors of several values came instead."""
    verdict = close_to(percentiles, rtol=1e-5)(answer, inputs)
    parts = answer if type(answer) in (list, tuple) else ()
    several = any(isinstance(part, np.ndarray) and part.ndim for part in parts)
    return replace(verdict, about="tensors") if several and not verdict.passed else verdict


def _at(positions: Callable[[int], float]) -> Callable[[np.ndarray], Any]:
    """The samples as they come, at other positions. positions: number of samples -> position of the last."""
    return lambda samples: tuple(float(samples[int(part * positions(len(samples)))]) for part in (0.5, 0.95, 0.99))


_ORDER = ("In which order are the samples?", "Sort them first: p95 is what 95 of 100 samples do not exceed.")
_BETWEEN = (
    "Where is p95 of 20 samples?",
    "At position 0.95 * (n - 1) of the sorted samples, counted from 0. Between two samples, interpolate linearly.",
)
_MEAN = ("What does one pause of half a second change?", "The mean moves, the median almost not at all: do not take a mean.")
_PERCENT = ("From 0 to 1, or from 0 to 100?", "np.percentile takes percents, 50 for the median; np.quantile takes fractions.")
_TENSORS = ("What does sort return?", "torch.sort gives the values and their indices: take .values, and .item() for a plain number.")
MISTAKES = (
    Mistake("does not sort", _at(lambda n: n - 1), _ORDER),
    Mistake("takes the lower neighbor", lambda samples: percentiles(samples, "lower"), _BETWEEN),
    Mistake("takes the upper neighbor", lambda samples: percentiles(samples, "higher"), _BETWEEN),
    Mistake("counts positions from 1", lambda samples: percentiles(samples, "weibull"), _BETWEEN),
    Mistake("fractions for percents", lambda samples: tuple(np.percentile(samples, (0.5, 0.95, 0.99)).tolist()), _PERCENT),
    Mistake("takes the mean for the median", lambda samples: (float(samples.mean()), *percentiles(samples)[1:]), _MEAN),
)
STEPS = (
    "Refuse an empty tensor. Sort into a new list. For each fraction, find the position; its integer part is the lower neighbor. "
    "Go the remaining part of the way to the upper one, if there is one."
)


@exercise(numpy_percentiles, points=3, difficulty=2, minutes=10, judge=judge, mistakes=MISTAKES, steps=STEPS)
def latency_percentiles(rng: Rng) -> Cases:
    """latency_percentiles(samples_ms) -> tuple of three floats: p50, p95, p99."""
    special = {"tensors": _TENSORS}

    def runs(count: int) -> Tensor:
        return from_numpy((rng.gamma(2.0, 1.0, size=count) + 0.5).astype(np.float32))

    first = from_numpy((rng.permutation(101) / 8 + decimal(rng, 0, 3)).astype(np.float32))
    yield Case("101 samples: the 50th, 95th and 99th", (first,), weight=2, hints=_BETWEEN, hints_for=special)
    yield Case("between two samples", (runs(20),), weight=2, hints=_BETWEEN, hints_for=special)
    yield Case("an odd count", (runs(2 * between(rng, 15, 19) + 1),), hints=_BETWEEN, hints_for=special)
    slow = runs(60)
    slow[between(rng, 0, 59)] = 500.0
    yield Case("one very slow run", (slow,), hints=_MEAN, hints_for=special)
    one = ("Where is position 0 of one sample?", "All three are that sample: there is no upper neighbor.")
    yield Case("a single sample", (tensor([decimal(rng, 0.1, 0.9)]),), hints=one, hints_on_error=True)
    yield Case("equal samples", (zeros(9) + decimal(rng, 1, 3),), hints=_ORDER)
    yield keeps_inputs(runs(8))
    yield refuses("an empty tensor", (tensor([]),))
