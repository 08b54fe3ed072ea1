"""What a network's answers to examinations are worth: ranking, decisions, calibration, by group, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from utils.data import Exams
from utils.measure.statistics import (
    auc,
    bootstrap,
    brier,
    calibration_error,
    fit_temperature,
    probabilities,
    sensitivity_and_specificity,
    threshold_at_specificity,
)

SPECIFICITY = 0.9


@dataclass(frozen=True)
class Answers:
    """Logits (n, 2) and labels (n,) of the validation and of the test split, and the group of each test case, if known."""

    validation: np.ndarray
    validation_labels: np.ndarray
    test: np.ndarray
    labels: np.ndarray
    groups: np.ndarray | None = None
    group_names: tuple[str, ...] = ()

    @classmethod
    def of(cls, run: Callable[[Tensor], np.ndarray], data: dict[str, Exams]) -> Answers:
        """Ask a network. run: inputs -> logits (n, 2)."""
        validation, test = data["validation"], data["test"]
        groups = None if test.groups is None else test.groups.numpy()
        said = run(validation.inputs), run(test.inputs)
        return cls(said[0], validation.labels.numpy(), said[1], test.labels.numpy(), groups, test.group_names)

    @property
    def scores(self) -> np.ndarray:
        """(n,) float64: the logit of the finding less that of its absence, for the test split; it ranks as the probability does."""
        return margin(self.test)

    @property
    def threshold(self) -> float:
        """Of the scores, from validation data."""
        return threshold_at_specificity(margin(self.validation), self.validation_labels, SPECIFICITY)

    @property
    def temperature(self) -> float:
        """Fitted on validation data."""
        return fit_temperature(self.validation, self.validation_labels)


def margin(logits: np.ndarray) -> np.ndarray:
    """(n, 2) -> (n,) float64, as a score of the finding."""
    return logits[:, 1].astype(np.float64) - logits[:, 0]


def figures(answers: Answers) -> dict[str, Any]:
    """All figures as fractions, except accuracies, which are percentages; intervals at 95 % by bootstrap within each class."""
    labels, scores, threshold, temperature = answers.labels, answers.scores, answers.threshold, answers.temperature
    raw, scaled = (probabilities(answers.test, one)[:, 1] for one in (1.0, temperature))
    sensitivity, specificity = sensitivity_and_specificity(scores, labels, threshold)
    found: dict[str, Any] = {
        "auc": auc(scores, labels),
        "auc_interval": _interval(auc, scores, labels),
        "sensitivity": sensitivity,
        "sensitivity_interval": _interval(lambda one, truth: sensitivity_and_specificity(one, truth, threshold)[0], scores, labels),
        "specificity": specificity,
        "temperature": temperature,
        "ece": calibration_error(raw, labels),
        "ece_scaled": calibration_error(scaled, labels),
        "ece_scaled_interval": _interval(calibration_error, scaled, labels),
        "ece_scaled_equal_mass": calibration_error(scaled, labels, equal_mass=True),
        "brier": brier(raw, labels),
        "brier_scaled": brier(scaled, labels),
        "accuracy": 100 * float((answers.test.argmax(1) == labels).mean()),
        "validation_accuracy": 100 * float((answers.validation.argmax(1) == answers.validation_labels).mean()),
        "validation_auc": auc(margin(answers.validation), answers.validation_labels),
    }
    if answers.groups is not None:
        found["groups"] = {name: _group(answers, answers.groups == at) for at, name in enumerate(answers.group_names)}
    return _rounded(found)


def lost(large: Answers, small: Answers) -> dict[str, Any]:
    """What the small network lost against the large one, on the same cases: points of AUC and of sensitivity, with intervals."""
    labels = large.labels
    thresholds = large.threshold, small.threshold

    def sensitivity_lost(first: np.ndarray, second: np.ndarray, truth: np.ndarray) -> float:
        found = [sensitivity_and_specificity(one, truth, at)[0] for one, at in zip((first, second), thresholds, strict=True)]
        return 100 * (found[0] - found[1])

    def auc_lost(first: np.ndarray, second: np.ndarray, truth: np.ndarray) -> float:
        return 100 * (auc(first, truth) - auc(second, truth))

    both = large.scores, small.scores, labels
    return _rounded(
        {
            "auc": auc_lost(*both),
            "auc_interval": _interval(auc_lost, *both),
            "sensitivity": sensitivity_lost(*both),
            "sensitivity_interval": _interval(sensitivity_lost, *both),
        }
    )


def _group(answers: Answers, where: np.ndarray) -> dict[str, Any]:
    scores, labels = answers.scores[where], answers.labels[where]
    sensitivity, specificity = sensitivity_and_specificity(scores, labels, answers.threshold)
    scaled = probabilities(answers.test[where], answers.temperature)[:, 1]
    return {
        "auc": auc(scores, labels),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ece_scaled": calibration_error(scaled, labels),
    }


def _interval(statistic: Callable[..., float], *arrays: np.ndarray) -> list[float]:
    """[low, high] at 95 %; the last array has the labels."""
    found = bootstrap(statistic, *arrays, strata=arrays[-1])
    return [found.low, found.high]


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return [_rounded(one) for one in found] if isinstance(found, list) else round(float(found), 5)
