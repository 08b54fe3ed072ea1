"""Devices with their limits (`devices.toml`), and whether a network of a scorecard fits one.

Storage and memory are counted. Speed and battery are models: a device's published MACs per second and
power, with a range; a verdict counts with the slow end, because a promise must hold.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from utils.measure.card import Card
from utils.measure.costs import battery_hours

FILE = Path(__file__).with_name("devices.toml")


@dataclass(frozen=True, kw_only=True)
class Device:
    """What a device has; every figure with its source in `devices.toml`. title: which one; short: for a figure.

    storage_bytes: for files. ram_bytes: working memory. weights_in_ram: whether weights are copied there before
    they are used (a microcontroller reads them from flash). macs_per_s: number format -> (slow, fast).
    integers_only: it has no unit for floats.
    active_mw: drawn while it computes; idle_mw: always. battery_mah and battery_volts: None on mains.
    """

    name: str
    title: str
    short: str
    storage_bytes: int
    ram_bytes: int
    weights_in_ram: bool
    macs_per_s: Mapping[str, tuple[float, float]]
    active_mw: float
    idle_mw: float
    price_usd: float
    integers_only: bool = False
    battery_mah: float | None = None
    battery_volts: float | None = None
    sources: tuple[str, ...] = field(default=(), repr=False)

    @property
    def has_battery(self) -> bool:
        """Whether it runs from a battery."""
        return self.battery_mah is not None and self.battery_volts is not None


@dataclass(frozen=True)
class Budget:
    """What is asked of a device; None is not asked.

    deadline_ms: for one inference. rate_hz: inferences a second that it must keep up with. battery_hours: how
    long the battery must last at that rate, at one a second if none is given. price_usd: what the device may
    cost. ram_bytes: what is left for the network, if less than all.
    """

    deadline_ms: float | None = None
    rate_hz: float | None = None
    battery_hours: float | None = None
    price_usd: float | None = None
    ram_bytes: int | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
                raise ValueError(f"{name} of a budget must be above 0, got {value}: leave it out if it does not matter")


@dataclass(frozen=True)
class Use:
    """One resource: how much is needed of how much there is, both in `unit`."""

    resource: str
    needed: float
    available: float
    unit: str

    @property
    def share(self) -> float:
        """Needed of available: above 1 it breaks."""
        return self.needed / self.available if self.available else math.inf


@dataclass(frozen=True)
class Fit:
    """Whether a network fits a device. uses: each resource that was asked for; unknown: those that can't be told."""

    device: str
    network: str
    uses: tuple[Use, ...]
    unknown: tuple[str, ...] = ()

    @property
    def breaks(self) -> str | None:
        """The resource that breaks first: the one asked for most beyond its limit; None if all hold."""
        worst = max(self.uses, key=lambda use: use.share)
        return worst.resource if worst.share > 1 else None

    @property
    def ok(self) -> bool:
        """Whether everything holds and nothing is unknown."""
        return self.breaks is None and not self.unknown

    def __str__(self) -> str:
        if self.breaks:
            use = max(self.uses, key=lambda use: use.share)
            return f"{self.network} does not fit {self.device}: {use.resource}, {use.needed:,.4g} of {use.available:,.4g} {use.unit}"
        gap = f", but nobody knows its {' and '.join(self.unknown)}" if self.unknown else ""
        return f"{self.network} fits {self.device}{gap}"


class Named(dict):
    """Things by name, in either spelling: cortex-m4 as compilers write it, cortex_m4 as Python does; an unknown name is told.

    >>> Named("board", {"cortex-m4": "nRF52840"})["cortex_m4"]
    'nRF52840'
    """

    def __init__(self, what: str, things: Mapping[str, Any]) -> None:
        super().__init__(things)
        self.what = what

    def __missing__(self, name: str) -> Any:
        for spelled in (str(name).replace("_", "-"), str(name).replace("-", "_")):
            if spelled in self:
                return self[spelled]
        raise KeyError(f"there is no {self.what} {name!r}: choose one of {', '.join(self)}")


