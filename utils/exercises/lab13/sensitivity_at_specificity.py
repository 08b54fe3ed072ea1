"""sensitivity_at_specificity: a threshold chosen on validation data, and what it does to the exams that come later."""

from collections.abc import Callable
from math import floor
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.draws import decimal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses

Found = dict[str, float]


def rates(threshold: float, scores: np.ndarray, labels: np.ndarray) -> Found:
    """What this threshold does to these exams: a score above it is called a finding."""
    above = scores > threshold
    return {
        "threshold": float(threshold),
        "sensitivity": float(np.mean(above[labels == 1])),
        "specificity": float(np.mean(~above[labels == 0])),
    }


def lowest(scores: np.ndarray, specificity: float) -> float:
    """The lowest of these scores at or below which at least this fraction of them is."""
    return next(one for one in sorted(scores.tolist()) if np.mean(scores <= one) >= specificity)


def at_specificity(past: np.ndarray, known: np.ndarray, scores: np.ndarray, labels: np.ndarray, specificity: float) -> Found:
    """The oracle: the threshold from the healthy of validation, the rates from the exams."""
    return rates(lowest(past[known == 0], specificity), scores, labels)


def _by_index(shift: int) -> Callable[..., float]:
    """The healthy validation score at the index floor(specificity * n) + shift of the sorted ones."""

    def chosen(past: np.ndarray, known: np.ndarray, asked: float) -> float:
        healthy = sorted(past[known == 0].tolist())
        return healthy[min(max(floor(asked * len(healthy)) + shift, 0), len(healthy) - 1)]

    return chosen


def _threshold(chosen: Callable[..., float]) -> Callable[..., Found]:
    """chosen: (validation scores, validation labels, specificity) -> another threshold."""
    return lambda past, known, scores, labels, asked: rates(chosen(past, known, asked), scores, labels)


def _at_or_above(past: np.ndarray, known: np.ndarray, scores: np.ndarray, labels: np.ndarray, asked: float) -> Found:
    threshold = lowest(past[known == 0], asked)
    return rates(np.nextafter(np.float32(threshold), np.float32(-np.inf)), scores, labels) | {"threshold": threshold}


def _precision(*given: Any) -> Found:
    found, scores, labels = at_specificity(*given), given[2], given[3]
    return found | {"sensitivity": float(np.mean(labels[scores > found["threshold"]] == 1))}


def _but(**changed: Callable[[Found], float]) -> Callable[..., Found]:
    """The right answer with some values computed from it in another way."""
    return lambda *x: at_specificity(*x) | {key: made(at_specificity(*x)) for key, made in changed.items()}


_WHERE = (
    "Which exams choose the threshold, and which ones does it meet later?",
    "Sort the scores of the healthy validation exams and take the lowest that is enough; then count among the other exams.",
)
_LEAK = (
    "Could a clinic choose its threshold with the exams of next year?",
    "No: choose it with validation_scores and validation_labels alone, and use scores and labels only to count.",
)
_SAME = ("On which exams do you count?", "On scores and labels: those that chose the threshold flatter it.")
_HEALTHY = (
    "Specificity is a fraction of which exams?",
    "Of those without the finding (label 0): the threshold is chosen with their scores alone.",
)
_END = (
    "Which fraction of the healthy may be above the threshold?",
    "At most 1 - specificity: for 0.9 nine of ten are at the threshold or below it.",
)
_ABOVE = ("Is a score that equals the threshold a finding?", "It is not: only a score above the threshold is.")
_VALUE = (
    "Is your threshold one of the healthy validation scores?",
    "It is the lowest of them that is enough: nothing is interpolated, and one below it is not enough.",
)
_HIGHER = (
    "Sorted, which index has the third of four healthy scores?",
    "2: at the score with index i, i + 1 scores are at it or below it, and for 0.75 of four three are enough. Yours is one too high.",
)
_WORD = ("Which exams does specificity count?", "The healthy that are called healthy. Those called ill are false alarms, 1 - specificity.")
_RECALL = ("Sensitivity is a fraction of which exams?", "Of those with the finding, not of those that are called a finding (precision).")
_UNIT = ("What is a specificity of 90?", "A percentage: the argument is a fraction above 0, at most 1. Raise ValueError.")
_ONE = ("Of how many exams would you take the fraction?", "Of none: raise ValueError unless both labels occur in both sets.")
MISTAKES = (
    Mistake("threshold from the exams themselves", lambda p, k, s, y, at: at_specificity(s, y, s, y, at), _LEAK),
    Mistake("counted on validation", lambda p, k, s, y, at: at_specificity(p, k, p, k, at), _SAME),
    Mistake("threshold of all", _threshold(lambda p, k, at: lowest(p, at)), _HEALTHY),
    Mistake("threshold of the findings", _threshold(lambda p, k, at: lowest(p[k == 1], at)), _HEALTHY),
    Mistake("the other end", _threshold(lambda p, k, at: lowest(p[k == 0], 1 - at)), _END),
    Mistake("at the threshold is a finding", _at_or_above, _ABOVE),
    Mistake("interpolated", _threshold(lambda p, k, at: float(np.quantile(p[k == 0], at))), _VALUE),
    Mistake("one too low", _threshold(_by_index(-1)), _VALUE),
    Mistake("one too high", _threshold(_by_index(0)), _HIGHER, loses="exactly three of four healthy"),
    Mistake("false alarms", _but(specificity=lambda found: 1 - found["specificity"]), _WORD),
    Mistake("precision", _precision, _RECALL),
    Mistake("misses", _but(sensitivity=lambda found: 1 - found["sensitivity"]), _RECALL),
)
STEPS = (
    "Refuse; healthy = the sorted validation_scores with label 0; the threshold is the first of them for which "
    "(healthy <= threshold).mean() is at least specificity; then the means of scores > threshold where labels == 1, and of "
    "scores <= threshold where labels == 0."
)


