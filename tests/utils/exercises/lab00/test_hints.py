"""Lab 00: does a common mistake meet the hint that helps, and none that leads astray?"""

import importlib.util
from pathlib import Path

import pytest

from utils.exercises.checking import assess
from utils.exercises.lab00 import lab
from utils.exercises.view import Table

_SPEC = importlib.util.spec_from_file_location("lab00_wrong", Path(__file__).with_name("wrong.py"))
wrong = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong)


def energy_per_inference_mj_of_floats(macs, bytes_moved, table):
    return (macs * table["mac"] + sum(4 * count * table[place] for place, count in bytes_moved.items())) / 1e9


def battery_hours_in_seconds(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    return capacity_mah * volts / (energy_mj * rate_hz + idle_mw) * 3600


def carbon_g_of_joules(energy_mj, count, grid_g_per_kwh):
    return energy_mj * count / 3.6e6 * grid_g_per_kwh


@pytest.mark.parametrize(
    ("function", "first"),
    [
        (wrong.conv_macs_as_operations, "Is a MAC one operation or two"),
        (wrong.conv_macs_with_bias, "Does a bias multiply anything"),
        (wrong.conv_macs_of_a_line, "How many numbers has a kernel of side k"),
        (wrong.conv_macs_without_groups, "How many inputs does one filter read"),
        (wrong.conv_macs_divided, "Is your answer a whole number"),
        (wrong.peak_activation_bytes_of_the_two_largest, "Are the two largest tensors ever in memory together"),
        (wrong.peak_activation_bytes_of_one, "What is in memory while a layer runs"),
        (wrong.latency_percentiles_unsorted, "In which order are the samples"),
        (wrong.latency_percentiles_of_neighbours, "Where does p95 of 20 samples lie"),
        (wrong.latency_percentiles_of_pairs, "What does sort return"),
        (wrong.energy_per_inference_mj_in_microjoules, "How many picojoules are a millijoule"),
        (energy_per_inference_mj_of_floats, "Are these floats or bytes"),
        (wrong.cost_per_million_of_one_core, "Who pays for the other cores"),
        (wrong.cost_per_million_in_minutes, "How many hours do a million inferences take"),
        (wrong.battery_hours_without_volts, "What does a battery of 200 mAh"),
        (wrong.battery_hours_without_idle, "What is drawn between two inferences"),
        (battery_hours_in_seconds, "Are these hours"),
        (carbon_g_of_joules, "In which unit is the energy given"),
        (wrong.carbon_g_of_one, "For how many inferences"),
    ],
)
def test_the_first_hint_that_a_mistake_meets(function, first):
    exercise = next(exercise for name, exercise in lab.exercises.items() if function.__name__.startswith(name))
    table = Table(assess(exercise, function), {})
    hints = [text for outcome in table.result.outcomes for label, text in table.details(outcome) if label == "hint"]
    assert hints[0].startswith(first)


def test_the_table_says_what_the_function_was_called_with():
    table = Table(assess(lab.exercises["peak_activation_bytes"], wrong.peak_activation_bytes_rounded_down), {})
    assert "input:    layer_shapes=[(5,), (7,), (3,)], bits=4" in repr(table)
    unsorted = Table(assess(lab.exercises["latency_percentiles"], wrong.latency_percentiles_unsorted), {})
    assert "input:    samples_ms of shape (101,)" in repr(unsorted) and "samples_ms of shape (20,)" in unsorted._repr_html_()
