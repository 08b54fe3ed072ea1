"""A fair sample of a stream in fixed memory (Vitter, Random Sampling with a Reservoir, 1985, algorithm R)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import numpy as np

Sample = TypeVar("Sample")


class Reservoir(Generic[Sample]):
    """Hold at most `capacity` samples of a stream; each sample seen is held with the same probability.

    items: the samples that are held. seen: how many were offered.

    >>> reservoir = Reservoir(3, np.random.default_rng(0))
    >>> reservoir.extend(range(100))
    >>> len(reservoir.items), reservoir.seen
    (3, 100)

    Raises:
        ValueError: a capacity below 1.
    """

    def __init__(self, capacity: int, rng: np.random.Generator) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be an integer of at least 1, got {capacity}")
        self.capacity, self.seen = capacity, 0
        self.items: list[Sample] = []
        self._rng = rng

    def add(self, sample: Sample) -> None:
        """Offer one sample: it takes a free place, or with probability capacity / seen the place of a random one."""
        self.seen += 1
        if len(self.items) < self.capacity:
            self.items.append(sample)
        elif (place := int(self._rng.integers(self.seen))) < self.capacity:
            self.items[place] = sample

    def extend(self, samples: Iterable[Sample]) -> None:
        """Offer many, one after another."""
        for sample in samples:
            self.add(sample)

    def __len__(self) -> int:
        return len(self.items)
