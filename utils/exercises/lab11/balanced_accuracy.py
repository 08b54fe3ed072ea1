"""balanced_accuracy: the mean of the recalls, so that rare classes count as much as frequent ones."""

import numpy as np
from torch import Tensor, from_numpy, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses


def recall(predicted: np.ndarray, labels: np.ndarray, one: int) -> float:
    """The percentage of the samples of a class that are predicted as it."""
    of = [said == one for said, label in zip(predicted.tolist(), labels.tolist(), strict=True) if label == one]
    return 100 * sum(of) / len(of)


def mean_recall(predicted: np.ndarray, labels: np.ndarray) -> float:
    """The oracle: class by class, then the mean over the classes that have a label."""
    return float(np.mean([recall(predicted, labels, one) for one in sorted(set(labels.tolist()))]))


def _over_all(predicted: np.ndarray, labels: np.ndarray, number: int) -> float:
    return mean_recall(predicted, labels) * len(set(labels.tolist())) / number


def _weighted(predicted: np.ndarray, labels: np.ndarray) -> float:
    return float(100 * np.mean(predicted == labels))


_MEAN = (
    "How many of each class are found?",
    "For each class of labels: the percentage predicted right. Then the mean of these percentages.",
)
_SHARE = (
    "Does a class with two labels count as much as one with two hundred?",
    "In accuracy it does not, here it does: take the mean over the classes, not over the samples.",
)
_RECALL = ("Of which samples is the share taken?", "Of those that belong to the class (recall), not of those predicted as it (precision).")
_ABSENT = ("Can a class be found that no label has?", "It has no recall: the mean is over the classes that occur in labels.")
_PERCENT = ("In which unit is the answer?", "In percent, as accuracy is in this course: 100 times the mean.")
_MEDIAN = ("Is the middle of the recalls asked for?", "Their mean: add them up and divide by the number of classes.")
_ONE = ("What is balanced if there is one class?", "Nothing: recall and accuracy are the same then. Raise ValueError.")
MISTAKES = (
    Mistake("accuracy", _weighted, _SHARE),
    Mistake("as a fraction", lambda *x: mean_recall(*x) / 100, _PERCENT),
    Mistake("precision", lambda predicted, labels: mean_recall(labels, predicted), _RECALL),
    Mistake("classes that are only predicted", lambda p, y: _over_all(p, y, len(set(p.tolist()) | set(y.tolist()))), _ABSENT),
    Mistake("classes up to the largest number", lambda p, y: _over_all(p, y, int(max(p.max(), y.max())) + 1), _ABSENT),
    Mistake("the median", lambda p, y: float(np.median([recall(p, y, one) for one in set(y.tolist())])), _MEDIAN),
    Mistake("the worst class", lambda p, y: min(recall(p, y, one) for one in set(y.tolist())), _MEDIAN),
)
STEPS = (
    "Refuse; for each class in labels.unique(): the mean of (predicted == class) over the samples with that label; 100 times "
    "the mean of these."
)


def sklearn_balanced(predicted: Tensor, labels: Tensor) -> float:
    """`balanced_accuracy` by scikit-learn."""
    from sklearn.metrics import recall_score  # type: ignore[import-untyped]

    if predicted.shape != labels.shape or len(labels.unique()) < 2:
        raise ValueError(f"need a prediction for each label and two classes, got {tuple(predicted.shape)} and {tuple(labels.shape)}")
    return float(100 * recall_score(labels.numpy(), predicted.numpy(), labels=labels.unique().numpy(), average="macro"))


@exercise(sklearn_balanced, points=2, difficulty=1, minutes=10, judge=close_to(mean_recall), mistakes=MISTAKES, steps=STEPS)
def balanced_accuracy(rng: Rng) -> Cases:
    """balanced_accuracy(predicted, labels) -> float, in percent."""

    def drawn(counts: list[int], hit: list[float]) -> tuple[Tensor, Tensor]:
        """Labels with these counts, each found with this probability, else taken for class 0 or 1."""
        labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        found = rng.random(len(labels)) < np.array(hit)[labels]
        predicted = np.where(found, labels, np.where(labels == 0, 1, 0))
        return from_numpy(predicted), from_numpy(labels)

    yield Case("two frequent classes and a rare one", drawn([90, 60, 7], [0.95, 0.9, 0.4]), weight=2, hints=_MEAN)
    _, truth = drawn([int(rng.integers(40, 70)), int(rng.integers(2, 9))], [1.0, 1.0])
    yield Case("a network that says the same always", (truth * 0, truth), hints=_SHARE)
    predicted, labels = drawn([30, 12], [0.8, 0.6])
    predicted[int(rng.integers(42))] = 5
    yield Case("a prediction of a class without labels", (predicted, labels), hints=_ABSENT)
    predicted, labels = drawn([25, 15, 4], [0.8, 0.7, 0.5])
    yield Case("class numbers with holes", (3 * predicted + 2, 3 * labels + 2), hints=_ABSENT, hints_on_error=True)
    yield Case("all right", (labels.clone(), labels), hints=_PERCENT)
    yield refuses("labels of one class", (truth[:9], truth[:9] * 0 + 3), weight=0.5, hints=_ONE)
    yield refuses("no sample", (zeros(0).long(), zeros(0).long()), weight=0.25)
    yield refuses("fewer predictions than labels", (predicted[:-1], labels), weight=0.25)
    yield keeps_inputs(*drawn([12, 9], [0.7, 0.7]), name="leaves predictions and labels as they were")
