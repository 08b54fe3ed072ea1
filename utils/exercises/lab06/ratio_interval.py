"""ratio_interval: how many times as long one network takes as another, and how sure that is."""

from collections.abc import Callable
from functools import partial
from math import comb
from typing import Any

import numpy as np
from scipy import stats
from torch import Tensor, from_numpy

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses

Interval = tuple[float, float, float]
_START = ("Divide round by round, and sort. Which three of the ratios are asked for?", "The middle, sorted[k - 1] and sorted[-k].")
_ORDER = (
    "Sort the ratios: which of them are low and high?",
    "The k-th from below and the k-th from above, counted from 1: sorted[k - 1] and sorted[-k].",
)
_SIDES = ("How much may lie outside on each side?", "Half of 5 %: 2.5 % below and 2.5 % above.")
_SCATTER = (
    "Is this about the ratios, or about their median?",
    "Where 95 % of the ratios lie says how they scatter; the median of 1,000 is known far better than that.",
)
_MIDDLE = ("What is the median of an even number of values?", "Half-way between the two in the middle; torch.median takes the lower one.")
_ROUNDS = (
    "What do the two times of one round have in common?",
    "The state of the machine: divide round by round first, then take the median of the ratios.",
)
_PAUSE = ("What does one pause of half a second do to a mean?", "It ruins it: the ratio is the median of the ratios.")
_COINS = ("Do the ratios follow a bell curve?", "They need not. Coins give k: low and high are sorted[k - 1] and sorted[-k].")
_HUGE = (
    "What are 0.5 ** 2000 and 2 ** 2000 as floats?",
    "0.0, and too large: stay with integers. Add up math.comb(n, i), and compare 40 times the sum with 2 ** n.",
)
_FEWEST = ("How large is k for six rounds?", "1: the chance of no head in six tosses is 1.6 %, that of at most one 11 %.")
_SAME = ("What is a number divided by itself?", "1, in every round: so are the median and both ends.")
_FIVE = (
    "How sure can five rounds make you?",
    "The chance that all five lie above the median is 3 %, more than 2.5 %. k would be 0, and there is no 0-th value: raise ValueError.",
)
_PAIRS = ("What is (40,) divided by (1,)?", "Forty numbers: torch broadcasts. Compare the lengths and raise ValueError.")


def median_and_interval(a_ms: np.ndarray, b_ms: np.ndarray) -> Interval:
    """The oracle: the median, and scipy's interval for it by the binomial distribution of order statistics."""
    ratios = a_ms.astype(float) / b_ms.astype(float)
    interval = stats.quantile_test(ratios, p=0.5).confidence_interval(0.95)
    return float(np.median(ratios)), float(interval.low), float(interval.high)


def _of(found: Callable[[np.ndarray], Any]) -> Callable[..., Any]:
    """found: of the ratios -> the middle, low, high."""
    return lambda a_ms, b_ms: tuple(map(float, found(a_ms.astype(float) / b_ms.astype(float))))


def _at(place: Callable[[int], int], middle: Callable[[np.ndarray], Any] = np.median, order: Any = np.sort) -> Callable[..., Any]:
    """Ends at another place, counted from 0; another middle of the ratios."""

    def found(ratios: np.ndarray) -> Any:
        k = min(max(place(len(ratios)), 0), len(ratios) - 1)
        return middle(ratios), order(ratios)[k], order(ratios)[-1 - k]

    return _of(found)


def _k(n: int, part: float = 0.025) -> int:
    return int(stats.binom(n, 0.5).ppf(part)) - 1


def _k_in_floats(n: int) -> int:
    """0.5 ** n is 0 from 1,075 rounds on."""
    below, k = 0.0, 0
    while k < n // 2 and below + comb(n, k) % 10**300 * 0.5**n <= 0.025:
        below, k = below + comb(n, k) % 10**300 * 0.5**n, k + 1
    return k - 1


def _bell_curve(ratios: np.ndarray, middle: Callable[[np.ndarray], Any] = np.mean) -> Any:
    half = 1.96 * ratios.std(ddof=1) / len(ratios) ** 0.5
    return middle(ratios), middle(ratios) - half, middle(ratios) + half


