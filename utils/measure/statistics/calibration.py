"""Whether probabilities are to be believed: of all cases given 80 %, about 80 % should be so (Guo et al., 2017).

logits: (n, classes). All results but logarithms and temperatures are fractions in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.measure.arrays import array_of
from utils.measure.statistics.ranking import binary

TEMPERATURES = (0.05, 20.0)  # beyond these all answers are certain, or none tells anything


@dataclass(frozen=True)
class Reliability:
    """The points of a reliability diagram: one for each bin that has a sample, in rising order.

    confidence: (bins,) mean of what was said. frequency: (bins,) how often it was so. counts: (bins,) int64 samples.
    """

    confidence: np.ndarray
    frequency: np.ndarray
    counts: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of both, each bin weighted by its samples."""
        return float(np.average(np.abs(self.confidence - self.frequency), weights=self.counts))


def reliability(confidence: Any, outcome: Any, bins: int = 15, equal_mass: bool = False) -> Reliability:
    """Group samples by confidence and compare each group's mean confidence with how often the outcome came.

    confidence: (n,) probabilities. outcome: (n,) 0 or 1. Either the probability of the finding and the labels, or the largest
    probability and whether the class that has it is right; the two differ.
    bins: of equal width between 0 and 1, closed at the upper end; or, with equal_mass, with equally many samples. Equal
    confidences are never in two bins.

    >>> reliability([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], bins=2).error
    0.25

    Raises:
        ValueError: other lengths, no samples, probabilities outside [0, 1] or NaN, outcomes other than 0 and 1, or no bins.
    """
    said, truth = array_of(confidence, "confidence"), binary(outcome)
    if said.shape != truth.shape:
        raise ValueError(f"need one probability for each outcome, got shapes {said.shape} and {truth.shape}: give one column")
    if not ((said >= 0) & (said <= 1)).all():
        raise ValueError("confidence must lie in 0..1 and can't be NaN: give probabilities, not logits")
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise ValueError(f"bins must be an integer of at least 1, got {bins!r}: use 15")
    said = said.astype(np.float64)
    edges = np.quantile(said, np.arange(1, bins) / bins, method="inverted_cdf") if equal_mass else np.arange(1, bins) / bins
    where = np.searchsorted(edges, said, side="left")
    counts = np.bincount(where, minlength=bins)
    used = counts > 0
    means = [np.bincount(where, values, minlength=bins)[used] / counts[used] for values in (said, truth)]
    return Reliability(means[0], means[1], counts[used])


def calibration_error(confidence: Any, outcome: Any, bins: int = 15, equal_mass: bool = False) -> float:
    """The expected calibration error (Naeini et al., 2015), `reliability(...).error`: 0.05 is 5 %.

    >>> calibration_error([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1])
    0.0

    Raises:
        ValueError: as `reliability`.
    """
    return reliability(confidence, outcome, bins, equal_mass).error


def brier(confidence: Any, outcome: Any) -> float:
    """The mean squared distance of probabilities from what came (Brier, 1950); always saying 1/2 gives 0.25.

    >>> brier([1.0, 0.5], [1, 0])
    0.125

    Raises:
        ValueError: as `reliability`.
    """
    reliability(confidence, outcome)
    return float(np.mean((array_of(confidence).astype(np.float64) - binary(outcome)) ** 2))


def probabilities(logits: Any, temperature: float = 1.0) -> np.ndarray:
    """(n, classes) float64: softmax of logits / temperature.

    >>> probabilities([[0.0, 2.0]], temperature=1000.0).round(2).tolist()
    [[0.5, 0.5]]

    Raises:
        ValueError: logits of another shape or not finite, or a temperature that is not above 0.
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"a temperature must be above 0 and finite, got {temperature}: fit it with fit_temperature")
    return np.exp(_log_softmax(_logits(logits) / temperature))


def negative_log_likelihood(logits: Any, labels: Any, temperature: float = 1.0) -> float:
    """The mean of -log(probability of the right class), in nats.

    >>> round(negative_log_likelihood([[0.0, 0.0]], [1]), 4)
    0.6931

    Raises:
        ValueError: as `probabilities`, or labels that are not classes.
    """
    probabilities(logits, temperature)
    values, truth = _logits(logits), array_of(labels, "labels")
    if truth.shape != (len(values),) or not np.issubdtype(truth.dtype, np.integer) or not np.isin(truth, range(values.shape[1])).all():
        raise ValueError(f"labels must be {len(values)} integers in 0..{values.shape[1] - 1}, got shape {truth.shape} of {truth.dtype}")
    return float(-_log_softmax(values / temperature)[np.arange(len(truth)), truth].mean())


def fit_temperature(logits: Any, labels: Any) -> float:
    """The temperature by which logits are to be divided so that the likelihood of these labels is largest (Guo et al., 2017).

    Fit it on validation data. Above 1 the network was too sure. It moves neither ranking nor decisions. As the likelihood
    has one maximum, a bounded search finds it, between 0.05 and 20. Where every answer is right there is none: the smaller, the
    better, and the search ends below 1, where nothing more can be gained.

    >>> logits = np.log([[0.99, 0.01]] * 10)
    >>> round(fit_temperature(logits, [0] * 9 + [1]), 2)  # said 99 %, right 90 %
    2.09

    Raises:
        ValueError: as `negative_log_likelihood`, or labels of one class only.
    """
    if len(np.unique(array_of(labels, "labels"))) < 2:
        raise ValueError("one class only: a temperature fitted to it would only say how often that class occurs, give both classes")
    from scipy.optimize import minimize_scalar  # here, so that a device that only measures need not load scipy

    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(
        lambda log: negative_log_likelihood(logits, labels, float(np.exp(log))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def _log_softmax(values: np.ndarray) -> np.ndarray:
    return np.asarray(values - np.logaddexp.reduce(values, axis=1, keepdims=True))


def _logits(logits: Any) -> np.ndarray:
    values = array_of(logits, "logits")
    if values.ndim != 2 or not len(values) or values.shape[1] < 2 or not np.isfinite(values).all():
        raise ValueError(f"logits must be (n, classes) finite numbers of two classes or more, got shape {values.shape}")
    return values.astype(np.float64)
