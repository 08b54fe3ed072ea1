"""pseudo_label: a teacher's labels, and which of them it is sure of."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, tensor

from utils.compress import distillation
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, as_mask, describe, exercise, keeps_inputs, refuses, takes_parameter
from utils.exercises.lab03.oracles import log_softmax


def labels_and_keep(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (teacher_logits, threshold). Each label has the largest logit, and is kept where it is probable enough.

    Verdicts are about "labels", "only some labels" or "swapped", where it is that.
    """
    logits, threshold = inputs
    sure = _sure(logits, threshold)
    expected = f"{len(logits)} labels, {int(sure.sum())} of them kept"
    if type(answer) not in (list, tuple) or len(answer) != 2:
        return Verdict(False, expected, describe(answer), "two")
    labels, keep = answer
    if type(labels) is np.ndarray and type(keep) is np.ndarray and labels.dtype == bool and keep.dtype.kind in "iu":
        return Verdict(False, expected, "the mask comes before the labels", "swapped")
    if type(labels) is list:
        return Verdict(False, expected, f"a list as labels: {describe(labels)}", "a list")
    if type(labels) is not np.ndarray or labels.dtype.kind not in "iu":
        return Verdict(False, expected, f"labels that are not integers: {describe(labels)}", "labels")
    if labels.shape != sure.shape:
        some = labels.shape == (int(sure.sum()),)
        return Verdict(False, expected, f"labels of shape {labels.shape}", "only some labels" if some else "labels")
    wrong = [at for at, (row, label) in enumerate(zip(logits, labels, strict=True)) if not _is_largest(row, int(label))]
    if wrong:
        label = labels[wrong[0]]
        return Verdict(False, expected, f"label {label} for image {wrong[0]}", "labels" if label >= 0 else "only some labels")
    mask, fault = as_mask(keep, sure.shape)
    if mask is None:
        return Verdict(False, expected, f"for keep, {fault}", "keep")
    if (mask != sure).any():
        return Verdict(False, expected, f"{int(mask.sum())} kept, first difference at image {int(np.argmax(mask != sure))}")
    return Verdict(True, expected, expected)


def _is_largest(row: np.ndarray, label: int) -> bool:
    return 0 <= label < len(row) and row[label] == row.max()


def _sure(logits: np.ndarray, threshold: float) -> np.ndarray:
    return np.array([np.exp(log_softmax(row).max()) >= threshold for row in logits])


def _keeping(keep: Callable[[np.ndarray, float], np.ndarray]) -> Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]]:
    """The right labels, another mask."""
    return lambda logits, threshold: (logits.argmax(1), keep(logits, threshold))


