"""Posteriors smoothed over time, and detections with a refractory time (Chen, Parada and Heigold, 2014)."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.measure.arrays import array_of


def posteriors_of(values: Any) -> np.ndarray:
    """(frames, classes) float64.

    Raises:
        ValueError: another shape, no frame or class, or numbers that are not in 0..1.
    """
    found = array_of(values, "posteriors")
    if found.ndim != 2 or not found.size:
        raise ValueError(f"posteriors must be (frames, classes) with at least one of each, got shape {found.shape}: give a row a frame")
    if not (np.isfinite(found).all() and found.min() >= 0 and found.max() <= 1 + 1e-6):
        raise ValueError("posteriors must lie in 0..1: apply softmax to the logits first, and look for NaN")
    return found.astype(np.float64)


def smooth(posteriors: Any, window: int) -> np.ndarray:
    """The mean of each class over the current frame and the window - 1 frames before it; over fewer at the beginning.

    posteriors: (frames, classes), each in 0..1. window: in frames.
    Returns: (frames, classes) float64.

    >>> smooth([[1.0], [0.0], [0.5]], window=2).ravel().tolist()
    [1.0, 0.5, 0.25]

    Raises:
        ValueError: as `posteriors_of`, or a window below 1.
    """
    rows = posteriors_of(posteriors)
    if window < 1:
        raise ValueError(f"window must be at least 1 frame, got {window}: use 1 to smooth nothing")
    sums = np.concatenate([np.zeros((1, rows.shape[1])), rows.cumsum(0)])
    ends = np.arange(1, len(rows) + 1)
    starts = np.maximum(ends - window, 0)
    return np.clip((sums[ends] - sums[starts]) / (ends - starts)[:, None], 0.0, 1.0)


def detect(posteriors: Any, threshold: float, refractory: int) -> list[tuple[int, int]]:
    """The detections in a stream, as (frame, keyword) in order of time.

    A frame detects the keyword with the largest posterior if that is `threshold` or more, unless an earlier detection, of
    whichever keyword, is fewer than `refractory` frames ago.

    posteriors: (frames, keywords), each in 0..1; leave out the column of "no keyword". threshold: in (0, 1].
    refractory: in frames, at least 1.

    >>> detect([[0.9, 0.0], [0.9, 0.0], [0.1, 0.8]], threshold=0.5, refractory=2)
    [(0, 0), (2, 1)]

    Raises:
        ValueError: as `posteriors_of`, a threshold outside (0, 1], or a refractory time below 1.
    """
    rows = posteriors_of(posteriors)
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must lie in (0, 1], got {threshold}: posteriors are probabilities")
    if refractory < 1:
        raise ValueError(f"refractory must be at least 1 frame, got {refractory}: use 1 to allow a detection in every frame")
    found: list[tuple[int, int]] = []
    for frame in np.flatnonzero(rows.max(1) >= threshold):
        if not found or frame - found[-1][0] >= refractory:
            found.append((int(frame), int(rows[frame].argmax())))
    return found
