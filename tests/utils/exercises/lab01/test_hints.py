"""Lab 01: does a common mistake meet the hint that helps, and none that leads astray?"""

import importlib.util
from pathlib import Path

import pytest

from utils.exercises.checking import assess
from utils.exercises.lab01 import lab
from utils.exercises.view import Table

_SPEC = importlib.util.spec_from_file_location("lab01_wrong", Path(__file__).with_name("wrong.py"))
wrong = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong)


def magnitude_mask_of_an_unknown_name(weight, sparsity):
    return weigth.abs()  # noqa: F821  # codespell:ignore weigth


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (wrong.magnitude_mask_inverted, ["Which weights change the output least"]),
        (wrong.magnitude_mask_rounded_down, ["Count the False entries of your mask"]),
        (wrong.magnitude_mask_one_too_few, ["Count the False entries of your mask"]),
        (wrong.magnitude_mask_flat, ["What is the shape of your mask"]),
        (wrong.magnitude_mask_in_numpy_without_detach, ["A layer's weight is a parameter"]),
        (wrong.magnitude_mask_in_place_behind_detach, ["Print the inputs before and after"]),
        (wrong.magnitude_mask_by_threshold, ["Many of these weights have the same"]),
        (wrong.magnitude_mask_as_numpy, []),
        (magnitude_mask_of_an_unknown_name, ["Where does"]),
        (wrong.global_masks_layer_by_layer, ["Should each layer lose the same share"]),
        (wrong.global_masks_flat, ["Which names and shapes has your answer"]),
        (wrong.cubic_sparsity_wrong_way_up, ["Put t = 0.5 into the formula"]),
        (wrong.cubic_sparsity_from_zero, ["Where is t = 0 when begin is not 0"]),
        (wrong.cubic_sparsity_to_one, ["Put t = 0.5 into the formula"]),
        (wrong.channel_importance_mean, ["One number for each output channel"]),
        (wrong.channel_importance_without_root, ["One number for each output channel"]),
        (wrong.remove_channels_keeps_the_bias, ["How many numbers has the bias"]),
        (wrong.remove_channels_first_ones, ["Which channels are kept here"]),
        (wrong.remove_channels_wrong_axis, ["Which axis of the next weight"]),
        (wrong.remove_channels_squeezed, ["What are the shapes of what you return"]),
        (wrong.remove_channels_needs_a_bias, ["There is no bias here"]),
        (wrong.sensitivity_asks_twice, ["How often does your function call evaluate"]),
        (wrong.nm_mask_in_numpy_without_detach, ["A layer's weight is a parameter"]),
        (wrong.rewind_bools_only, ["This mask holds 0.0 and 1.0"]),
    ],
)
def test_the_hints_that_a_mistake_meets(function, shown):
    exercise = next(exercise for name, exercise in lab.exercises.items() if function.__name__.startswith(name))
    table = Table(assess(exercise, function), {})
    found = [text for outcome in table.result.outcomes for label, text in table.details(outcome) if label == "hint"]
    assert [text[: len(beginning)] for text, beginning in zip(found, shown, strict=True)] == shown


def test_an_unknown_sparsity_is_explained():
    result = assess(lab.exercises["sensitivity"], wrong.sensitivity_with_a_baseline)
    assert result.outcomes[0].verdict.got.startswith("ValueError: evaluate was asked for ('stem', 0.0): ask for one of the names")
