"""What joules and seconds mean elsewhere: grams of CO2e, dollars, and hours of a battery."""

from __future__ import annotations

import math

from utils.measure.constants import constants

MJ_PER_KWH = 3.6e9
GRID = "world"  # whose electricity a scorecard counts with


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not math.isfinite(value) or value <= 0:
            raise ValueError(f"{name} must be above 0, got {value}")


def _not_negative(**values: float) -> None:
    for name, value in values.items():
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"{name} must be 0 or more, got {value}")


def grid_g_per_kwh(place: str = GRID) -> float:
    """Grams of CO2e for a kilowatt-hour of electricity; the sources stand in `constants.toml`.

    Raises:
        ValueError: a place that is not listed.
    """
    grid = constants()["grid"]["g_per_kwh"]
    if place not in grid:
        raise ValueError(f"there is no figure for {place!r}: choose one of {', '.join(grid)}")
    return float(grid[place])


def carbon_g(energy_mj: float, count: float, grid_g_per_kwh: float) -> float:
    """Grams of CO2e of `count` inferences of `energy_mj` millijoules each.

    Raises:
        ValueError: a value that is negative or no number.
    """
    _not_negative(energy_mj=energy_mj, count=count, grid_g_per_kwh=grid_g_per_kwh)
    return energy_mj * count / MJ_PER_KWH * grid_g_per_kwh


def cost_per_million(latency_s: float, price_per_hour: float, cores: int) -> float:
    """Price of a million inferences on a machine of which every core does one inference at a time.

    price_per_hour: of the whole machine, in any currency.

    Raises:
        ValueError: a latency or price that is negative, or no core.
    """
    _not_negative(latency_s=latency_s, price_per_hour=price_per_hour)
    _positive(cores=cores)
    return 1e6 * latency_s / 3600 * price_per_hour / cores


def battery_hours(capacity_mah: float, volts: float, energy_mj: float, rate_hz: float, idle_mw: float) -> float:
    """Hours that a battery lasts at `rate_hz` inferences a second on top of the power that always flows.

    Millijoules times inferences a second are milliwatts. Infinite where nothing is drawn.

    Raises:
        ValueError: a battery without capacity or voltage, a value that is negative or no number.
    """
    _positive(capacity_mah=capacity_mah, volts=volts)
    _not_negative(energy_mj=energy_mj, rate_hz=rate_hz, idle_mw=idle_mw)
    drawn_mw = idle_mw + energy_mj * rate_hz
    return capacity_mah * volts / drawn_mw if drawn_mw else math.inf
