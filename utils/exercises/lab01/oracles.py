"""What is right in lab 01, written slowly and from the definitions.

None of it calls `utils.compress`: an error there would be judged right.
"""

from __future__ import annotations

import numpy as np


def cubic(step: float, begin: float, end: float, final_sparsity: float) -> float:
    """Zhu and Gupta (2017), equation 1, written from the end: what is still to go shrinks with the third power."""
    if step <= begin:
        return 0.0
    remaining = max(end - step, 0) / (end - begin)
    return final_sparsity - final_sparsity * remaining**3


def importance(weight: np.ndarray, criterion: str) -> np.ndarray:
    """One filter after the other, in double precision."""
    filters = [channel.ravel().astype(float) for channel in weight]
    return np.array([np.abs(f).sum() if criterion == "l1" else np.sqrt(f @ f) for f in filters])


def ticket(initial: np.ndarray, final: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The initial weights where the mask keeps, whatever its dtype."""
    return np.where(mask, initial, 0)


def looked_up(names: list[str], sparsities: list[float], table: dict[str, list[float]]) -> dict[str, list[float]]:
    """The probe's callback looks in this table, so the table is the answer."""
    return table