def _by_exp(logits: np.ndarray, threshold: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        powers = np.exp(logits)
        return (powers / powers.sum(1, keepdims=True)).max(1) >= threshold


def _marking_the_others(logits: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    return np.where(_sure(logits, threshold), logits.argmax(1), -1), _sure(logits, threshold)


_KEEP = (
    "What is keep for one image?",
    "True or False: True where its probability reaches the threshold. Not the number of the image, nor the probability.",
)
_TWO = ("What is returned?", "Two tensors, in this order: labels, keep.")
_SURE = ("What has to reach the threshold?", "The softmax probability of the label, between 0 and 1: a logit is not a probability.")
_AT_LEAST = ("Is a confidence of exactly the threshold enough?", "Yes: at least, not more than.")
_EXP = ("What is exp(20000)?", "Infinity: torch.softmax subtracts the largest logit first, exp by hand does not.")
_WHOLE = ("How many labels are there?", "One for each image; keep says which of them count.")
_LABELS = ("What is the label of an image?", "The index of its largest logit, an integer: argmax along axis 1.")
_ORDER = ("In which order are the two returned?", "First the labels, then keep.")
MISTAKES = (
    Mistake("compares logits", _keeping(lambda logits, threshold: logits.max(1) >= threshold), _SURE),
    Mistake("more than", _keeping(lambda x, at: np.array([np.exp(log_softmax(row).max()) > at for row in x])), _AT_LEAST),
    Mistake("exp by hand", _keeping(_by_exp), _EXP),
    Mistake("inverted", _keeping(lambda logits, threshold: ~_sure(logits, threshold)), _KEEP),
    Mistake("marks the others", _marking_the_others, _WHOLE),
    Mistake("keep", _keeping(lambda logits, threshold: np.flatnonzero(_sure(logits, threshold))), _KEEP),
    Mistake("only some labels", lambda logits, at: (logits.argmax(1)[_sure(logits, at)], _sure(logits, at)), _WHOLE),
    Mistake("labels", lambda logits, threshold: (logits.max(1), _sure(logits, threshold)), _LABELS),
)
STEPS = (
    "Refuse the threshold. Take the softmax along axis 1. Its maximum has values, the confidences, and indices, the labels. "
    "Compare the confidences with the threshold."
)


@exercise(distillation.pseudo_label, points=3, difficulty=2, minutes=10, judge=labels_and_keep, mistakes=MISTAKES, steps=STEPS)
def pseudo_label(rng: Rng) -> Cases:
    """pseudo_label(teacher_logits, threshold) -> (labels, keep)."""

    def answers(*confidence: float, classes: int = 5) -> Tensor:
        """Logits whose largest probability is as given, at a random class; the others share the rest."""
        rest = (1 - np.array(confidence)) / (classes - 1)
        logits = np.repeat(np.log(rest)[:, None], classes, 1)
        logits[np.arange(len(rest)), rng.integers(0, classes, len(rest))] = np.log(confidence)
        return from_numpy((logits + rng.normal(size=(len(rest), 1))).astype(np.float32))

    some = (answers(0.95, 0.5, 0.85, 0.3, 0.99, 0.78), 0.8)
    yield Case("three of six are sure", some, weight=2, hints=_SURE, hints_for={"swapped": _ORDER, "two": _TWO})
    yield Case("negative logits", (answers(0.5, 0.3, 0.42, 0.35) - 8, 0.4), hints=_SURE)
    yield Case("large logits, unsure all the same", (answers(0.5, 0.3, 0.42, 0.35) + 8, 0.45), hints=_SURE)
    low, high = (float(value) for value in rng.uniform(1, 5, 2))
    halves = tensor([[low, low], [high + 3, high], [-high, -low - high]])[from_numpy(rng.permutation(3))]
    yield Case("exactly at the threshold", (halves, 0.5), hints=_AT_LEAST)
    certain = tensor([[0.0, 60.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 80.0]]) + float(rng.uniform(-3, 3))
    yield Case("threshold 1 keeps the certain", (certain[from_numpy(rng.permutation(3))], 1.0), hints=_AT_LEAST)
    yield Case("huge logits", (normal(rng, 6, 5, scale=20000.0), 0.9), hints=_EXP, hints_for={"labels": _EXP})
    yield Case("nobody is sure", (answers(0.4, 0.35, 0.5), 0.9), hints=_WHOLE)
    one = ("What are the shapes of what you return?", "(n,) and (n,), also where n is 1: squeeze() takes too much.")
    yield Case("a single image", (answers(0.9), 0.6), hints=one, hints_for={"labels": one})
    yield takes_parameter(*some, name="takes logits that require a gradient")
    share = ("Which thresholds can a probability reach?", "Those above 0 up to 1: raise ValueError for any other.")
    yield refuses("threshold 0", (answers(0.9, 0.8), 0.0), hints=share)
    yield refuses("a threshold below 0", (answers(0.9, 0.8), -float(rng.uniform(0.1, 0.9))), hints=share)
    yield refuses("a threshold in percent", (answers(0.9, 0.8), int(rng.integers(50, 100))), hints=share)
    yield keeps_inputs(*some)
