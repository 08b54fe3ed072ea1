"""roc_points: every threshold of a detector, with what it misses and how often it is wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses


def points(keywords: np.ndarray, others: np.ndarray, hours: float) -> np.ndarray:
    """The oracle: threshold by threshold, score by score."""
    thresholds = sorted({*keywords.tolist(), *others.tolist()})
    alarms = [sum(score >= threshold for score in others.tolist()) for threshold in thresholds]
    missed = [sum(score < threshold for score in keywords.tolist()) for threshold in thresholds]
    return np.array([thresholds, np.array(alarms) / hours, 100 * np.array(missed) / len(keywords)]).T


def _made(change: Callable[..., Any]) -> Callable[..., Any]:
    """change: (right points, keywords, others, hours) -> other points."""
    return lambda keywords, others, hours: change(points(keywords, others, hours), keywords, others, hours)


def _column(number: int, change: Callable[..., Any]) -> Callable[..., Any]:
    """change: as that of `_made`, of one column."""

    def made(right: np.ndarray, keywords: np.ndarray, others: np.ndarray, hours: float) -> np.ndarray:
        found = right.copy()
        found[:, number] = change(right, keywords, others, hours)
        return found

    return _made(made)


def _at(thresholds: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """Points at other thresholds."""

    def made(keywords: np.ndarray, others: np.ndarray, hours: float) -> np.ndarray:
        at = thresholds(keywords, others).astype(np.float64)
        alarms, missed = ((others >= at[:, None]).sum(1), (keywords < at[:, None]).sum(1))
        return np.stack([at, alarms / hours, 100 * missed / len(keywords)], 1)

    return made


def _strictly_above(right: np.ndarray, keywords: np.ndarray, others: np.ndarray, hours: float) -> np.ndarray:
    at = right[:, :1]
    return np.stack([at[:, 0], (others > at).sum(1) / hours, 100 * (keywords <= at).sum(1) / len(keywords)], 1)


_EQUAL = ("Does a score equal to the threshold count as detected?", "It does: detected is score >= threshold, missed is score < threshold.")
_MISSED = ("Is it what is found or what is missed?", "The percentage that is missed.")
_PERCENT = ("In which unit are the misses?", "In percent of the keywords: 100 * missed / len(keyword_scores).")
_HOUR = ("How many alarms come in one hour?", "Those that came, divided by the hours.")
_RATE = ("Is a share of the other scores a rate?", "No: a device is judged by alarms an hour, however often it was asked.")
_ALL = ("At which scores does one of the two figures change?", "At the scores of both: put them together.")
_ONCE = ("How many points has a score that occurs twice?", "One: each threshold once, as torch.unique gives them.")
_ORDER = ("In which order are the thresholds?", "They rise.")
_COLUMNS = ("What are the columns?", "Threshold, false accepts per hour, percentage missed.")
_HOURS = ("How many alarms an hour come in 0 hours?", "Nobody knows: raise ValueError.")
_NONE = ("What is missed if nothing was said?", "Not a number: raise ValueError for no keyword.")
MISTAKES = (
    Mistake("strictly above", _made(_strictly_above), _EQUAL),
    Mistake("found", _column(2, lambda right, *_: 100 - right[:, 2]), _MISSED),
    Mistake("as a fraction", _column(2, lambda right, *_: right[:, 2] / 100), _PERCENT),
    Mistake("a count of misses", _column(2, lambda right, keywords, *_: right[:, 2] * len(keywords) / 100), _PERCENT),
    Mistake("alarms, not by the hour", _column(1, lambda right, k, others, hours: right[:, 1] * hours), _HOUR),
    Mistake("times the hours", _column(1, lambda right, k, others, hours: right[:, 1] * hours**2), _HOUR),
    Mistake("a share of the others", _column(1, lambda right, k, others, hours: right[:, 1] * hours / max(len(others), 1)), _RATE),
    Mistake("at keywords' scores only", _at(lambda keywords, others: np.unique(keywords)), _ALL),
    Mistake("at the others' scores only", _at(lambda keywords, others: np.unique(others)), _ALL),
    Mistake("scores that occur twice", _at(lambda keywords, others: np.sort(np.concatenate([keywords, others]))), _ONCE),
    Mistake("falling", _made(lambda right, *_: right[::-1].copy()), _ORDER),
    Mistake("in rows", _made(lambda right, *_: right.T), _COLUMNS),
    Mistake("misses first", _made(lambda right, *_: right[:, [0, 2, 1]]), _COLUMNS),
)
STEPS = (
    "Refuse; thresholds = torch.unique of both together; alarms = (others >= each threshold) summed, divided by hours; missed = "
    "100 * the mean of (keywords < each threshold); stack the three as columns."
)


def sklearn_points(keyword_scores: Tensor, other_scores: Tensor, hours: float) -> Tensor:
    """`roc_points` by scikit-learn's confusion at every threshold."""
    from sklearn.metrics import roc_curve  # type: ignore[import-untyped]

    keywords, others = (scores.detach().double().numpy() for scores in (keyword_scores, other_scores))
    if not keywords.size or keywords.ndim != 1 or others.ndim != 1 or not np.isfinite([*keywords, *others]).all():
        raise ValueError("need finite scores (n,) of one keyword or more, and of others")
    if not (np.isfinite(hours) and hours > 0):
        raise ValueError(f"hours must be above 0, got {hours}")
    labels = np.concatenate([np.ones(len(keywords)), np.zeros(len(others) + 1)])  # one more, which is never an alarm
    scores = np.concatenate([keywords, others, [min([*keywords, *others]) - 1]])
    wrong, found, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    inside = slice(1, len(thresholds) - 1)  # without infinity and without the score that was added
    columns = [thresholds[inside], wrong[inside] * (len(others) + 1) / hours, 100 * (1 - found[inside])]
    return from_numpy(np.stack(columns, 1)[::-1].copy())


