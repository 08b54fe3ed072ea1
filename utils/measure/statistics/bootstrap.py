"""How far a figure would move with another test set of the same size: bootstrap intervals (Efron, 1979).

Test samples are drawn with replacement, the figure is computed from each draw, and the interval holds the middle of what
comes out. Samples that belong together, such as the windows of one person, are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.measure.arrays import array_of


@dataclass(frozen=True)
class Interval:
    """A figure and the bounds between which it lies with the chosen confidence.

    >>> print(Interval(93.94, 93.2, 94.61))
    93.9 [93.2, 94.6]
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.1f} [{self.low:.1f}, {self.high:.1f}]"


def bootstrap(
    statistic: Callable[..., float],
    *arrays: Any,
    groups: Any = None,
    strata: Any = None,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The figure of all samples, with its percentile interval.

    statistic: (arrays, each with the drawn samples) -> a number. Arrays given together are drawn together, so the difference
    of two networks is one statistic of both their predictions: a paired comparison.
    arrays: (n, ...) each. groups: (n,), samples of one group (a person, a machine) are drawn together. strata: (n,), each
    stratum (a class) keeps its number of samples. Not both.

    >>> right = np.arange(1000) < 900
    >>> print(bootstrap(lambda hits: 100 * hits.mean(), right))
    90.0 [88.0, 91.8]

    Raises:
        ValueError: no arrays or samples, other lengths, groups and strata at once, fewer than two groups, fewer than 100
            resamples, a confidence outside (0, 1), or a figure that is not finite in one of the draws.
    """
    columns = [array_of(one, "a bootstrap's array") for one in arrays]
    count = len(columns[0]) if columns and columns[0].ndim else 0
    if not count or any(len(one) != count for one in columns):
        raise ValueError(f"a bootstrap needs arrays of one length with at least one sample, got {[np.shape(one) for one in columns]}")
    if resamples < 100 or not 0 < confidence < 1:
        raise ValueError(f"need at least 100 resamples and a confidence between 0 and 1, got {resamples} and {confidence}")
    draw = _drawing(count, groups, strata)
    rng, found = np.random.default_rng(seed), []
    for _ in range(resamples):
        picked = draw(rng)
        found.append(float(statistic(*(one[picked] for one in columns))))
    value = float(statistic(*columns))
    if not np.isfinite([value, *found]).all():
        raise ValueError("the figure is not finite in some draws, as where a draw has no sample of a class: give strata, the labels")
    tail = 50 * (1 - confidence)
    low, high = np.percentile(found, (tail, 100 - tail))
    return Interval(value, float(low), float(high))


def _drawing(count: int, groups: Any, strata: Any) -> Callable[[np.random.Generator], np.ndarray]:
    """What draws the places of a resample."""
    if groups is not None and strata is not None:
        raise ValueError("a bootstrap draws whole groups or within strata: give one of the two")
    if groups is None and strata is None:
        return lambda rng: rng.integers(count, size=count)
    said = array_of(strata if groups is None else groups, "groups" if strata is None else "strata")
    if said.shape != (count,):
        raise ValueError(f"groups or strata must be {count} values, one for each sample, got shape {said.shape}")
    places = [np.flatnonzero(said == one) for one in np.unique(said)]
    if groups is None:
        return lambda rng: np.concatenate([rng.choice(one, len(one)) for one in places])
    if len(places) < 2:
        raise ValueError("a bootstrap over groups needs two groups at least, got 1: leave groups out, or test on more people")
    return lambda rng: np.concatenate([places[at] for at in rng.integers(len(places), size=len(places))])
