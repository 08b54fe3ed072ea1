"""Points of a receiver operating characteristic (ROC) of a detector: misses against false accepts per hour."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.measure.arrays import array_of


def roc_points(keyword_scores: Any, other_scores: Any, hours: float) -> np.ndarray:
    """(points, 3) float64: threshold, false accepts per hour, percentage of keywords missed; thresholds rise.

    A score is a detection if it is the threshold or more. The thresholds are all scores that occur, each once.

    keyword_scores: (n,), the largest score while each keyword was spoken. other_scores: (m,), the peaks of the score in
    `hours` hours of other sound; there may be none.

    >>> roc_points([0.9, 0.6], [0.7], hours=0.5).tolist()
    [[0.6, 2.0, 0.0], [0.7, 2.0, 50.0], [0.9, 0.0, 50.0]]

    Raises:
        ValueError: no keyword, scores that are not finite, or hours that are not above 0.
    """
    spoken, others = array_of(keyword_scores, "scores of keywords"), array_of(other_scores, "other scores")
    if spoken.ndim != 1 or others.ndim != 1 or not len(spoken):
        raise ValueError(f"scores must be (n,) with at least one keyword, got shapes {spoken.shape} and {others.shape}")
    if not (np.isfinite(spoken).all() and np.isfinite(others).all()):
        raise ValueError("scores must be finite: look for NaN in the posteriors")
    if not (np.isfinite(hours) and hours > 0):
        raise ValueError(f"hours must be above 0, got {hours}: give the length of the other sound")
    thresholds = np.unique(np.concatenate([spoken, others]))
    missed = np.searchsorted(np.sort(spoken), thresholds, side="left")
    alarms = len(others) - np.searchsorted(np.sort(others), thresholds, side="left")
    return np.stack([thresholds, alarms / hours, 100 * missed / len(spoken)], 1)
