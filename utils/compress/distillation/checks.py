"""What every loss asks of its inputs, said in one sentence each."""

from __future__ import annotations

import math

import torch
from torch import Tensor


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
    """A temperature above 0 and a share between 0 and 1.

    Raises:
        ValueError: any other.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature must be a number above 0, got {temperature}: 1 leaves the answers as they are, 4 softens them")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1], got {alpha}: it is the teacher's share of the loss, the labels have the rest")


def check_embeddings(embeddings: Tensor, whose: str) -> None:
    """(n, width) with two images or more and no NaN or infinity.

    Raises:
        ValueError: another shape, fewer images, or values that are not finite.
    """
    if embeddings.ndim != 2 or len(embeddings) < 2:
        raise ValueError(f"the {whose}'s embeddings must be (n, width) with n >= 2, got shape {tuple(embeddings.shape)}")
    if not torch.isfinite(embeddings).all():
        raise ValueError(f"the {whose}'s embeddings hold NaN or infinity: stop before the training diverges, or mend the images")
