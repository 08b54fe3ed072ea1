"""relative_indices: where the weights that stay are, as the zeros between them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, zeros

from utils.compress import coding
from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, has_dtype, keeps_inputs, refuses, takes_nothing
from utils.exercises.lab04.draws import mask_of


def symbols_of_runs(mask: np.ndarray, bits: int) -> np.ndarray:
    """The oracle: write the mask as a text, cut it at the ones, and look at the runs of zeros before them."""
    runs = "".join("1" if kept else "0" for kept in mask.ravel()).split("1")[:-1]
    most = 2**bits - 1
    return np.array([symbol for run in runs for symbol in [most] * (len(run) // most) + [len(run) % most]], dtype=np.int64)


def package_indices(mask: Tensor, bits: int) -> Tensor:
    """The stand-in: the package's, for tensors."""
    return torch.from_numpy(coding.relative_indices(mask.numpy(), bits))


def _zeros_before(mask: np.ndarray) -> list[int]:
    return (np.diff(np.flatnonzero(mask), prepend=-1) - 1).tolist()


def _written(gaps: list[int], most: int, span: int = 0, enough: int = 0, whole: bool = False) -> np.ndarray:
    """Symbols for these gaps. span: zeros of a filler. enough: from which gap on there is one. whole: the gap follows as it was."""
    found = []
    for gap in gaps:
        rest = gap
        while rest >= (enough or most):
            found.append(most)
            rest -= span or most
        found.append(gap if whole else rest)
    return np.array(found, dtype=np.int64)


def _with(**options: Any) -> Callable[[np.ndarray, int], np.ndarray]:
    return lambda mask, bits: _written(_zeros_before(mask), 2**bits - 1, **options)


def _first_short(mask: np.ndarray, bits: int) -> np.ndarray:
    gaps = _zeros_before(mask)
    return _written([max(0, gap - 1) for gap in gaps[:1]] + gaps[1:], 2**bits - 1)


def _to_the_end(mask: np.ndarray, bits: int) -> np.ndarray:
    found, most = symbols_of_runs(mask, bits), 2**bits - 1
    behind = mask.size - 1 - np.flatnonzero(mask).max(initial=-1)
    return np.append(found, [most] * (behind // most))


_BETWEEN = ("How many zeros are between two neighbors?", "None, so the symbol is 0: a distance from position to position is one more.")
_FIRST = ("How many zeros are before the first True?", "As many as its position says: begin as if the last one were at -1.")
_FILLER = (
    "What is the largest number that `bits` bits can hold?",
    "2**bits - 1. While as many zeros or more are left, write this symbol and count them off; then write the rest.",
)
_EXACT = ("How would a reader tell a gap of exactly 2**bits - 1 from a filler?", "It could not: such a gap is a filler and a 0.")
_END = ("Does anything follow the last weight that stays?", "Nothing: the reader knows the size, so the zeros at the end need no symbol.")
_ROWS = ("In which order are the entries of a matrix read?", "Row by row, as flatten() does, and a gap may reach into the next row.")
_NOTHING = ("No weight stays here.", "Then there is no symbol at all: return a tensor of shape (0,).")
MISTAKES = (
    Mistake("distances", lambda mask, bits: _written([gap + 1 for gap in _zeros_before(mask)], 2**bits - 1), _BETWEEN),
    Mistake("positions", lambda mask, bits: np.flatnonzero(mask), _BETWEEN),
    Mistake("the first gap one too short", _first_short, _FIRST),
    Mistake("no fillers", lambda mask, bits: np.array(_zeros_before(mask)), _FILLER),
    Mistake("the whole gap again", _with(whole=True), _FILLER),
    Mistake("bits as the largest symbol", lambda mask, bits: _written(_zeros_before(mask), bits), _FILLER),
    Mistake("fillers of 2**bits", lambda mask, bits: _written(_zeros_before(mask), 2**bits - 1, 2**bits, 2**bits), _EXACT),
    Mistake("fillers above the largest only", lambda mask, bits: _written(_zeros_before(mask), 2**bits - 1, enough=2**bits), _EXACT),
    Mistake("fillers to the end", _to_the_end, _END),
    Mistake("column by column", lambda mask, bits: symbols_of_runs(mask.T, bits), _ROWS),
)
STEPS = (
    "Find the positions of the True entries in the flattened mask. Go through them and count the zeros since the one before. While "
    "2**bits - 1 or more zeros are left, append 2**bits - 1 and subtract it. Append the rest."
)


@exercise(package_indices, points=3, difficulty=2, minutes=15, judge=equal_to(symbols_of_runs), mistakes=MISTAKES, steps=STEPS)
def relative_indices(rng: Rng) -> Cases:
    """relative_indices(mask, bits) -> integer tensor of symbols."""

    def gaps(count: int, low: int, high: int) -> list[int]:
        return rng.integers(low, high, count).tolist()

    yield Case("gaps without a filler", (mask_of([*gaps(1, 3, 9), 0, *gaps(12, 0, 14)]), 4), weight=2, hints=_BETWEEN)
    yield Case("a filler in long gaps", (mask_of(rng.permutation([*gaps(8, 0, 6), *gaps(4, 9, 13)]).tolist()), 3), weight=2, hints=_FILLER)
    yield Case("several fillers in a row", (mask_of([*gaps(3, 10, 12), 2, *gaps(2, 20, 30)]), 2), hints=_FILLER)
    yield Case("a gap of exactly 2**bits - 1", (mask_of([*gaps(2, 0, 6), 7, *gaps(2, 0, 7)]), 3), hints=_EXACT)
    yield Case("zeros at the end", (mask_of(gaps(5, 0, 3), behind=between(rng, 9, 29)), 3), hints=_END)
    matrix = mask_of([*gaps(20, 0, 5)], 30)[:48].view(6, 8)
    yield Case("a matrix, row by row", (matrix, 3), hints=_ROWS, hints_on_error=True)
    yield Case("1 bit", (mask_of(gaps(9, 0, 4)), 1), hints=_FILLER)
    yield Case("8 bits", (mask_of([*gaps(4, 0, 250), between(rng, 300, 399)]), 8), hints=_FILLER)
    yield Case("all is kept", (mask_of([0] * between(rng, 4, 19)), 4), hints=_BETWEEN)
    yield takes_nothing("nothing is kept", zeros(between(rng, 4, 59), dtype=torch.bool), 3, hints=_NOTHING)
    yield has_dtype(equal_to(symbols_of_runs), "an integer dtype", ("i", "u"), mask_of(gaps(6, 0, 9)), 3)
    yield refuses("0 bits", (mask_of(gaps(4, 1, 5)), 0), weight=0.5)
    yield keeps_inputs(mask_of(gaps(6, 0, 8)), 3)
