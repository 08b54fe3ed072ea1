"""Lab 11's probes: each call of `subject_split` gets a generator of random numbers of its own."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

__all__ = ["many_splits", "split", "three_splits"]

Function = Callable[..., Any]


def split(function: Function, subjects: Tensor, test_fraction: float, seed: int) -> Any:
    """Call `subject_split` with a generator of this seed."""
    return function(subjects, test_fraction, np.random.default_rng(seed))


def many_splits(function: Function, subjects: Tensor, test_fraction: float, count: int, seed: int) -> list[Any]:
    """The test indices of `count` splits with one generator."""
    rng = np.random.default_rng(seed)
    return [function(subjects.clone(), test_fraction, rng)[1] for _ in range(count)]


def three_splits(function: Function, subjects: Tensor, test_fraction: float, seed: int) -> dict[str, Any]:
    """The test indices of three splits: two with equal generators, one with another."""
    runs = {"first": seed, "second": seed, "other": seed + 1}
    return {name: [int(at) for at in split(function, subjects.clone(), test_fraction, one)[1]] for name, one in runs.items()}
