"""What every Python process sees of another computer: clocks that began at another time, and one core.

Python imports this module before anything else where this folder is on PYTHONPATH. TITANS_CLOCK_SHIFT_S: seconds by
which the clocks that count from the start of the computer are moved, the same in all processes.
"""

import os
import time
from collections.abc import Callable
from functools import partial  # unlike a function, it is no method where a class holds it

MOVED = ("monotonic", "perf_counter")


def moved(clock: Callable[[], float], by: float) -> float:
    """What a clock shows, and as much more."""
    return clock() + by


if shift := os.environ.get("TITANS_CLOCK_SHIFT_S"):
    for name in MOVED:
        setattr(time, name, partial(moved, getattr(time, name), float(shift)))
        setattr(time, f"{name}_ns", partial(moved, getattr(time, f"{name}_ns"), round(float(shift) * 1e9)))
    os.cpu_count = lambda: 1
    if hasattr(os, "sched_getaffinity"):
        first = {min(os.sched_getaffinity(0))}
        os.sched_getaffinity = lambda pid: first
