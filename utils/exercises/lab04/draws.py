"""The inputs of lab 04: masks with chosen gaps, symbols, and probabilities that are multiples of 1/4096."""

from collections.abc import Iterable

import numpy as np
from torch import Tensor, from_numpy

from utils.exercises.kit import Rng

TOTAL = 4096  # probabilities are multiples of its inverse, which every float holds exactly


def mask_of(gaps: Iterable[int], behind: int = 0) -> Tensor:
    """A flat mask: before each True so many Falses, and some behind the last."""
    return from_numpy(np.array([bit for gap in gaps for bit in [False] * gap + [True]] + [False] * behind, dtype=bool))


def probabilities(rng: Rng, count: int, skew: float = 1.0) -> Tensor:
    """Positive fractions of 4096 that add up to 1, in any order, float32. skew: 0 for about equal ones."""
    shares = np.exp(-skew * np.arange(count)) * rng.uniform(0.8, 1.2, count)
    found = np.maximum(1, np.floor(TOTAL * shares / shares.sum())).astype(np.int64)
    found[0] += TOTAL - found.sum()
    return from_numpy((rng.permutation(found) / TOTAL).astype(np.float32))


def symbols_by(rng: Rng, chances: Tensor, *shape: int) -> Tensor:
    """Indices drawn with these probabilities."""
    return from_numpy(rng.choice(len(chances), size=shape, p=chances.double().numpy() / chances.double().sum().item()))
