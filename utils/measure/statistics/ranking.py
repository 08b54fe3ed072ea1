"""How well scores separate an illness from its absence, whatever the threshold; and the threshold that a wanted specificity needs.

scores: (n,) numbers, higher where the finding is more likely. labels: (n,) 0 or 1. All results are fractions in [0, 1].
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from utils.measure.arrays import array_of


def auc(scores: Any, labels: Any) -> float:
    """The area under the ROC curve: how often a random sick patient has a higher score than a random healthy one; ties count half.

    Computed from ranks (the statistic of Mann and Whitney, 1947).

    >>> auc([0.1, 0.4, 0.4, 0.9], [0, 0, 1, 1])
    0.875

    Raises:
        ValueError: other lengths, scores that are NaN, labels other than 0 and 1, or labels of one class only.
    """
    values, truth = scored(scores, labels)
    sick = int(truth.sum())
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]  # equal scores share the mean of their ranks
    return float((ranks[truth].sum() - sick * (sick + 1) / 2) / (sick * (len(truth) - sick)))


def roc(scores: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """The ROC curve from (0, 0) to (1, 1): false positive rates and true positive rates, (k,) float64 each, rising.

    A point for each different score, so equal scores are a straight line.

    >>> [rates.tolist() for rates in roc([0.1, 0.4, 0.4, 0.9], [0, 0, 1, 1])]
    [[0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0]]

    Raises:
        ValueError: as `auc`.
    """
    values, truth = scored(scores, labels)
    order = np.argsort(-values, kind="stable")
    falling = values[order]
    last = np.r_[np.flatnonzero(falling[1:] != falling[:-1]), len(order) - 1]  # of each run of equal scores
    found = np.r_[0, np.cumsum(truth[order])[last]]
    called = np.r_[0, last + 1]
    return (called - found) / (~truth).sum(), found / truth.sum()


def threshold_at_specificity(scores: Any, labels: Any, specificity: float) -> float:
    """The smallest threshold at which at least this fraction of the healthy is left alone. A score above it is called positive.

    Take it from validation data and apply it to test data with `sensitivity_and_specificity`: a threshold from the test
    data itself flatters. It is one of the healthy patients' scores, or -inf for a specificity of 0.

    >>> threshold_at_specificity([0.1, 0.2, 0.3, 0.4, 0.8, 0.9], [0, 0, 0, 0, 1, 1], 0.75)
    0.3

    Raises:
        ValueError: a specificity outside [0, 1], or as `auc`.
    """
    if not 0 <= specificity <= 1:
        raise ValueError(f"specificity must lie in 0..1, got {specificity}: use 0.9 to leave 90 % of the healthy alone")
    values, truth = scored(scores, labels)
    healthy = np.sort(values[~truth])
    needed = math.ceil(specificity * len(healthy) - 1e-9)
    return float(healthy[needed - 1]) if needed else -math.inf


def sensitivity_and_specificity(scores: Any, labels: Any, threshold: float) -> tuple[float, float]:
    """(fraction of the sick whose score is above the threshold, fraction of the healthy whose score is not).

    >>> sensitivity_and_specificity([0.1, 0.6, 0.4, 0.9], [0, 0, 1, 1], 0.5)
    (0.5, 0.5)

    Raises:
        ValueError: a threshold that is NaN, or as `auc`.
    """
    values, truth = scored(scores, labels)
    if math.isnan(threshold):
        raise ValueError("the threshold is NaN: take it from validation data with threshold_at_specificity")
    called = values > threshold
    return float(called[truth].mean()), float(1 - called[~truth].mean())


def predictive_value(sensitivity: float, specificity: float, prevalence: float) -> float:
    """The fraction of the positive results that are right (positive predictive value), by Bayes' rule.

    prevalence: the fraction of the sick among all who are examined.

    >>> round(predictive_value(0.9, 0.9, 0.01), 3)
    0.083

    Raises:
        ValueError: a fraction outside [0, 1], or nobody has a positive result.
    """
    for what, value in (("sensitivity", sensitivity), ("specificity", specificity), ("prevalence", prevalence)):
        if not 0 <= value <= 1:
            raise ValueError(f"{what} must lie in 0..1, got {value}: give a fraction")
    right, wrong = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    if right + wrong == 0:
        raise ValueError("nobody has a positive result, so none of them can be right: lower the threshold")
    return right / (right + wrong)


def scored(scores: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """(scores as float64, labels as bool), both (n,), after checking them.

    Raises:
        ValueError: other lengths, scores that are NaN, labels other than 0 and 1, or labels of one class only.
    """
    values, truth = array_of(scores, "scores"), binary(labels)
    if values.shape != truth.shape:
        raise ValueError(f"need one score for each label, got shapes {values.shape} and {truth.shape}: give the finding's score alone")
    if not np.issubdtype(values.dtype, np.number) or np.issubdtype(values.dtype, np.complexfloating):
        raise ValueError(f"scores must be real numbers, got {values.dtype}: give probabilities or logits of the finding")
    values = values.astype(np.float64)
    if np.isnan(values).any():
        raise ValueError(f"{int(np.isnan(values).sum())} of {len(values)} scores are NaN: find out why before you measure")
    if truth.all() or not truth.any():
        raise ValueError(f"one class only: all {len(truth)} labels are {int(truth[0])}, give samples of both classes")
    return values, truth


def binary(labels: Any) -> np.ndarray:
    """Labels of two classes, (n,) bool.

    Raises:
        ValueError: no labels, another shape, or values other than 0 and 1.
    """
    truth = array_of(labels, "labels")
    if truth.ndim != 1 or not len(truth):
        raise ValueError(f"labels must be (n,) with at least one, got shape {truth.shape}")
    if not np.isin(truth, (0, 1)).all():
        raise ValueError("labels must be 0 or 1: make two classes first, such as (labels == 4)")
    return truth.astype(bool)
