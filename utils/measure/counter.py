"""The processor's energy counter (RAPL), as Linux shows it in /sys/class/powercap.

It counts microjoules of a whole processor package: all cores, the idle ones and what other programs
do meanwhile included. It starts again from zero when it is full. Reading it usually needs root
(since CVE-2020-8694), so most computers show it only after its owner allowed it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.measure.energy import COUNTER, Energy
from utils.measure.latency import first_sample
from utils.measure.runnable import Runnable, ready
from utils.measure.state import no_collection, one_thread

POWERCAP = Path("/sys/class/powercap")
BLOCK_S = 0.1  # the counter advances about once in a millisecond: a block sees a hundred steps
BLOCKS = 5


class CounterError(OSError):
    """The counter can't be read, or what it says can't be."""


@dataclass(frozen=True)
class Counter:
    """The packages of this computer. zones: their folders, each with energy_uj and max_energy_range_uj."""

    zones: tuple[Path, ...]

    def read_uj(self) -> tuple[int, ...]:
        """Microjoules of each package, each from a start of its own.

        Raises:
            CounterError: it can't be read (any more), or holds no number.
        """
        return tuple(_number(zone / "energy_uj") for zone in self.zones)

    def spent_mj(self, before: tuple[int, ...], after: tuple[int, ...]) -> float:
        """Millijoules between two readings, less than one round of the counter apart.

        Raises:
            CounterError: it is not within its own range, or advanced by more than half of it: it was set back, after standby perhaps.
        """
        total = 0
        for zone, start, end in zip(self.zones, before, after, strict=True):
            span = _number(zone / "max_energy_range_uj") + 1
            spent = (end - start) % span
            if not (0 <= start < span and 0 <= end < span) or spent > span / 2:
                raise CounterError(f"the energy counter went from {start} to {end} microjoules: it was set back")
            total += spent
        return total / 1000


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (ValueError, OSError) as error:
        raise CounterError(f"{path} holds no number that can be read") from error


def _is_package(zone: Path) -> bool:
    """Whether a zone is a processor (AMD's are listed under Intel's name too), not the whole computer, which holds it once more."""
    try:
        return (zone / "name").read_text().startswith("package")
    except OSError:
        return False


def find_counter(folder: Path = POWERCAP) -> Counter | None:
    """The energy counter, None where there is none or it may not be read."""
    zones = tuple(sorted(zone for zone in folder.glob("intel-rapl:*") if zone.name.count(":") == 1 and _is_package(zone)))
    counter = Counter(zones)
    try:
        return counter if zones and any(counter.read_uj()) else None
    except CounterError:
        return None


def measured(
    contestants: Mapping[str, Runnable],
    example: Any,
    counter: Counter,
    *,
    block_s: float = BLOCK_S,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Energy]:
    """Millijoules of one inference of each contestant, idle power included: the median of five blocks and their extremes.

    Blocks of the contestants take turns. example: a batch (n, ...) of which the first sample is used.

    Raises:
        CounterError: the counter could not be read, stood still during a block, or was set back.
        ValueError: an example that is no batch.
    """
    batch = first_sample(example)
    spent: dict[str, list[float]] = {name: [] for name in contestants}
    with ExitStack() as stack:
        stack.enter_context(one_thread())
        for runnable in {id(r): r for r in contestants.values()}.values():
            stack.enter_context(ready(runnable))
            runnable.run(batch)
        stack.enter_context(no_collection())
        for _ in range(BLOCKS):
            for name, runnable in contestants.items():
                runs, before, begin = 0, counter.read_uj(), clock()
                while clock() - begin < block_s:
                    runnable.run(batch)
                    runs += 1
                spent[name].append(counter.spent_mj(before, counter.read_uj()) / max(runs, 1))
    if min(map(min, spent.values())) <= 0:
        raise CounterError("the energy counter stood still while networks ran")
    detail = "RAPL, whole processor, idle power included"
    return {name: Energy(float(np.median(values)), min(values), max(values), COUNTER, detail) for name, values in spent.items()}
