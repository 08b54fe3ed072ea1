"""A judge of integers, and draws of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Verdict


def integer(judge: Judge) -> Judge:
    """As `judge`, of an int or an array of integers: a float can't represent all large ones, and compares equal to its neighbors."""

    def both(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = judge(answer, inputs)
        exact = type(answer) is int or (isinstance(answer, np.ndarray) and answer.dtype.kind in "iu")
        return verdict if exact or not verdict.passed else Verdict(False, verdict.expected, "a float of that value", "float")

    return both


def between(rng: np.random.Generator, low: int, high: int) -> int:
    """An int, both ends included."""
    return int(rng.integers(low, high + 1))


def decimal(rng: np.random.Generator, low: float, high: float, digits: int = 2) -> float:
    """A float with few digits, so that a case is easy to read."""
    return round(float(rng.uniform(low, high)), digits)
