"""The inputs of lab 02, drawn so that a right answer is right in any precision: nothing lies near a border between two codes."""

import numpy as np
from torch import Tensor, from_numpy

from utils.exercises.draws import integers
from utils.exercises.kit import Rng


def step(rng: Rng) -> float:
    """A scale."""
    return round(float(rng.uniform(0.02, 0.05)), 4)


def around_zero(rng: Rng, bits: int, width: float = 1.0) -> tuple[float, float]:
    """low and high, such that -low / scale is 0.3 below a whole number: to round it and to cut off its fraction differs."""
    top = 2**bits - 1
    below, scale = int(integers(rng, top // 4, top // 2)) - 0.3, width * float(rng.uniform(3, 5)) / top
    return -below * scale, (top - below) * scale


def off_borders(rng: Rng, scale: float | np.ndarray, low: int, high: int, *shape: int, without: tuple[int, ...] = ()) -> Tensor:
    """Values that round to the steps low to high, each of the two at least once, and lie at most 0.4 steps beside one.

    To round down, to cut off and to round gives three different codes: both kinds of remainder are there.
    without: steps that do not occur.
    """
    steps = integers(rng, low, high, *shape).ravel()
    steps[np.isin(steps, without)] = 0
    beside = rng.uniform(0.1, 0.4, size=steps.size) * rng.choice([-1, 1], size=steps.size)
    steps[:2], beside[:2] = (low, high), (-0.3, 0.3)
    return from_numpy((scale * (steps + beside).reshape(shape)).astype(np.float32))


def halves(rng: Rng) -> Tensor:
    """Numbers in the middle of two integers, of both signs, the integer below even and odd."""
    return from_numpy(np.concatenate([2 * integers(rng, -12, 11, 6), 2 * integers(rng, -12, 11, 6) + 1, [0, 1, -1, -2]]).astype("f4") + 0.5)
