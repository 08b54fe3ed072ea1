"""Lab 00: a failing case shows what the function was called with."""

from itertools import pairwise

from utils.exercises.checking import assess
from utils.exercises.lab00 import lab
from utils.exercises.messages.view import Table


def peak_activation_bytes_rounded_down(layer_shapes, bits):
    sizes = [layer_shapes[at][0] * bits // 8 for at in range(len(layer_shapes))]
    return max(a + b for a, b in pairwise(sizes))


def latency_percentiles_unsorted(samples_ms):
    if not len(samples_ms):
        raise ValueError("no samples")
    return tuple(samples_ms[int(part * (len(samples_ms) - 1))].item() for part in (0.5, 0.95, 0.99))


def test_the_table_says_what_the_function_was_called_with():
    exercise = lab.exercises["peak_activation_bytes"]
    case = next(case for case in exercise.cases() if case.name == "4 bits, odd counts")
    table = Table(assess(exercise, peak_activation_bytes_rounded_down), {})
    assert f"layer_shapes={case.inputs[0]!r}, bits=4" in table._repr_html_()
    unsorted = Table(assess(lab.exercises["latency_percentiles"], latency_percentiles_unsorted), {})
    assert "input:    samples_ms of shape (101,)" in repr(unsorted) and "samples_ms of shape (20,)" in unsorted._repr_html_()
