"""Does a network fit a device, and if not, is the resource named that breaks first?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.measure import Budget, Card, Device, devices, energy_range_mj, fits, hours_range, latency_range_ms

CHIP = Device(
    name="chip", title="a chip", short="chip", storage_bytes=1000, ram_bytes=500, weights_in_ram=False, macs_per_s={"int8": (1e6, 2e6)},
    active_mw=30, idle_mw=10, price_usd=2, battery_mah=100, battery_volts=3.0,
)  # fmt: skip
NET = Card(
    name="net", metric_name="accuracy", metric=90.0, samples=10, parameters=800, nonzero=800, size_bytes=900, macs=10_000,
    peak_activation_bytes=400, weight_bytes=800, number_format="int8",
)  # fmt: skip


def test_what_fits_fits() -> None:
    """Storage and memory are asked always, the rest when the budget says so."""
    fit = fits(NET, CHIP)
    assert fit.ok and fit.breaks is None and [use.resource for use in fit.uses] == ["storage", "memory"]
    asked = fits(NET, CHIP, Budget(deadline_ms=11, battery_hours=5, rate_hz=10, price_usd=2))
    assert asked.ok and [use.resource for use in asked.uses] == ["storage", "memory", "deadline", "rate", "battery", "price"]
    assert str(asked) == "net fits chip"


@pytest.mark.parametrize(
    ("card", "budget", "resource"),
    [
        ({"size_bytes": 1001}, {}, "storage"),
        ({"peak_activation_bytes": 501}, {}, "memory"),
        ({}, {"ram_bytes": 399}, "memory"),
        ({}, {"deadline_ms": 9.9}, "deadline"),
        ({}, {"rate_hz": 101, "battery_hours": 1}, "rate"),
        ({}, {"rate_hz": 101}, "rate"),
        ({"peak_activation_bytes": 600}, {"ram_bytes": 10**9}, "memory"),
        ({}, {"battery_hours": 31}, "battery"),
        ({}, {"price_usd": 1.99}, "price"),
        ({"size_bytes": 1100, "peak_activation_bytes": 5000}, {}, "memory"),
    ],
)
def test_the_broken_resource_is_named(card: dict, budget: dict, resource: str) -> None:
    """The one asked for most beyond its limit; the sentence says how much of how much."""
    fit = fits(replace(NET, **card), CHIP, Budget(**budget))
    assert fit.breaks == resource and not fit.ok
    assert resource in str(fit) and " of " in str(fit)


def test_weights_count_as_memory_where_they_are_copied_there() -> None:
    """On a device that copies them, and where the file is packed: a zero that was left out comes back."""
    assert fits(NET, replace(CHIP, weights_in_ram=True)).breaks == "memory"
    assert fits(replace(NET, size_bytes=300), CHIP).breaks == "memory"
    assert fits(replace(NET, size_bytes=800), CHIP).ok  # weights as large as the file are not packed
    assert fits(replace(NET, weight_bytes=None), replace(CHIP, weights_in_ram=True)).breaks == "memory"


def test_speed_energy_and_hours_are_ranges() -> None:
    """10,000 MACs at 1 to 2 million a second; 20 mW more than idle while computing; 300 mWh in the battery."""
    assert latency_range_ms(NET, CHIP) == (5, 10)
    assert energy_range_mj(NET, CHIP) == pytest.approx((0.1, 0.2))
    assert hours_range(NET, CHIP, rate_hz=10) == pytest.approx((300 / 12, 300 / 11))
    between = Budget(rate_hz=10, battery_hours=26)  # the slow end counts
    assert fits(NET, CHIP, between).breaks == "battery"


def test_a_device_on_mains_has_no_battery_to_break() -> None:
    """Asked for hours, it is not refused, and nothing is divided by a missing battery."""
    mains = replace(CHIP, battery_mah=None, battery_volts=None)
    assert not mains.has_battery and hours_range(NET, mains, 1) is None
    fit = fits(NET, mains, Budget(battery_hours=1e9))
    assert fit.ok and "battery" not in [use.resource for use in fit.uses]


def test_what_is_not_known_is_not_promised() -> None:
    """A network whose MACs, memory or number format can't be told: named, and not called a fit."""
    unknown = fits(replace(NET, number_format=None), CHIP, Budget(deadline_ms=1, battery_hours=1))
    assert unknown.breaks is None and not unknown.ok and set(unknown.unknown) == {"latency", "battery"}
    assert "nobody knows its latency and battery" in str(unknown)
    assert fits(replace(NET, macs=None, peak_activation_bytes=None), CHIP).unknown == ("memory", "latency")


def test_a_format_that_the_device_can_not_compute_breaks_first() -> None:
    """Also where other things break too, and without a word about hours that nobody can tell."""
    whole = replace(CHIP, integers_only=True)
    fit = fits(replace(NET, number_format="float32", size_bytes=10**6), whole, Budget(deadline_ms=1, battery_hours=1))
    assert fits(NET, whole, Budget(deadline_ms=11)).ok
    other = fits(replace(NET, number_format="float16"), CHIP, Budget(deadline_ms=11))
    assert other.breaks is None and other.unknown == ("latency",)  # no figure is known, which is no verdict
    assert fit.breaks == "float32" and fit.unknown == ()
    assert str(fit) == "net does not fit chip: float32, 1 of 0 units that compute it"


@pytest.mark.parametrize(
    "wrong", [{"deadline_ms": 0}, {"rate_hz": -1}, {"battery_hours": float("nan")}, {"price_usd": float("inf")}, {"deadline_ms": "5"}]
)
def test_budgets_are_positive(wrong: dict) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        Budget(**wrong)


@given(st.floats(0.1, 1e4), st.floats(0.1, 1e4), st.integers(1, 10_000))
def test_a_larger_budget_never_breaks_more(deadline: float, price: float, ram: int) -> None:
    small, large = Budget(deadline, price_usd=price, ram_bytes=ram), Budget(2 * deadline, price_usd=2 * price, ram_bytes=2 * ram)
    assert fits(NET, CHIP, large).ok or not fits(NET, CHIP, small).ok


def test_the_listed_devices_are_complete() -> None:
    """From microcontroller to server: every figure there and plausible, every device with the sources of its figures."""
    listed = devices()
    assert {"cortex_m4", "smartwatch", "phone", "drone", "gateway", "edge_server"} <= set(listed)
    memories = [device.ram_bytes for device in listed.values()]
    assert memories == sorted(memories)
    assert len({device.short for device in listed.values()}) == len(listed)
    for device in listed.values():
        assert device.sources and all(len(source) > 20 for source in device.sources)
        assert "int8" in device.macs_per_s
        assert all(0 < slow <= fast for slow, fast in device.macs_per_s.values())
        assert all(fast < speeds[1] for _, fast in [device.macs_per_s.get("float32", (0, 0))] for speeds in [device.macs_per_s["int8"]])
        energies = [(device.active_mw - device.idle_mw) * 1e9 / speed for speeds in device.macs_per_s.values() for speed in speeds]
        assert all(5 < picojoules < 1e5 for picojoules in energies)  # of a MAC; measured chips take 3 to 700 in int8
        assert device.active_mw > device.idle_mw >= 0 and device.price_usd > 0 and device.storage_bytes > 0
    assert not listed["edge_server"].has_battery and listed["smartwatch"].has_battery
