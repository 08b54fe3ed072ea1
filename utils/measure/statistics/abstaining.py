"""A network that may say "I don't know": what it gets wrong of the rest, and what the referred cases cost a clinic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.measure.statistics.calibration import reliability
from utils.measure.statistics.ranking import binary


@dataclass(frozen=True)
class Coverage:
    """The risk-coverage curve (El-Yaniv and Wiener, 2010): a point for each confidence at which the network may begin to answer.

    coverage: (k,) fraction of the cases that the network decides, rising to 1. error: (k,) fraction of those that it gets wrong.
    confidence: (k,) the lowest confidence that is decided, falling.
    """

    coverage: np.ndarray
    error: np.ndarray
    confidence: np.ndarray

    def within(self, error: float) -> float:
        """The largest coverage at which at most this fraction of the decided cases is wrong; 0 if there is none.

        >>> coverage_curve([0.9, 0.8, 0.7, 0.6], [1, 1, 1, 0]).within(0.1)
        0.75
        """
        good = self.error <= error
        return float(self.coverage[good].max()) if good.any() else 0.0


def coverage_curve(confidence: Any, right: Any) -> Coverage:
    """What the network gets wrong if it decides its surest cases and refers the others. Equally sure cases are decided together.

    confidence: (n,) the largest probability of each case. right: (n,) 0 or 1, whether that class is the label.

    >>> curve = coverage_curve([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 1])
    >>> curve.coverage.tolist(), curve.error.round(2).tolist()
    ([0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.33, 0.25])

    Raises:
        ValueError: as `reliability`.
    """
    reliability(confidence, right)
    said, good = np.asarray(confidence, dtype=np.float64), binary(right)
    order = np.argsort(-said, kind="stable")
    last = np.r_[np.flatnonzero(np.diff(said[order])), len(order) - 1]
    decided = last + 1
    return Coverage(decided / len(order), np.cumsum(~good[order])[last] / decided, said[order][last])


@dataclass(frozen=True)
class ClinicLoad:
    """What referred cases cost each day: how many a doctor reviews, and the hours for it."""

    reviews_a_day: float
    hours_a_day: float


def clinic_load(referred: float, patients_a_day: float, minutes_a_review: float) -> ClinicLoad:
    """The load of reviewing the referred cases. referred: their fraction, 1 - coverage.

    >>> clinic_load(0.25, patients_a_day=40, minutes_a_review=6)
    ClinicLoad(reviews_a_day=10.0, hours_a_day=1.0)

    Raises:
        ValueError: a fraction outside [0, 1], or a number below 0.
    """
    if not 0 <= referred <= 1 or not patients_a_day >= 0 or not minutes_a_review >= 0:
        raise ValueError(f"need a fraction in 0..1 and numbers of at least 0, got {referred}, {patients_a_day} and {minutes_a_review}")
    reviews = referred * patients_a_day
    return ClinicLoad(reviews, reviews * minutes_a_review / 60)
