"""How many points a network loses to another on the same inputs, and how sure that is.

Both answer the same photos or windows, so what is hard about these cancels out. What is left to chance is
which ones they were: a loss counts as over its limit only where chance alone hardly explains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from course.grading.challenge.testsets import Photos, changed_windows
from utils.models import zoo

AT_ONCE = 250
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


@lru_cache(maxsize=2)
def large_is_right(photos: Photos) -> np.ndarray:
    """(n,) bool: which photos the network gets right that lab 06 compares with."""
    return _classes(zoo.load("fashion_large"), photos.images) == photos.labels


@lru_cache(maxsize=2)
def shipped_is_right(seed: int) -> np.ndarray:
    """(copies, n) bool: which windows of the known people the network gets right that lab 08 begins with."""
    windows = changed_windows(seed)
    shipped = zoo.load("motion_watch")
    return np.stack([_classes(shipped, copy) == windows.kept_labels for copy in windows.kept])


def _classes(model: torch.nn.Module, inputs: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        parts = [model(torch.from_numpy(inputs[at : at + AT_ONCE])).argmax(1) for at in range(0, len(inputs), AT_ONCE)]
    return torch.cat(parts).numpy()
