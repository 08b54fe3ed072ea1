"""entropy_bits: the bound of every code that knows how often each symbol occurs."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import scipy.stats
import torch
from torch import Tensor, from_numpy, full, tensor

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, takes_nothing
from utils.exercises.lab04.draws import probabilities, symbols_by


def bits_of_all(symbols: np.ndarray) -> float:
    """The oracle: n log2(n) less c log2(c) for each symbol's count c."""
    counts = Counter(symbols.ravel().tolist())
    whole = counts.total()
    return max(0.0, whole * math.log2(whole) - math.fsum(count * math.log2(count) for count in counts.values())) if whole else 0.0


def by_scipy(symbols: Tensor) -> float:
    """The stand-in."""
    counts = np.unique(symbols.numpy(), return_counts=True)[1]
    return float(symbols.numel() * scipy.stats.entropy(counts, base=2)) if symbols.numel() else 0.0


def _summed(bits: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], float]:
    """bits: counts -> bits of all occurrences of each symbol."""
    return lambda symbols: float(bits(np.unique(symbols, return_counts=True)[1]).sum()) if symbols.size else 0.0


_ALL = ("Is this the entropy of one symbol or the bits of all?", "Of all: multiply the entropy by the number of symbols.")
_LOG = ("Which logarithm counts bits?", "log2. A symbol that occurs c times in n costs -log2(c / n) each time.")
_OFTEN = ("How often does each symbol occur?", "torch.unique(symbols, return_counts=True) counts them; probabilities are counts / n.")
_NEGATIVE = ("Which symbols can bincount count?", "Those from 0 on. torch.unique with return_counts=True counts any.")
_SURE = ("What is there to say if all symbols are the same?", "Nothing: the probability is 1, and log2(1) is 0.")
MISTAKES = (
    Mistake("of one symbol", lambda symbols: bits_of_all(symbols) / max(1, symbols.size), _ALL),
    Mistake("in nats", lambda symbols: bits_of_all(symbols) * math.log(2), _LOG),
    Mistake("negative", lambda symbols: -bits_of_all(symbols), _LOG),
    Mistake("all symbols alike", _summed(lambda counts: counts * np.log2(len(counts))), _OFTEN),
    Mistake("every symbol once", _summed(lambda counts: -np.log2(counts / counts.sum())), _OFTEN),
    Mistake("rounds up", _summed(lambda counts: counts * np.ceil(-np.log2(counts / counts.sum()))), _LOG),
    Mistake("a bit at least", _summed(lambda counts: counts * np.maximum(1, -np.log2(counts / counts.sum()))), _SURE),
)
STEPS = "Count each symbol with torch.unique(symbols, return_counts=True). Sum count * -log2(count / n)."


@exercise(by_scipy, points=1, difficulty=1, minutes=5, core=False, judge=close_to(bits_of_all), mistakes=MISTAKES, steps=STEPS)
def entropy_bits(rng: Rng) -> Cases:
    """entropy_bits(symbols) -> bits."""
    chances = probabilities(rng, 7, 0.5)
    yield Case("symbols of uneven frequency", (symbols_by(rng, chances, 80),), weight=2, hints=_OFTEN)
    yield Case("negative symbols", (symbols_by(rng, chances, 50) - 3,), hints=_NEGATIVE, hints_on_error=True)
    yield Case("a matrix", (symbols_by(rng, chances, 6, 9),), hints=_ALL)
    equal = from_numpy(rng.permutation(np.repeat(rng.choice(100, 4, replace=False), between(rng, 3, 11))))
    yield Case("four symbols, equally often", (equal,), hints=_ALL)
    yield Case("one symbol among many", (tensor([1] + [0] * between(rng, 100, 299)),), hints=_SURE)
    yield Case("the same symbol again and again", (full((between(rng, 5, 89),), between(rng, 0, 8)),), weight=0.5, hints=_SURE)
    yield takes_nothing("no symbols", tensor([], dtype=torch.int64), weight=0.5)
    yield keeps_inputs(symbols_by(rng, chances, 30))
