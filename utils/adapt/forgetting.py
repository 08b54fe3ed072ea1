"""How much of what was known is lost by learning something new."""

from __future__ import annotations

import torch
from torch import Tensor


def forgetting(matrix: Tensor) -> float:
    """Average forgetting after the last task (Chaudhry et al., Riemannian Walk, 2018, equation 3).

    matrix: (tasks, tasks), row i: the accuracy on each task after task i was learnt, in percent. For every task but the
    last: the best that it ever reached before the last task, less what it is at the end; then the mean. Negative where
    later tasks help earlier ones (Lopez-Paz and Ranzato, 2017, call that positive backward transfer).

    Raises:
        ValueError: not a square of at least 2 tasks, or values that are not finite where they count.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise ValueError(f"forgetting needs a square matrix of at least two tasks, got shape {tuple(matrix.shape)}")
    before = matrix[:-1, :-1].double()
    learnt = torch.tril(torch.ones_like(before)).bool()  # a task has no accuracy to lose before it was learnt
    best = before.masked_fill(~learnt, -torch.inf).max(0).values
    lost = best - matrix[-1, :-1].double()
    if not torch.isfinite(lost).all():
        raise ValueError("the matrix holds NaN or infinity at or below its diagonal: measure every task after it was learnt")
    return lost.mean().item()
