"""Forgetting: how much accuracy on earlier tasks is lost by learning later ones."""

from __future__ import annotations

import torch
from torch import Tensor


def forgetting(matrix: Tensor) -> float:
    """Average forgetting after the last task, in percentage points (Chaudhry et al., Riemannian Walk, 2018, equation 3).

    matrix: (tasks, tasks), row i: the accuracy on each task after task i was learned, in percent.

    For every task except the last: the best accuracy before the last task minus the accuracy at the end; then the mean.
    Negative where later tasks help earlier ones (positive backward transfer: Lopez-Paz and Ranzato, 2017).

    >>> forgetting(torch.tensor([[90.0, 0.0], [80.0, 95.0]]))
    10.0

    Raises:
        ValueError: not a square of at least 2 tasks, or values that are not finite where they count.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise ValueError(f"forgetting needs a square matrix of at least two tasks, got shape {tuple(matrix.shape)}")
    before = matrix[:-1, :-1].double()
    learned = torch.tril(torch.ones_like(before)).bool()  # a task has no accuracy to lose before it was learned
    best = before.masked_fill(~learned, -torch.inf).max(0).values
    lost = best - matrix[-1, :-1].double()
    if not torch.isfinite(lost).all():
        raise ValueError("the matrix holds NaN or infinity at or below its diagonal: measure every task after it was learned")
    return lost.mean().item()
