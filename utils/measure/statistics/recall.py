"""What accuracy hides where classes are rare: recall class by class, its mean, and what a change of the network took from each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from utils.measure.arrays import array_of


def confusion(labels: Any, predicted: Any, classes: int) -> np.ndarray:
    """(classes, classes) int64: how many samples of each class (row) were given each class (column).

    >>> confusion([0, 0, 1], [0, 1, 1], classes=2).tolist()
    [[1, 1], [0, 1]]

    Raises:
        ValueError: other lengths, no samples, or numbers that are not classes.
    """
    truth, said = array_of(labels, "labels"), array_of(predicted, "predictions")
    if truth.ndim != 1 or truth.shape != said.shape or not len(truth):
        raise ValueError(f"need a prediction for each label and at least one, got shapes {truth.shape} and {said.shape}")
    for what, values in (("labels", truth), ("predictions", said)):
        if not np.issubdtype(values.dtype, np.integer) or values.min() < 0 or values.max() >= classes:
            raise ValueError(f"{what} must be integers in 0..{classes - 1}: take the argmax of the logits, or check the data")
    return np.bincount(truth.astype(np.int64) * classes + said, minlength=classes**2).reshape(classes, classes)


def recalls(labels: Any, predicted: Any, classes: int) -> np.ndarray:
    """(classes,) float64: the percentage of each class that is found; NaN for a class without a sample.

    >>> recalls([0, 0, 1], [0, 1, 1], classes=3).tolist()
    [50.0, 100.0, nan]

    Raises:
        ValueError: as `confusion`.
    """
    counts = confusion(labels, predicted, classes)
    of = counts.sum(1)
    return np.divide(100.0 * counts.diagonal(), of, out=np.full(classes, np.nan), where=of > 0)


def balanced_recall(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean of the recalls of the classes that occur, in percent: the metric of a scorecard where classes are rare.

    logits: (n, classes), labels: (n,) integers. Of k classes a network that always says the same reaches 100 / k.

    >>> balanced_recall(np.eye(2)[[0, 0, 0, 0]], np.array([0, 0, 0, 1]))
    50.0

    Raises:
        ValueError: as `confusion`, or labels of one class, of which accuracy says all.
    """
    if logits.ndim != 2:
        raise ValueError(f"balanced recall takes logits (n, classes), got shape {logits.shape}")
    found = recalls(labels, logits.argmax(1), logits.shape[1])
    if np.isfinite(found).sum() < 2:
        raise ValueError("all labels are of one class, so nothing is balanced: give a test set with two classes or more")
    return float(np.nanmean(found))


def pooled_recall(labels: Any, predicted: Any, of: Iterable[int]) -> float:
    """The percentage of the samples of these classes, taken together, that are given their own class.

    >>> pooled_recall([0, 1, 1, 2, 2], [0, 1, 0, 2, 2], of=(1, 2))
    75.0

    Raises:
        ValueError: other lengths, or no sample of these classes.
    """
    truth, said = array_of(labels, "labels"), array_of(predicted, "predictions")
    if truth.ndim != 1 or truth.shape != said.shape:
        raise ValueError(f"need a prediction for each label, got shapes {truth.shape} and {said.shape}")
    chosen = np.isin(truth, list(of))
    if not chosen.any():
        raise ValueError(f"there is no sample of the classes {sorted(of)}: give a test set that has some")
    return float(100 * (truth[chosen] == said[chosen]).mean())
