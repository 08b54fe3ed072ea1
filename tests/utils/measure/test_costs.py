"""Are grams, dollars and hours what they are by hand?"""

from __future__ import annotations

import math

import pytest

from utils.measure import battery_hours, carbon_g, constants, cost_per_million, grid_g_per_kwh


def test_carbon_of_a_kilowatt_hour() -> None:
    """3.6 million joules are one kilowatt-hour."""
    assert carbon_g(3600, 1_000_000, 500) == pytest.approx(500)
    assert carbon_g(0, 5, 500) == carbon_g(5, 0, 500) == 0


def test_cost_of_an_hour() -> None:
    """3.6 ms each: a million take an hour on one core, half an hour on two."""
    assert cost_per_million(0.0036, 0.5, 1) == pytest.approx(0.5)
    assert cost_per_million(0.0036, 0.5, 2) == pytest.approx(0.25)


def test_a_battery_lasts_its_capacity_over_what_is_drawn() -> None:
    """200 mAh at 3.7 V are 740 mWh; 10 mJ five times a second are 50 mW beside the idle 24."""
    assert battery_hours(200, 3.7, 10, 5, 24) == pytest.approx(10)
    assert battery_hours(200, 3.7, 10, 0, 0) == math.inf


@pytest.mark.parametrize(
    "ask",
    [
        lambda: carbon_g(-1, 1, 1),
        lambda: carbon_g(1, float("nan"), 1),
        lambda: cost_per_million(1, 1, 0),
        lambda: cost_per_million(-1, 1, 1),
        lambda: battery_hours(0, 3.7, 1, 1, 1),
        lambda: battery_hours(100, 3.7, 1, -1, 1),
        lambda: battery_hours(100, 3.7, 1, 1, float("inf")),
    ],
)
def test_impossible_values_are_refused(ask) -> None:
    with pytest.raises(ValueError, match=r"must be (above 0|0 or more)"):
        ask()


def test_the_grid_knows_its_places_and_names_them() -> None:
    """Every figure lies between the cleanest and the dirtiest way to make electricity."""
    places = constants()["grid"]["g_per_kwh"]
    assert {"world", "France", "Poland"} <= set(places)
    assert all(0 < grid_g_per_kwh(place) < 1200 for place in places)
    with pytest.raises(ValueError, match="choose one of world"):
        grid_g_per_kwh("Atlantis")


def test_the_sourced_figures_are_those_of_the_sources() -> None:
    said = constants()
    assert said["price"]["dollars_per_hour"] == 0.0892 / 2 and said["grid"]["g_per_kwh"]["world"] == 458
    real = said["reality"]["networks"]
    picojoules = {name: one["energy_mj"] * 1e9 / one["macs"] for name, one in real.items()}
    assert picojoules == pytest.approx({"ResNet-8": 553, "DS-CNN": 685}, rel=0.01)


def test_every_table_names_its_source() -> None:
    said = constants()
    for table in ("operations", "grid", "price", "reality"):
        assert len(said[table]["source"]) > 30 and any(year in said[table]["source"] for year in ("201", "202"))
