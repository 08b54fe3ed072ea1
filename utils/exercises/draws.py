"""Inputs as a seed draws them: integers, short decimals, normal tensors."""

from __future__ import annotations

import numpy as np
from torch import Tensor, from_numpy

from utils.exercises.declare import Rng


def between(rng: Rng, low: int, high: int) -> int:
    """An integer from low to high, both included."""
    return int(rng.integers(low, high + 1))


def integers(rng: Rng, low: int, high: int, *shape: int) -> np.ndarray:
    """Integers from low to high, both included, in an array of this shape."""
    return rng.integers(low, high + 1, size=shape)


def seed(rng: Rng) -> int:
    """A seed for another generator."""
    return int(rng.integers(1 << 30))


def decimal(rng: Rng, low: float, high: float, digits: int = 2) -> float:
    """A float with few digits, so that a case is easy to read."""
    return round(float(rng.uniform(low, high)), digits)


def normal(rng: Rng, *shape: int, scale: float = 1.0) -> Tensor:
    """Weights, logits or features, float32, with a standard deviation of `scale`."""
    return from_numpy(np.asarray(scale * rng.normal(size=shape), dtype=np.float32))
