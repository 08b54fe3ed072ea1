"""What a teacher says about images: labels where there are none, how often a student agrees, and an answer without knowledge."""

from __future__ import annotations

import torch
from torch import Tensor

from utils.compress.distillation.checks import check_logits, check_pair


def pseudo_label(teacher_logits: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """Label images by a teacher and mark those that it is sure of (Lee, 2013).

    teacher_logits: (n, classes). Returns (labels, keep): (n,) int64, the most probable class of every image, and (n,)
    bool, True where its softmax probability is at least `threshold`.

    Raises:
        ValueError: a threshold outside (0, 1], no images, or logits that are not finite.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must lie in (0, 1], got {threshold}: it is a probability, 0.9 keeps what the teacher is 90 % sure of")
    check_logits(teacher_logits, "teacher")
    return teacher_logits.argmax(1), teacher_logits.detach().softmax(1).amax(1) >= threshold


def agreement(student_logits: Tensor, teacher_logits: Tensor) -> float:
    """Share of images, in [0, 1], for which both give the same class the most. Both: (n, classes).

    Raises:
        ValueError: two shapes, no images, or logits that are not finite.
    """
    check_logits(student_logits, "student")
    check_logits(teacher_logits, "teacher")
    check_pair(student_logits, teacher_logits, "the logits")
    return (student_logits.argmax(1) == teacher_logits.argmax(1)).double().mean().item()


def shuffled_teacher(teacher_logits: Tensor, generator: torch.Generator) -> Tensor:
    """The control: as sure of the same class, while what it says of the others is dealt out at random, for each image anew.

    teacher_logits: (n, classes) -> the same shape. The largest logit stays where it is and the others are permuted, so
    the probability of the first class, at any temperature, is the teacher's. What a student gains from it is due to the
    confidence alone, not to which wrong classes are likely. generator: decides the order; the global one is not used.

    Raises:
        ValueError: no images, or logits that are not finite.
    """
    check_logits(teacher_logits, "teacher")
    n, classes = teacher_logits.shape
    first = torch.zeros_like(teacher_logits, dtype=torch.bool).scatter_(1, teacher_logits.argmax(1, keepdim=True), True)
    others = torch.arange(classes, device=teacher_logits.device).expand(n, -1)[~first].view(n, classes - 1)
    order = torch.rand(n, classes - 1, generator=generator).argsort(1).to(teacher_logits.device)
    return teacher_logits.scatter(1, others, teacher_logits.gather(1, others.gather(1, order)))
