"""Pareto front: the points that no other point beats in both cost and quality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def pareto_front(points: Sequence[tuple[float, float]] | np.ndarray) -> list[int]:
    """Return the indices of the points that no other point dominates, by rising cost; equal points by their index.

    points: (n, 2), cost (less is better) and quality (more is better). A point dominates another one if it is no worse in
    both and better in one. Of equal points all are kept.

    >>> pareto_front([(10, 80.0), (20, 90.0), (30, 85.0), (5, 80.0)])
    [3, 1]

    Raises:
        ValueError: points that are not pairs, or not numbers.
    """
    values = np.asarray(points, dtype=float)
    if not values.size:
        return []
    if values.ndim != 2 or values.shape[1] != 2 or np.isnan(values).any():
        raise ValueError(f"points must be pairs (cost, quality) of numbers, got shape {values.shape}: leave out those with NaN")
    order = np.lexsort((np.arange(len(values)), -values[:, 1], values[:, 0]))  # by cost, then the best first
    front: list[int] = []
    best, cost_of_best = -np.inf, np.inf
    for at in order:
        cost, quality = values[at]
        if not front or quality > best or (quality == best and cost == cost_of_best):
            front.append(int(at))
            best, cost_of_best = quality, cost
    return front
