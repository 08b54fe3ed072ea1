"""What every loss asks of its inputs, said in one sentence each."""

from __future__ import annotations

import torch
from torch import Tensor

TEMPERATURES = 1e-3, 1e3  # beyond, the answers are one class alone, or all alike to the last digits


def check_logits(logits: Tensor, whose: str, *, finite: bool = True) -> None:
    """(n, classes) with n >= 1 and two classes or more, and no NaN or infinity. whose: "teacher" or "student".

    Raises:
        ValueError: another shape, no images, or values that are not finite.
    """
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(f"the {whose}'s logits must be (n, classes) with two classes or more, got shape {tuple(logits.shape)}")
    if not len(logits):
        raise ValueError(f"the {whose}'s logits are of no images: give at least one")
    if finite and not torch.isfinite(logits).all():
        raise ValueError(f"the {whose}'s logits hold NaN or infinity: stop before the training diverges, or mend the images")


def check_pair(student: Tensor, teacher: Tensor, what: str) -> None:
    """Both of one shape: broadcasting would compare what does not belong together.

    Raises:
        ValueError: two shapes.
    """
    if student.shape != teacher.shape:
        raise ValueError(f"{what} must have one shape, got {tuple(student.shape)} for the student, {tuple(teacher.shape)} for the teacher")


def check_setting(temperature: float, alpha: float) -> None:
    """A temperature that leaves something to compare and a share between 0 and 1.

    Raises:
        ValueError: any other.
    """
    if not TEMPERATURES[0] <= temperature <= TEMPERATURES[1]:
        raise ValueError(f"temperature must lie in [0.001, 1000], got {temperature}: 1 leaves the answers as they are, 4 softens them")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1], got {alpha}: it is the teacher's share of the loss, the labels have the rest")


def check_labels(labels: Tensor, logits: Tensor) -> None:
    """(n,) int64, each the number of a class: torch would skip a label of -100 without a word.

    Raises:
        ValueError: another shape or dtype, or a number that is no class.
    """
    n, classes = logits.shape
    if labels.shape != (n,) or labels.dtype != torch.int64:
        raise ValueError(f"labels must be ({n},) int64, one an image, got shape {tuple(labels.shape)} and {labels.dtype}")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise ValueError(f"labels must lie in 0..{classes - 1}, got {low} to {high}: they are numbers of classes")


def check_embeddings(embeddings: Tensor, whose: str) -> None:
    """(n, width) with two images or more and no NaN or infinity.

    Raises:
        ValueError: another shape, fewer images, or values that are not finite.
    """
    if embeddings.ndim != 2 or len(embeddings) < 2:
        raise ValueError(f"the {whose}'s embeddings must be (n, width) with n >= 2, got shape {tuple(embeddings.shape)}")
    if not torch.isfinite(embeddings).all():
        raise ValueError(f"the {whose}'s embeddings hold NaN or infinity: stop before the training diverges, or mend the images")
