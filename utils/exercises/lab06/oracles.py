"""What is right in lab 06, slowly and from the definitions; the interval is scipy's.

None of it calls `utils.measure` or `utils.deploy`: an error there would be judged right.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from scipy import stats

Tensors = Sequence[tuple[str, int, int, int]]
START_S = 1_234_567.0  # what the clock of `interleave`'s cases says at the start: it has run for two weeks


def prepared(photos: np.ndarray, mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """Number by number, in double precision. photos: (n, h, w, c) -> (n, c, h, w)."""
    n, height, width, channels = photos.shape
    result = np.empty((n, channels, height, width))
    for image, row, column, channel in product(range(n), range(height), range(width), range(channels)):
        brightness = int(photos[image, row, column, channel]) / 255
        result[image, channel, row, column] = (brightness - mean[channel]) / std[channel]
    return result


def next_numbers(dice: int, more: int) -> dict[str, np.ndarray]:
    """The first numbers of torch's and of numpy's generator that begin at this seed."""
    ours = torch.Generator().manual_seed(dice)
    return {"torch": torch.rand(more, generator=ours).numpy(), "numpy": np.random.RandomState(dice).rand(more)}


def in_turns(names: Sequence[str], rounds: int) -> list[str]:
    """Who runs when, the warm-up included."""
    order = list(names)
    for number in range(rounds):
        order += [names[(number + place) % len(names)] for place in range(len(names))]
    return order


def times_of(order: Sequence[str], names: Sequence[str], costs: Sequence[float], pace: Sequence[float], warm: int) -> dict[str, np.ndarray]:
    """What a clock would show, in ms, if the calls came in this order; the first `warm` of each are not kept.

    costs: ms of each contestant. pace: how many times slower the machine is at each call, whoever it is.
    """
    found: dict[str, list[float]] = {name: [] for name in names}
    for place, name in enumerate(order):
        found[name].append(costs[list(names).index(name)] * pace[place % len(pace)])
    return {name: np.array(values[warm:]) for name, values in found.items()}


def interleaved(names: Sequence[str], costs: Sequence[float], pace: Sequence[float], rounds: int) -> dict[str, np.ndarray]:
    """The samples of `interleave`: a warm-up call each, then rounds that begin with one contestant further each time."""
    return times_of(in_turns(names, rounds), names, costs, pace, warm=1)


def median_and_interval(a_ms: np.ndarray, b_ms: np.ndarray) -> tuple[float, float, float]:
    """The median ratio, and scipy's interval for a median by the binomial distribution of order statistics."""
    ratios = a_ms.astype(float) / b_ms.astype(float)
    interval = stats.quantile_test(ratios, p=0.5).confidence_interval(0.95)
    return float(np.median(ratios)), float(interval.low), float(interval.high)


def overlap(tensors: Tensors, offsets: dict[str, int]) -> tuple[str, str] | None:
    """The first two that are alive at once and share a byte."""
    for at, (one, one_size, one_first, one_last) in enumerate(tensors):
        for other, size, first, last in tensors[at + 1 :]:
            at_once = set(range(one_first, one_last + 1)) & set(range(first, last + 1))
            here, there = offsets[one], offsets[other]
            if at_once and max(here, there) < min(here + one_size, there + size):
                return one, other
    return None


def peak(tensors: Tensors, offsets: dict[str, int]) -> int:
    """Bytes from 0 to the end of the last tensor."""
    return max((offsets[name] + size for name, size, _, _ in tensors), default=0)


def lower_bound(tensors: Tensors) -> int:
    """What is alive at once at the worst step: no plan needs less."""
    steps = {step for _, _, first, last in tensors for step in (first, last)}
    return max((sum(size for _, size, first, last in tensors if first <= step <= last) for step in steps), default=0)


def placed(tensors: Tensors) -> dict[str, int]:
    """In this order, each at the lowest offset that is free; byte by byte on a board of steps times bytes."""
    steps, room = max((last for *_, last in tensors), default=0) + 1, sum(size for _, size, _, _ in tensors)
    taken = np.zeros((steps, room), dtype=bool)
    offsets = {}
    for name, size, first, last in tensors:
        offset = next(start for start in range(room) if not taken[first : last + 1, start : start + size].any())
        taken[first : last + 1, offset : offset + size] = True
        offsets[name] = offset
    return offsets


def greedy(tensors: Tensors) -> dict[str, int]:
    """Largest first; of equals, the one that stands first."""
    return placed(sorted(tensors, key=lambda tensor: -tensor[1]))


def farthest(expected: np.ndarray, found: np.ndarray) -> float:
    """The largest difference, pair by pair in Python's numbers; a NaN on one side or on both is infinitely far."""
    worst = 0.0
    for a, b in zip(expected.ravel().tolist(), found.ravel().tolist(), strict=True):
        if a != a or b != b:
            return float("inf")
        worst = max(worst, 0.0 if a == b else float(abs(a - b)))
    return worst
