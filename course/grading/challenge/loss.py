"""How many points a network loses to another on the same inputs, and how sure that is.

Both answer the same photos or windows, so what is hard about these cancels out. What is left to chance is
which ones they were: a loss counts as over its limit only where chance alone hardly explains it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ONE_SIDED = 1.645  # standard errors: chance explains more in one of twenty cases


@dataclass(frozen=True)
class Loss:
    """points: percent of the inputs, negative where the network gains. uncertainty: in points, one-sided at 95 %."""

    points: float
    uncertainty: float

    def within(self, limit: float, *, below: bool = False) -> bool:
        """Whether a loss up to `limit` (or, with `below`, under it) can't be ruled out."""
        least = self.points - self.uncertainty
        return least < limit if below else least <= limit

    def is_close(self, limit: float) -> bool:
        """Whether the limit lies within the uncertainty, so that it is chance that decides."""
        return abs(self.points - limit) <= self.uncertainty


def lost(reference: np.ndarray, own: np.ndarray) -> Loss:
    """reference, own: (draws, inputs) bool, whether each answer of the two networks is right; draws are independent of each other.

    One photo a row, or in a row all windows of one changed copy, which then stand for themselves.

    Raises:
        ValueError: other shapes than each other's, or nothing.
    """
    if reference.shape != own.shape or reference.ndim != 2 or not own.size:
        raise ValueError(f"need draws of the same shape, (draws, inputs), got {reference.shape} and {own.shape}")
    each = 100 * (reference.astype(float) - own).mean(1)
    spread = each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else 100 / ONE_SIDED  # a single draw shows none: nothing is sure
    return Loss(float(each.mean()), float(ONE_SIDED * spread))
