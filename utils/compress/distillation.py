"""Learn from a teacher's soft answers (Hinton, Vinyals and Dean, 2015)."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.train import Loss


def kd_loss(student_logits: Tensor, teacher_logits: Tensor, labels: Tensor, temperature: float = 4.0, alpha: float = 0.7) -> Tensor:
    """alpha * T^2 * KL(teacher || student) at temperature T + (1 - alpha) * cross entropy with the labels.

    student_logits, teacher_logits: (n, classes); labels: (n,) int64. Returns a scalar.

    Raises:
        ValueError: a temperature that is not positive or an alpha outside [0, 1].
    """
    if temperature <= 0 or not 0 <= alpha <= 1:
        raise ValueError(f"need temperature > 0 and alpha in [0, 1], got {temperature} and {alpha}")
    soft = F.kl_div(
        F.log_softmax(student_logits / temperature, 1),
        F.log_softmax(teacher_logits / temperature, 1),
        reduction="batchmean",
        log_target=True,
    )
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def from_teacher(teacher: nn.Module, temperature: float = 4.0, alpha: float = 0.7) -> Loss:
    """A loss for `fit`: the teacher sees the same augmented images and is not changed."""
    teacher = copy.deepcopy(teacher).eval().to(memory_format=torch.channels_last)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            soft = teacher(x).float()
        return kd_loss(model(x).float(), soft, y, temperature, alpha)

    return loss
