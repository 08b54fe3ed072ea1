"""rank_for_energy: how many singular values are worth keeping."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, from_numpy, zeros

from utils.compress import factors
from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, keeps_inputs, refuses, takes_parameter


def by_eigenvalues(weight: np.ndarray, energy: float) -> int:
    """The oracle: the squared singular values are the eigenvalues of W W^T, from small to large here."""
    squares = np.maximum(np.linalg.eigvalsh(weight.astype(float) @ weight.astype(float).T), 0)
    rank = 1
    while squares[len(squares) - rank :].sum() < energy * squares.sum():
        rank += 1
    return rank


def _by(rank: Callable[[np.ndarray, float], int]) -> Callable[[np.ndarray, float], int]:
    """rank: (singular values from large to small, energy) -> answer."""
    return lambda weight, energy: int(rank(np.linalg.svd(weight, compute_uv=False), energy))


_SQUARE = ("What is the energy of a singular value?", "Its square: squared singular values add up to the sum of all squared weights.")
_FIRST = ("What is the smallest rank possible?", "1: the index of the first sum that reaches the energy, plus 1.")
_KEPT = ("Is energy what is kept, or what is lost?", "What is kept: add squares from the largest on, until the sum reaches energy * total.")
_ZERO = ("What is the total energy of zeros?", "0, and 0 / 0 is NaN: compare the sums with energy * total, without dividing.")
MISTAKES = (
    Mistake("not squared", _by(lambda s, energy: (np.cumsum(s) < energy * s.sum()).sum() + 1), _SQUARE),
    Mistake("one too few", _by(lambda s, energy: (np.cumsum(s**2) < energy * (s**2).sum()).sum()), _FIRST),
    Mistake("one too many", _by(lambda s, energy: (np.cumsum(s**2) < energy * (s**2).sum()).sum() + 2), _FIRST),
    Mistake("what is lost", _by(lambda s, energy: (np.cumsum(s**2) < (1 - energy) * (s**2).sum()).sum() + 1), _KEPT),
    Mistake("from the smallest", _by(lambda s, energy: (np.cumsum(s[::-1] ** 2) < energy * (s**2).sum()).sum() + 1), _KEPT),
    Mistake("a fraction of the values", _by(lambda s, energy: np.ceil(energy * len(s))), _KEPT),
)
JUDGE = equal_to(by_eigenvalues)
STEPS = (
    "Refuse an energy that is not between 0 and 1. Square torch.linalg.svdvals(weight), take cumsum, and count how many sums are "
    "below energy * total. The rank is one more."
)


@exercise(factors.rank_for_energy, points=2, difficulty=2, minutes=10, core=False, judge=JUDGE, mistakes=MISTAKES, steps=STEPS)
def rank_for_energy(rng: Rng) -> Cases:
    """rank_for_energy(weight, energy) -> int."""

    def drawn(rows: int, columns: int, rank: int, falling: float = 0.8) -> tuple[Tensor, float]:
        """A weight and an energy that this rank reaches and the next smaller one misses, both by far."""
        size = min(rows, columns)
        values = falling ** np.arange(size) * rng.uniform(0.95, 1.05) * 3
        left, right = (np.linalg.qr(rng.normal(size=(side, side)))[0] for side in (rows, columns))
        kept = np.cumsum(values**2) / (values**2).sum()
        energy = (kept[rank - 1] + (kept[rank - 2] if rank > 1 else 0)) / 2
        return from_numpy(((left[:, :size] * values) @ right[:size]).astype("f4")), round(float(energy), 4)

    middle = between(rng, 3, 5)
    yield Case("a square matrix", drawn(12, 12, middle), weight=2, hints=_SQUARE)
    yield Case("more rows than columns", drawn(20, 8, 4, 0.7), hints=_SQUARE)
    yield Case("more columns than rows", drawn(7, 30, 5), hints=_SQUARE)
    yield Case("rank 1 is enough", drawn(9, 9, 1, 0.5), hints=_FIRST)
    yield Case("the last one is needed", drawn(6, 10, 6, 0.9), hints=_FIRST)
    yield Case("singular values that are equal", drawn(10, 10, between(rng, 3, 8), 1.0), hints=_KEPT)
    yield Case("a matrix of zeros", (zeros(between(rng, 4, 39), 6), 0.9), weight=0.5, hints=_ZERO, hints_on_error=True)
    yield refuses("an energy of 0", (drawn(5, 6, 2)[0], 0.0), weight=0.5)
    yield refuses("an energy of 95", (drawn(5, 6, 2)[0], 95.0), weight=0.5)
    yield takes_parameter(*drawn(8, 11, 3))
    yield keeps_inputs(*drawn(9, 7, 2))
