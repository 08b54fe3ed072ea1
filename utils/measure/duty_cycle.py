"""Battery life of a device that wakes, computes and sleeps again."""

from __future__ import annotations

import math

HOURS_PER_DAY = 24


def duty_cycle(
    active_mw: float, sleep_mw: float, active_ms: float, period_ms: float, battery_mah: float, battery_volts: float
) -> dict[str, float]:
    """The share of time awake, the mean power and the days that a battery lasts.

    active_mw: drawn while awake. sleep_mw: drawn for the rest of each period. active_ms: awake in each period.
    Returns: duty, between 0 and 1; mean_mw; days.

    >>> found = duty_cycle(active_mw=10, sleep_mw=0.1, active_ms=10, period_ms=1000, battery_mah=225, battery_volts=3.0)
    >>> round(found["duty"], 4), round(found["mean_mw"], 4), round(found["days"], 1)
    (0.01, 0.199, 141.3)

    Raises:
        ValueError: a value that is negative or not finite, a period or battery of 0, more time awake than the period has, or
            no power at all.
    """
    values = (active_mw, sleep_mw, active_ms, period_ms, battery_mah, battery_volts)
    if not all(math.isfinite(one) and one >= 0 for one in values) or 0 in values[3:]:
        raise ValueError(f"powers and times must be 0 or more, period and battery above 0, got {values}: check the units")
    if active_ms > period_ms:
        raise ValueError(f"the device is awake for {active_ms:g} ms of a period of {period_ms:g} ms: compute less, or less often")
    duty = active_ms / period_ms
    mean_mw = sleep_mw + duty * (active_mw - sleep_mw)
    if not mean_mw > 0:
        raise ValueError("a device that draws no power has no battery life: give the power of its sleep")
    return {"duty": duty, "mean_mw": mean_mw, "days": battery_mah * battery_volts / mean_mw / HOURS_PER_DAY}