@cache
def devices() -> dict[str, Device]:
    """Name -> device, from the smallest memory to the largest.

    >>> devices()["cortex_m4"].ram_bytes == devices()["cortex-m4"].ram_bytes
    True
    """
    listed = tomllib.loads(FILE.read_text(encoding="utf-8"))["device"]
    made = [_device(name, dict(entry)) for name, entry in listed.items()]
    return Named("device", {device.name: device for device in sorted(made, key=lambda device: device.ram_bytes)})


def _device(name: str, entry: dict[str, Any]) -> Device:
    speeds = {kind: (float(slow), float(fast)) for kind, (slow, fast) in entry.pop("macs_per_s").items()}
    return Device(name=name, macs_per_s=speeds, sources=tuple(entry.pop("sources")), **entry)


def latency_range_ms(card: Card, device: Device) -> tuple[float, float] | None:
    """Fastest and slowest milliseconds of one inference there, by MACs alone; None if MACs or number format are not known."""
    speed = device.macs_per_s.get(card.number_format or "")
    if card.macs is None or speed is None:
        return None
    return 1000 * card.macs / speed[1], 1000 * card.macs / speed[0]


def energy_range_mj(card: Card, device: Device) -> tuple[float, float] | None:
    """Least and most millijoules of one inference there: the power that computing adds, for as long as it computes."""
    times = latency_range_ms(card, device)
    return None if times is None else tuple(ms * (device.active_mw - device.idle_mw) / 1000 for ms in times)  # type: ignore[return-value]


def hours_range(card: Card, device: Device, rate_hz: float) -> tuple[float, float] | None:
    """Shortest and longest hours of the battery at this rate; None without a battery or where the energy is not known."""
    energies = energy_range_mj(card, device)
    if energies is None or device.battery_mah is None or device.battery_volts is None:
        return None
    least, most = energies
    hours = [battery_hours(device.battery_mah, device.battery_volts, energy, rate_hz, device.idle_mw) for energy in (most, least)]
    return hours[0], hours[1]


def fits(card: Card, device: Device, budget: Budget | None = None) -> Fit:
    """Whether the network of a card runs on a device within a budget, and if not, which resource breaks first.

    Floats break a device of whole numbers before all else. A device without a battery has no
    battery to break. What the card does not tell is named as unknown.
    """
    budget = budget or Budget()
    rate_hz = budget.rate_hz or 1.0
    uses = [Use("storage", card.size_bytes, device.storage_bytes, "bytes")]
    unknown = []
    if card.peak_activation_bytes is None:
        unknown.append("memory")
    else:
        weights = card.size_bytes if card.weight_bytes is None else card.weight_bytes
        packed = weights > card.size_bytes  # zeros that the file leaves out come back when it is unpacked
        needed = card.peak_activation_bytes + (weights if device.weights_in_ram or packed else 0)
        uses.append(Use("memory", needed, min(device.ram_bytes, budget.ram_bytes or device.ram_bytes), "bytes"))
    times = latency_range_ms(card, device)
    if device.integers_only and card.number_format is not None and "int" not in card.number_format:
        uses.append(Use(card.number_format, 1, 0, "units that compute it"))
    elif times is None:
        unknown.append("latency")
    else:
        if budget.deadline_ms is not None:
            uses.append(Use("deadline", times[1], budget.deadline_ms, "ms"))
        if budget.rate_hz is not None or budget.battery_hours is not None:
            uses.append(Use("rate", rate_hz * times[1] / 1000, 1.0, "seconds of work a second"))
    if budget.battery_hours is not None and device.has_battery:
        if (hours := hours_range(card, device, rate_hz)) is None:
            unknown += ["battery"] if "latency" in unknown else []
        else:
            uses.append(Use("battery", budget.battery_hours, hours[0], "hours"))
    if budget.price_usd is not None:
        uses.append(Use("price", device.price_usd, budget.price_usd, "dollars"))
    return Fit(device.name, card.name, tuple(uses), tuple(unknown))
