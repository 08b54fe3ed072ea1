"""Lab 03's judges: where gradients arrive, and labels with a mask. Plain values and arrays only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Verdict, as_mask, describe, difference
from utils.exercises.lab03.oracles import log_softmax


def either(first: Judge, second: Judge) -> Judge:
    """What one of the two accepts; else the first one's verdict."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = first(answer, inputs)
        return verdict if verdict.passed or not second(answer, inputs).passed else Verdict(True, verdict.expected, verdict.expected)

    return judge


def sends(to: str, gradient: Callable[..., np.ndarray]) -> Judge:
    """For the probes that bring gradients: what arrives at `to` is `gradient(*inputs)`.

    Verdicts are about "flow" where the loss sends no gradient, or none to this tensor.
    """

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        wanted = gradient(*inputs)
        got = answer.get(to) if type(answer) is dict else None
        if type(got) is not np.ndarray:
            return Verdict(False, f"gradient of {describe(wanted)}", f"no gradient arrives: {_why(answer)}", "flow")
        fault = difference(got, wanted, rtol=2e-3, atol=1e-5)
        return Verdict(fault is None, f"gradient of {describe(wanted)}", fault or describe(got))

    return judge


def sends_the_teacher_nothing(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """The loss sends gradients, and none of them, or zeros, to the teacher's tensor."""
    expected = "a loss with a gradient, none of it for the teacher"
    if type(answer) is not dict or answer.get("flows") is not True:
        return Verdict(False, expected, f"no gradient at all: {_why(answer)}", "flow")
    got = answer.get("teacher")
    if got is None or (type(got) is np.ndarray and not got.any()):
        return Verdict(True, expected, expected)
    return Verdict(False, expected, f"the teacher gets a gradient of {describe(got)}")


def sends_finite(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """What arrives at the student is finite everywhere."""
    expected = "a gradient without NaN or infinity"
    got = answer.get("student") if type(answer) is dict else None
    if type(got) is not np.ndarray or got.shape != inputs[0].shape:
        return Verdict(False, expected, f"no gradient arrives: {_why(answer)}", "flow")
    odd = int((~np.isfinite(got)).sum())
    return Verdict(not odd, expected, f"{odd} of {got.size} values are NaN or infinite" if odd else describe(got))


def _why(answer: Any) -> str:
    if type(answer) is dict and answer.get("flows") is True:
        return "this tensor was cut off"
    return "the answer is no tensor of one number that remembers how it was computed"


def labels_and_keep(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (teacher_logits, threshold). Each label has the largest logit, and is kept where it is probable enough.

    Verdicts are about "labels", "whole" (only some images have a label), "swapped" or "keep", where it is that.
    """
    logits, threshold = inputs
    sure = np.array([np.exp(log_softmax(row).max()) >= threshold for row in logits])
    expected = f"{len(logits)} labels, {int(sure.sum())} of them kept"
    if type(answer) not in (list, tuple) or len(answer) != 2:
        return Verdict(False, expected, describe(answer))
    labels, keep = answer
    if type(labels) is np.ndarray and type(keep) is np.ndarray and labels.dtype == bool and keep.dtype.kind in "iu":
        return Verdict(False, expected, "the mask stands before the labels", "swapped")
    if type(labels) is not np.ndarray or labels.dtype.kind not in "iu":
        return Verdict(False, expected, f"labels that are no whole numbers: {describe(labels)}", "labels")
    if labels.shape != sure.shape:
        return Verdict(False, expected, f"labels of shape {labels.shape}", "whole" if labels.shape == (int(sure.sum()),) else "labels")
    wrong = [at for at, (row, label) in enumerate(zip(logits, labels, strict=True)) if not _is_largest(row, int(label))]
    if wrong:
        return Verdict(False, expected, f"label {labels[wrong[0]]} for image {wrong[0]}", "labels")
    mask, fault = as_mask(keep, sure.shape)
    if mask is None:
        return Verdict(False, expected, f"for keep, {fault}", "keep")
    if (mask != sure).any():
        return Verdict(False, expected, f"{int(mask.sum())} kept, first difference at image {int(np.argmax(mask != sure))}", "keep")
    return Verdict(True, expected, expected)


def _is_largest(row: np.ndarray, label: int) -> bool:
    return 0 <= label < len(row) and row[label] == row.max()
