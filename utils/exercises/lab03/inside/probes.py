"""Lab 03's probes: these run where the student's code runs.

A projector is a pure function, a product with the case's matrix along the channels; nothing is counted in it.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from utils.exercises.inside.probing import call

__all__ = ["gradients", "projected", "projected_gradients"]

Function = Callable[..., Any]


def gradients(function: Function, student: Tensor, teacher: Tensor, *rest: Any) -> dict[str, Any]:
    """The gradients that a loss sends to the student's and to the teacher's tensor, which both require one."""
    leaves = {"student": student.requires_grad_(), "teacher": teacher.requires_grad_()}
    with torch.enable_grad():
        return _sent(function(student, teacher, *rest), leaves)


def projected(function: Function, student: Tensor, teacher: Tensor, matrix: Tensor) -> Any:
    """Call `feature_loss` with a projector."""
    return call(function, student, teacher, _projector(matrix))


def projected_gradients(function: Function, student: Tensor, teacher: Tensor, matrix: Tensor) -> dict[str, Any]:
    """As `gradients`, with a projector whose matrix requires one, too."""
    leaves = {"student": student.requires_grad_(), "teacher": teacher.requires_grad_(), "matrix": matrix.requires_grad_()}
    with torch.enable_grad():
        return _sent(function(student, teacher, _projector(matrix)), leaves)


def _projector(matrix: Tensor) -> Callable[[Tensor], Tensor]:
    """(n, in, ...) -> (n, out, ...) by a matrix (in, out)."""
    return lambda feat: (feat.movedim(1, -1) @ matrix).movedim(-1, 1)


def _sent(loss: Any, leaves: dict[str, Tensor]) -> dict[str, Any]:
    """What arrives at each leaf, None where nothing does. flows: whether the loss is a number that sends gradients at all."""
    flows = type(loss) is Tensor and loss.numel() == 1 and loss.requires_grad
    if flows:
        loss.backward()
    return {"flows": flows, **{name: leaf.grad for name, leaf in leaves.items()}}
