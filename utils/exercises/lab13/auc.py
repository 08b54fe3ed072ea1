"""auc: how well scores rank the exams with a finding above those without, for all thresholds at once."""

import numpy as np
from torch import Tensor, from_numpy, nan, ones_like, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses


def ranked(scores: np.ndarray, labels: np.ndarray, tie: float = 0.5) -> float:
    """The oracle: of all pairs of an exam with and one without the finding, the fraction in the right order."""
    ill, healthy = scores[labels == 1], scores[labels == 0]
    return float(np.mean([(one > healthy).mean() + tie * (one == healthy).mean() for one in ill]))


def _by_place(scores: np.ndarray, labels: np.ndarray) -> float:
    """Ties are broken by the order in which the exams come."""
    return ranked(np.argsort(np.argsort(scores, kind="stable"), kind="stable"), labels)


def _at_fixed_thresholds(scores: np.ndarray, labels: np.ndarray) -> float:
    """The area under a ROC curve that is drawn at 0, 0.1, and so on to 1, whatever the scores are."""
    thresholds = np.linspace(1, 0, 11)
    points = [[np.mean(scores[labels == one] >= at) for one in (0, 1)] for at in thresholds]
    x, y = np.array([[0, 0], *points, [1, 1]]).T
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))


def _pairs(labels: np.ndarray) -> int:
    return int((labels == 1).sum() * (labels == 0).sum())


_PAIR = (
    "Take one exam with the finding and one without: which should have the higher score?",
    "The AUC is the fraction of all such pairs in which the one with the finding has the higher score.",
)
_TIES = ("What is a pair worth whose two scores are equal?", "Half: nobody can tell the two apart, as with a coin.")
_TURNED = (
    "Does a perfect ranking give you 1?",
    "Count the pairs in which the exam with the finding (label 1) has the higher score, not the lower.",
)
_FIXED = (
    "Where is the threshold in the AUC?",
    "There is none: compare the scores themselves, not the decisions that a threshold makes of them.",
)
_ZERO = ("What is the AUC of a ranking upside down?", "0, not 1: an AUC below 0.5 says that the scores rank the wrong way round.")
_OCCUR = (
    "Which thresholds occur?",
    "Those of the scores: put a point of the curve at each score, since scores need not be spread over [0, 1].",
)
_PERCENT = ("Between which numbers is the AUC?", "Between 0 and 1, and 0.5 for scores that say nothing.")
_DIVIDED = (
    "How many pairs of an exam with and one without are there?",
    "Divide by (exams with the finding) * (exams without), and by nothing else.",
)
_ONE = (
    "How many pairs are there if nobody has the finding?",
    "None, so there is nothing to rank: raise ValueError unless both labels occur.",
)
_NAN = ("Is NaN higher than 0.3?", "Every comparison with NaN is False, and the AUC is then wrong: raise ValueError.")
MISTAKES = (
    Mistake("ties count nothing", lambda s, y: ranked(s, y, tie=0), _TIES),
    Mistake("ties count whole", lambda s, y: ranked(s, y, tie=1), _TIES),
    Mistake("ties by place", _by_place, _TIES),
    Mistake("never below a half", lambda *x: max(ranked(*x), 1 - ranked(*x)), _ZERO, loses="a ranking upside down"),
    Mistake("turned round", lambda *x: 1 - ranked(*x), _TURNED),
    Mistake("decisions instead of scores", lambda s, y: ranked(s > 0.5, y), _FIXED),
    Mistake("accuracy", lambda s, y: float(np.mean((s > 0.5) == y)), _FIXED),
    Mistake("fixed thresholds", _at_fixed_thresholds, _OCCUR),
    Mistake("in percent", lambda *x: 100 * ranked(*x), _PERCENT),
    Mistake("the number of pairs", lambda s, y: ranked(s, y) * _pairs(y), _DIVIDED),
    Mistake("of all pairs", lambda s, y: ranked(s, y) * 2 * _pairs(y) / (len(y) * (len(y) - 1)), _DIVIDED),
)
STEPS = (
    "Refuse; ill = scores[labels == 1], healthy = scores[labels == 0]; compare each with each by ill[:, None] > healthy; add half "
    "of ill[:, None] == healthy; take the mean."
)


def sklearn_auc(scores: Tensor, labels: Tensor) -> float:
    """`auc` by scikit-learn."""
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

    if scores.shape != labels.shape or scores.isnan().any() or len(labels.unique()) != 2:
        raise ValueError(f"need a score for each label and both labels, got {len(scores)} and {len(labels)}")
    return float(roc_auc_score(labels.numpy(), scores.detach().numpy()))


@exercise(sklearn_auc, points=3, difficulty=2, minutes=15, judge=close_to(ranked), mistakes=MISTAKES, steps=STEPS)
def auc(rng: Rng) -> Cases:
    """auc(scores, labels) -> float between 0 and 1."""

    def drawn(healthy: int, ill: int, apart: float = 1.0) -> tuple[Tensor, Tensor]:
        """Scores around 0.5, in a random order; `apart` standard deviations between the two kinds of exam."""
        labels = rng.permutation(np.repeat([0, 1], [healthy, ill]))
        scores = 0.5 + 0.2 * (rng.normal(size=len(labels)) + apart * (labels - 0.5))
        return from_numpy(scores.astype(np.float32)), from_numpy(labels)

    yield Case("scores that overlap", drawn(60, 25), weight=2, hints=_PAIR)
    scores, labels = drawn(40, 30)
    yield Case("grades with many ties", ((scores * 5).round().clamp(0, 5), labels), weight=2, hints=_TIES)
    yield Case("the same score for all", (ones_like(scores) * 0.3, labels), hints=_TIES)
    yield Case("three findings in two hundred", drawn(int(rng.integers(180, 200)), 3), hints=_DIVIDED)
    yield Case("a perfect ranking of low scores", (0.1 * scores.abs().clamp(0, 1) + 0.2 * labels, labels), hints=_FIXED)
    yield Case("a ranking upside down", (0.1 * scores.abs().clamp(0, 1) - labels, labels), hints=_TURNED)
    yield Case("one exam of each kind", drawn(1, 1, 8.0), hints=_PAIR, hints_on_error=True)
    yield refuses("exams without a finding", (scores, labels * 0), weight=0.5, hints=_ONE)
    yield refuses("exams that all have it", (scores, labels * 0 + 1), weight=0.25, hints=_ONE)
    broken = scores.clone()
    broken[int(rng.integers(len(broken)))] = nan
    yield refuses("a score of NaN", (broken, labels), weight=0.5, hints=_NAN)
    yield refuses("fewer scores than labels", (scores[:-1], labels), weight=0.25)
    yield refuses("no exam", (zeros(0), zeros(0).long()), weight=0.25, hints=_ONE)
    yield keeps_inputs(*drawn(20, 12), name="leaves scores and labels as they were")
