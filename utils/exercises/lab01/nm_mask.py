"""nm_mask: the largest n of every m neighboring inputs stay."""

from collections.abc import Callable

import numpy as np
from torch import tensor

from utils.compress import pruning
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, exercise, keeps_inputs, refuses, takes_parameter
from utils.exercises.lab01.draws import sizes, smallest_negative
from utils.exercises.lab01.masks import SIGN, STAYS, keeps_n_of_m


def _mask(weight: np.ndarray, n: int = 2, m: int = 4, size: Callable[[np.ndarray], np.ndarray] = np.abs) -> np.ndarray:
    groups = size(weight).reshape(-1, m)
    rank = (-groups).argsort(1, kind="stable").argsort(1, kind="stable")
    return (rank < n).reshape(weight.shape)


def _above_threshold(weight: np.ndarray, n: int = 2, m: int = 4) -> np.ndarray:
    groups = np.abs(weight).reshape(-1, m)
    return (groups >= np.sort(groups, 1)[:, [m - n]]).reshape(weight.shape)


_GROUPS = ("Which weights share a group?", "m consecutive inputs of one output: reshape to (out, in // m, m) and work along the last axis.")
_NUMBERS = ("Do you use n and m?", "n is how many stay, m how large a group is.")
_TIES = ("Some groups have equal weights, or only zeros.", "A threshold takes all equal weights or none; topk gives exactly n.")
MISTAKES = (
    Mistake("along the outputs", lambda weight, n=2, m=4: _mask(weight.T.copy(), n, m).T, _GROUPS),
    Mistake("by value", lambda weight, n=2, m=4: _mask(weight, n, m, lambda values: values), SIGN),
    Mistake("above a threshold", _above_threshold, _TIES, "exactly n among equal weights"),
    Mistake("inverted", lambda weight, n=2, m=4: ~_mask(weight, n, m), STAYS),
    Mistake("always two of four", lambda weight, n=2, m=4: _mask(weight), _NUMBERS),
    Mistake("removes n", lambda weight, n=2, m=4: _mask(weight, m - n, m), _NUMBERS),
)
STEPS = (
    "Refuse inputs that m does not divide. Reshape the magnitudes to groups of m. Find the n largest of each group (topk, or the "
    "rank by argsort twice). Restore the shape."
)


@exercise(pruning.nm_mask, points=2, difficulty=2, minutes=10, core=False, judge=keeps_n_of_m, mistakes=MISTAKES, steps=STEPS)
def nm_mask(rng: Rng) -> Cases:
    """nm_mask(weight, n=2, m=4) -> bool tensor (out, in)."""
    yield Case("2 of 4 in every group", (sizes(rng, 8, 16),), weight=2, hints=_GROUPS)
    yield Case("1 of 4", (sizes(rng, 4, 8), 1, 4), hints=_NUMBERS, hints_on_error=True)
    yield Case("5 of 8", (sizes(rng, 6, 24), 5, 8), hints=_NUMBERS, hints_on_error=True)
    yield Case("all of a group", (sizes(rng, 3, 6), 3, 3), hints=_NUMBERS, hints_on_error=True)
    yield Case("counts the magnitude, not the sign", (normal(rng, 4, 8) - 1,), hints=SIGN)
    equal = tensor([[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], [2.0, 4.0, 4.0, 4.0, 0.0, 6.0, 0.0, 0.0]])
    yield Case("exactly n among equal weights", (float(rng.uniform(0.1, 1)) * equal,), hints=_TIES)
    last = (
        "What if the last group is not full?",
        "raise ValueError if in is not a multiple of m; check before reshaping, which raises another error.",
    )
    yield refuses("inputs that m does not divide", (normal(rng, 4, 4 * int(rng.integers(2, 6)) + 2),), hints=last)
    yield takes_parameter(sizes(rng, 4, 12))
    yield keeps_inputs(smallest_negative(sizes(rng, 4, 2, 4), 2).view(4, 8))
