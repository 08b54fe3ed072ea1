"""Learning rate schedules: the factor of the peak learning rate at each step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

Schedule: TypeAlias = Callable[[float], float]  # fraction of the steps done, in (0, 1] -> factor of the learning rate


def constant(done: float) -> float:
    """The peak learning rate at every step.

    >>> constant(0.3)
    1.0
    """
    return 1.0


def one_cycle(done: float, warmup: float = 0.2) -> float:
    """The factor rises in a straight line during the warm-up and falls to zero in half a cosine.

    done: fraction of the steps done, in (0, 1]. warmup: fraction of the steps during which the factor rises.

    >>> [round(one_cycle(done), 3) for done in (0.1, 0.2, 0.6, 1.0)]
    [0.5, 1.0, 0.5, 0.0]
    """
    if done < warmup:
        return done / warmup
    return 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))


def smooth_one_cycle(steps: int, warmup: float = 0.2) -> Schedule:
    """The one-cycle schedule of `torch.optim.lr_scheduler.OneCycleLR` (Smith and Topin, 2018) for so many steps.

    The factor rises from 1/25 to 1 in half a cosine and falls to 1/250,000 in another one.

    >>> schedule = smooth_one_cycle(steps=10)
    >>> [round(schedule(step / 10), 2) for step in (1, 2, 6, 10)]
    [0.04, 1.0, 0.5, 0.0]
    """
    top, end = float(warmup * steps) - 1, float(steps - 1)
    top = -1.0 if top == 0 else top  # a rise of a single step has no length to divide by

    def factor(done: float) -> float:
        at = round(done * steps) - 1
        if at <= top:
            return _half_cosine(1 / 25, 1.0, at / top)
        return _half_cosine(1.0, 1 / 250_000, (at - top) / (end - top))

    return factor


def _half_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * done) + 1)
