"""The processor's energy counter (RAPL), as Linux shows it in /sys/class/powercap.

It counts microjoules of a whole processor package: all cores, the idle ones and what other programs
do meanwhile included. It starts again from zero when it is full. Reading it usually needs root
(since CVE-2020-8694), so most computers show it only after its owner allowed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


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