JUDGE = close_to(median_and_interval, rtol=1e-5)
STEPS = (
    "Refuse; divide round by round and sort; count up k while math.comb(n, 0) + ... + math.comb(n, k) is at most 2.5 % of 2**n, "
    "so while 40 times the sum is at most 2**n, in integers; take the median, sorted[k - 1] and sorted[-k]."
)
MISTAKES = (
    Mistake("b by a", lambda a, b: median_and_interval(b, a), ("Which time is divided by which?", "a by b: above 1, b is the faster one.")),
    Mistake("ratio of medians", lambda a, b: (np.median(a) / float(np.median(b)), *median_and_interval(a, b)[1:]), _ROUNDS),
    Mistake("sorts before it divides", lambda a, b: median_and_interval(np.sort(a), np.sort(b)), _ROUNDS),
    Mistake("the mean", _at(_k, np.mean), _PAUSE),
    Mistake("a bell curve", _of(_bell_curve), _PAUSE),
    Mistake("a bell curve around the median", _of(partial(_bell_curve, middle=np.median)), _COINS),
    Mistake("the lower median", _at(_k, lambda ratios: np.sort(ratios)[(len(ratios) - 1) // 2]), _MIDDLE),
    Mistake("one place too far out", _at(lambda n: _k(n) - 1), _ORDER),
    Mistake("one place too far in", _at(lambda n: _k(n) + 1), _ORDER),
    Mistake("unsorted", _at(_k, order=np.asarray), _ORDER),
    Mistake("5 % on each side", _at(lambda n: _k(n, 0.05)), _SIDES),
    Mistake("percentiles", _of(lambda ratios: np.percentile(ratios, (50, 2.5, 97.5))), _SCATTER),
    Mistake("0.5 ** n in floats", _at(_k_in_floats), _HUGE, "2,000 rounds"),
)


def scipy_interval(a_ms: Tensor, b_ms: Tensor) -> Interval:
    """`ratio_interval` by scipy.stats.quantile_test."""
    if a_ms.shape != b_ms.shape or len(a_ms) < 6:
        raise ValueError(f"need two samples of the same six rounds or more, got {tuple(a_ms.shape)} and {tuple(b_ms.shape)}")
    return median_and_interval(a_ms.numpy(), b_ms.numpy())


@exercise(scipy_interval, difficulty=3, minutes=15, judge=JUDGE, mistakes=MISTAKES, rtol=1e-5, steps=STEPS)
def ratio_interval(rng: Rng) -> Cases:
    """ratio_interval(a_ms, b_ms) -> tuple of three floats: ratio, low, high."""

    def times(rounds: int, factor: float = 1.6) -> tuple[Tensor, Tensor]:
        b = 0.2 + rng.gamma(2.0, 0.1, rounds)
        a = factor * b * rng.lognormal(0, 0.15, rounds)
        return from_numpy(a.astype("f4")), from_numpy(b.astype("f4"))

    yield Case("301 rounds", times(301), weight=2, hints=_START)
    yield Case("an even number of rounds", times(140), hints=_MIDDLE)
    yield Case("six rounds", times(6), hints=_FEWEST)
    a, b = times(161)
    drift = from_numpy(np.exp(np.linspace(0, 3, 161)[rng.permutation(161)]).astype("f4"))
    yield Case("a machine that is slow for both", (a * drift, b * drift), hints=_ROUNDS)
    a, b = times(175)
    a[rng.integers(175)] = 500.0
    yield Case("one pause of half a second", (a, b), hints=_PAUSE)
    a, _ = times(30)
    yield Case("a network against itself", (a, a.clone()), hints=_SAME, hints_on_error=True)
    yield Case("2,000 rounds", times(2000, 8.0), hints=_HUGE, hints_on_error=True)
    yield refuses("five rounds", times(5), hints=_FIVE)
    a, b = times(40)
    yield refuses("a single time for forty rounds", (a, b[:1]), hints=_PAIRS)
    yield refuses("another number of rounds", (a, b[:39]), hints=_PAIRS)
    yield keeps_inputs(*times(20), name="leaves the samples as they were")