def numpy_at_specificity(validation_scores: Tensor, validation_labels: Tensor, scores: Tensor, labels: Tensor, specificity: float) -> Found:
    """`sensitivity_at_specificity` by the quantiles of numpy."""
    sets = ((validation_scores, validation_labels), (scores, labels))
    if any(len(x) != len(y) or x.isnan().any() or set(y.tolist()) != {0, 1} for x, y in sets) or not 0 < specificity <= 1:
        raise ValueError(f"need scores and both labels in both sets and a specificity above 0, at most 1, got {specificity}")
    healthy = validation_scores[validation_labels == 0].detach().numpy()
    return rates(float(np.quantile(healthy, specificity, method="inverted_cdf")), scores.detach().numpy(), labels.numpy())


@exercise(numpy_at_specificity, points=4, difficulty=3, minutes=20, judge=close_to(at_specificity), mistakes=MISTAKES, steps=STEPS)
def sensitivity_at_specificity(rng: Rng) -> Cases:
    """sensitivity_at_specificity(validation_scores, validation_labels, scores, labels, specificity) -> dict of three floats."""

    def drawn(healthy: int, ill: int, shift: float = 0.0) -> tuple[Tensor, Tensor]:
        """Scores and labels in a random order; all scores are higher by `shift`."""
        labels = rng.permutation(np.repeat([0, 1], [healthy, ill]))
        scores = rng.normal(size=len(labels)) + 1.5 * labels + shift
        return from_numpy(scores.astype(np.float32)), from_numpy(labels)

    def grades(healthy: int, ill: int) -> tuple[Tensor, Tensor]:
        """As `drawn`, in steps of 1."""
        scores, labels = drawn(healthy, ill)
        return scores.round(), labels

    yield Case("nine of ten healthy", (*drawn(93, 40), *drawn(80, 30), 0.9), weight=2, hints=_WHERE)
    yield Case("exactly three of four healthy", (*drawn(80, 30), *drawn(60, 30), 0.75), hints=_HIGHER)
    yield Case("later exams score higher", (*drawn(71, 20), *drawn(60, 20, 0.7), decimal(rng, 0.78, 0.83)), hints=_LEAK)
    yield Case("grades with many ties", (*grades(57, 25), *grades(60, 30), decimal(rng, 0.7, 0.8)), hints=_ABOVE)
    yield Case("a low specificity", (*drawn(67, 60), *drawn(70, 40), decimal(rng, 0.3, 0.4)), hints=_END)
    yield Case("no false alarm in validation", (*drawn(45, 30), *drawn(50, 40), 1.0), hints=_END, hints_on_error=True)
    yield Case("scores far below zero", (*drawn(63, 30, -40.0), *drawn(50, 20, -40.0), decimal(rng, 0.85, 0.93)), hints=_VALUE)
    past, later = drawn(30, 20), drawn(30, 20)
    yield refuses("a specificity in percent", (*past, *later, 90), weight=0.5, hints=_UNIT)
    yield refuses("a specificity of 0", (*past, *later, 0.0), weight=0.25, hints=_UNIT)
    yield refuses("validation without a healthy exam", (past[0], past[1] * 0 + 1, *later, 0.9), weight=0.5, hints=_ONE)
    yield refuses("exams without a finding", (*past, later[0], later[1] * 0, 0.9), weight=0.5, hints=_ONE)
    broken = past[0].clone()
    broken[int(rng.integers(len(broken)))] = nan
    yield refuses("a score of NaN", (broken, past[1], *later, 0.9), weight=0.5)
    yield refuses("fewer scores than labels", (*past, later[0][1:], later[1], 0.9), weight=0.25)
    yield refuses("no exam", (*past, zeros(0), zeros(0).long(), 0.9), weight=0.25, hints=_ONE)
    yield keeps_inputs(*drawn(22, 12), *drawn(20, 11), 0.8, name="leaves scores and labels as they were")
