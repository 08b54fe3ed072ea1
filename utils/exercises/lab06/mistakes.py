"""What usual mistakes of lab 06 give: a judge that recognises one shows the hint that helps.

Each is a function of an exercise's inputs, by the name that a verdict is then about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from utils.exercises.lab06.oracles import in_turns, prepared, times_of


def _moved(photos: np.ndarray) -> np.ndarray:
    return np.moveaxis(photos.astype(float), 3, 1)


def _per_channel(values: Sequence[float]) -> np.ndarray:
    return np.array(values)[:, None, None]


def _scaled(photos: np.ndarray, mean: Sequence[float], std: Sequence[float], factor: float) -> np.ndarray:
    return (_moved(photos) / factor - _per_channel(mean)) / _per_channel(std)


def _along_columns(photos: np.ndarray, mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """mean and std laid along the columns, where there happen to be as many; else nothing that equals an answer."""
    if photos.shape[2] != len(mean):
        return np.array(np.nan)
    return (_moved(photos) / 255 - np.array(mean)) / np.array(std)


PREPARED: dict[str, Callable[..., Any]] = {
    "bytes": lambda photos, mean, std: _scaled(photos, mean, std, 1),
    "twice": lambda photos, mean, std: _scaled(photos, mean, std, 255 * 255),
    "plain": lambda photos, mean, std: _moved(photos) / 255,
    "std": lambda photos, mean, std: _moved(photos) / 255 - _per_channel(mean),
    "before": lambda photos, mean, std: (_moved(photos) / 255) / _per_channel(std) - _per_channel(mean),
    "reshaped": lambda photos, mean, std: np.moveaxis(prepared(photos, mean, std), 1, 3).reshape(
        len(photos), photos.shape[3], *photos.shape[1:3]
    ),
    "turned": lambda photos, mean, std: prepared(photos, mean, std).swapaxes(2, 3),
    "unmoved": lambda photos, mean, std: np.moveaxis(prepared(photos, mean, std), 1, 3),
    "columns": _along_columns,
    "squeezed": lambda photos, mean, std: prepared(photos, mean, std).squeeze(),
    "256": lambda photos, mean, std: _scaled(photos, mean, std, 256),
}


def _blocks(names: Sequence[str], rounds: int) -> list[str]:
    return [*names, *(name for name in names for _ in range(rounds))]


def _fixed(names: Sequence[str], rounds: int) -> list[str]:
    return [*names, *list(names) * rounds]


def _per_block(names: Sequence[str], rounds: int) -> list[str]:
    return [name for name in names for _ in range(rounds + 1)]


def _backwards(names: Sequence[str], rounds: int) -> list[str]:
    n = len(names)
    return [*names, *(names[(place - number) % n] for number in range(rounds) for place in range(n))]


def _samples(order: Callable[[Sequence[str], int], list[str]], warm: int = 1, unit: float = 1.0) -> Callable[..., dict[str, np.ndarray]]:
    """As the oracle, with another order; warm: how many calls of each are not kept."""

    def made(names: Sequence[str], costs: Sequence[float], pace: Sequence[float], rounds: int, start_s: float) -> dict[str, np.ndarray]:
        return {name: unit * values for name, values in times_of(order(names, rounds), names, costs, pace, warm).items()}

    return made


TIMED: dict[str, Callable[..., Any]] = {
    "seconds": _samples(in_turns, unit=1e-3),
    "micro": _samples(in_turns, unit=1e3),
    "warm": _samples(lambda names, rounds: in_turns(names, rounds)[len(names) :], warm=0),
    "counted": _samples(in_turns, warm=0),
    "blocks": _samples(_blocks),
    "own blocks": _samples(_per_block),
    "fixed": _samples(_fixed),
    "backwards": _samples(_backwards),
}


def _around(a_ms: np.ndarray, b_ms: np.ndarray, shift: int = 0, share: float = 0.025) -> tuple[float, float, float]:
    """The right answer with the ends `shift` places further out, or at another level."""
    ratios = np.sort(a_ms.astype(float) / b_ms.astype(float))
    place = int(stats.binom(len(ratios), 0.5).ppf(share)) - 1 - shift
    place = min(max(place, 0), len(ratios) - 1)
    return float(np.median(ratios)), float(ratios[place]), float(ratios[-1 - place])


def _with_middle(middle: Callable[[np.ndarray, np.ndarray], float]) -> Callable[..., tuple[float, float, float]]:
    return lambda a_ms, b_ms: (middle(a_ms.astype(float), b_ms.astype(float)), *_around(a_ms, b_ms)[1:])


RATIO: dict[str, Callable[..., Any]] = {
    "inverse": lambda a_ms, b_ms: _around(b_ms, a_ms),
    "medians": _with_middle(lambda a, b: float(np.median(a) / np.median(b))),
    "mean": _with_middle(lambda a, b: float(np.mean(a / b))),
    "lower": _with_middle(lambda a, b: float(np.sort(a / b)[(len(a) - 1) // 2])),
    "wide": lambda a_ms, b_ms: _around(a_ms, b_ms, shift=1),
    "narrow": lambda a_ms, b_ms: _around(a_ms, b_ms, shift=-1),
    "one side": lambda a_ms, b_ms: _around(a_ms, b_ms, share=0.05),
    "percentiles": lambda a_ms, b_ms: (
        float(np.median(a_ms / b_ms)),
        float(np.percentile(a_ms / b_ms, 2.5)),
        float(np.percentile(a_ms / b_ms, 97.5)),
    ),
}


def _apart(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return expected.astype(float) - found.astype(float)


APART: dict[str, Callable[..., Any]] = {
    "sign": lambda expected, found: float(np.max(_apart(expected, found), initial=-np.inf)),
    "mean": lambda expected, found: float(np.mean(np.abs(_apart(expected, found)))) if expected.size else np.nan,
}