@exercise(sklearn_points, points=2, difficulty=2, minutes=15, core=False, judge=close_to(points), mistakes=MISTAKES, steps=STEPS)
def roc_points(rng: Rng) -> Cases:
    """roc_points(keyword_scores, other_scores, hours) -> (points, 3) tensor."""

    def drawn(count: int, a: float, b: float) -> Tensor:
        return from_numpy(rng.beta(a, b, size=count).astype(np.float32))

    hours = round(float(rng.uniform(1.5, 4.5)), 2)
    yield Case("keywords above most other scores", (drawn(12, 5, 2), drawn(9, 2, 5), hours), weight=2, hints=_EQUAL)
    rounded = [from_numpy((rng.integers(2, 8, size=count) / 8).astype(np.float32)) for count in (14, 11)]
    yield Case("scores that occur twice", (*rounded, hours), hints=_ONCE)
    yield Case("less than an hour", (drawn(6, 5, 2), drawn(5, 2, 5), round(hours / 10, 3)), hints=_HOUR)
    yield Case("a perfect detector", (drawn(8, 2, 2) / 4 + 0.7, drawn(6, 2, 2) / 2, hours), hints=_MISSED)
    yield Case("no other score", (drawn(5, 5, 2), zeros(0), hours), hints=_ALL, hints_on_error=True)
    yield Case("one keyword", (drawn(1, 5, 2), drawn(4, 2, 5), hours), weight=0.5, hints=_PERCENT, hints_on_error=True)
    yield refuses("no keyword", (zeros(0), drawn(4, 2, 5), hours), weight=0.5, hints=_NONE)
    yield refuses("no hours", (drawn(4, 5, 2), drawn(4, 2, 5), 0.0), weight=0.5, hints=_HOURS)
    broken = drawn(5, 5, 2)
    broken[int(rng.integers(5))] = nan
    yield refuses("NaN", (broken, drawn(4, 2, 5), hours), weight=0.5)
    yield keeps_inputs(drawn(6, 5, 2), drawn(5, 2, 5), hours, name="leaves the scores as they were")
