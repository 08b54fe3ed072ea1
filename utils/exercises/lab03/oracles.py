"""What several exercises of lab 03 are judged by, written slowly and in double precision.

None of it calls `utils.compress`: an error there would be judged right.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Of one image: the largest logit is subtracted first, so that nothing overflows."""
    shifted = np.asarray(logits, dtype=float) - np.max(logits)
    return shifted - np.log(np.exp(shifted).sum())


def slope(loss: Callable[..., float], inputs: tuple[Any, ...], at: int, step: float = 1e-5) -> np.ndarray:
    """The gradient of a loss for its input number `at`, by central differences."""
    value = inputs[at].astype(float)
    found = np.zeros(value.shape)
    for place in np.ndindex(value.shape):
        moved = []
        for sign in (step, -step):
            other = value.copy()
            other[place] += sign
            moved.append(loss(*inputs[:at], other, *inputs[at + 1 :]))
        found[place] = (moved[0] - moved[1]) / (2 * step)
    return found
