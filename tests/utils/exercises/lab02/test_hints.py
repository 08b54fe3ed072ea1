"""Lab 02: does a common mistake meet the hint that helps, and none that leads astray?"""

import importlib.util
from pathlib import Path

import pytest

from utils.exercises.checking import assess
from utils.exercises.inputs import shown_inputs
from utils.exercises.lab02 import lab
from utils.exercises.view import Table

_SPEC = importlib.util.spec_from_file_location("lab02_wrong", Path(__file__).with_name("wrong.py"))
wrong = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong)


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (wrong.affine_params_by_the_number_of_codes, ["How many steps lie between 2**bits codes"]),
        (wrong.affine_params_of_the_wrong_sign, ["The zero point is the code of 0.0. How many steps"]),
        (wrong.affine_params_cut_off, ["Which whole number is nearest to 92.7"]),
        (wrong.affine_params_not_widened, ["0.0 must have a code, and it lies outside this range"]),
        (wrong.affine_params_never_symmetric, ["Symmetric means signed codes"]),
        (wrong.affine_params_symmetric_by_high, ["Which of the two ends is further from 0"]),
        (wrong.affine_params_with_a_smallest_scale, ["This range has no width"]),
        (wrong.affine_params_that_compare_nan, ["What does low > high say"]),
        (wrong.affine_params_that_ask_high_alone, ["What does low > high say"]),
        (wrong.affine_params_in_one_tensor, ["What is returned"]),
        (wrong.quantize_cutting_off, ["Which whole number is nearest to 2.9"]),
        (wrong.quantize_adding_first, ["Is round(0.5 + 5) the same"]),
        (wrong.quantize_always_signed, ["Which codes do 8 bits have without a sign"]),
        (
            wrong.quantize_for_8_bits,
            ["How many codes do bits bits have"],
        ),
        (wrong.quantize_to_int8_with_a_sign, ["Which dtype holds codes from -32768"]),
        (wrong.quantize_to_floats, ["What is your result's dtype"]),
        (wrong.quantize_in_numpy_without_detach, ["A layer's weight is a parameter"]),
        (wrong.dequantize_scaling_first, ["Which value has the code zero_point"]),
        (wrong.dequantize_in_the_dtype_of_the_codes, ["What is 3 - 128 in uint8"]),
        (wrong.dequantize_in_float16, ["Which of float32, float16 and int16 holds 50001"]),
        (wrong.per_channel_scales_of_outputs_or_inputs, ["Which axis counts the channels here"]),
        (wrong.per_channel_scales_by_all_codes, ["Which is the largest signed code of 8 bits"]),
        (wrong.per_channel_scales_over_that_axis, ["Which weight of a channel must still have a code"]),
        (wrong.integer_linear_in_int8, ["What is 100 * 100 in int8"]),
        (wrong.integer_linear_in_uint8, ["What is 3 - 128 in uint8"]),
        (wrong.integer_linear_in_float, ["This sum is larger than 2**24"]),
        (wrong.integer_linear_in_double, ["Which line makes a float"]),
        (wrong.integer_linear_in_numpy_floats, ["Does this need numpy"]),
        (wrong.integer_linear_without_bias, ["What is missing is the same in every row"]),
        (wrong.FakeQuantOfCodes, ["Are these codes or values"]),
        (wrong.FakeQuantHalvesUp, ["2.5 lies in the middle of two codes"]),
        (wrong.FakeQuantPointNotSubtracted, ["Which value has the code zero_point"]),
        (wrong.FakeQuantAllPasses, ["Does the output move with x where its code is cut off"]),
        (wrong.FakeQuantNothingPasses, ["Rounding is flat almost everywhere"]),
        (wrong.FakeQuantOnes, ["Where has the gradient of the output gone"]),
        (wrong.FakeQuantScaled, ["x is divided by the scale and multiplied by it again"]),
        (wrong.FakeQuantExclusive, ["Codes low and high are inside"]),
        (wrong.FakeQuantOneGradient, ["backward gives one gradient for each input"]),
        (wrong.FakeQuantOnTheClass, ["A network has many layers"]),
        (wrong.calibrate_not_widened, ["0.0 must have a code, and it lies outside the values"]),
        (wrong.calibrate_mse_not_widened, ["0.0 must have a code, and it lies outside the values"]),
        (wrong.calibrate_percentile_widened_below, ["0.0 must have a code, and it lies outside the values"]),
        (
            wrong.calibrate_minmax_only,
            ["The two outliers are still inside"],
        ),
        (wrong.calibrate_one_percent, ["What share of the values lies outside"]),
        (wrong.requantize_without_rounding, ["Does >> round"]),
        (wrong.requantize_half_to_even, ["2.5 lies in the middle of two codes"]),
        (wrong.requantize_in_double, ["This product is 2**60 - 1"]),
        (wrong.requantize_in_int32, ["How large is acc * multiplier"]),
        (wrong.kmeans_codebook_one_round, ["Where should an entry be"]),
        (wrong.kmeans_codebook_with_nan, ["What is the mean of no weights"]),
        (wrong.kmeans_codebook_too_few_entries, ["What are the shapes of the two"]),
        (wrong.kmeans_codebook_backwards, ["In which order are the entries"]),
    ],
)
def test_the_hints_that_a_mistake_meets(function, shown):
    exercise = next(exercise for name, exercise in lab.exercises.items() if function.__name__.startswith(name))
    table = Table(assess(exercise, function), {})
    found = [text for outcome in table.result.outcomes for label, text in table.details(outcome) if label == "hint"]
    assert [text[: len(beginning)] for text, beginning in zip(found, shown, strict=True)] == shown


def test_what_was_floating_point_is_named():
    result = assess(lab.exercises["integer_linear"], wrong.integer_linear_with_float_accumulators)
    got = {outcome.case.name: outcome.verdict.got for outcome in result.outcomes}
    assert got["no float on the way"] == "floating point on the way (zeros, torch.float32)"


def test_what_left_torch_is_told_and_integers_in_numpy_are_no_exception():
    result = assess(lab.exercises["integer_linear"], wrong.integer_linear_in_numpy_by_asarray)
    got = {outcome.case.name: outcome.verdict.got for outcome in result.outcomes}
    assert got["no float on the way"] == "a part of the way in numpy, which the check does not see"


def test_to_print_a_tensor_on_the_way_is_no_float(capsys):
    def integer_linear(q_x, q_w, q_b, x_zero_point):
        print(q_x, q_w, q_b)
        return (q_x.int() - x_zero_point) @ q_w.int().T + q_b

    assert assess(lab.exercises["integer_linear"], integer_linear).failed == ()
    assert "tensor(" in capsys.readouterr().out


def test_a_class_whose_backward_is_empty_gets_the_points_of_forward():
    result = assess(lab.exercises["FakeQuant"], wrong.FakeQuantForwardOnly)
    assert result.attempted and 0 < result.points < result.exercise.points
    empty = [outcome for outcome in result.outcomes if outcome.empty]
    assert len(empty) == len(result.failed)


def test_the_check_says_what_a_class_was_called_with():
    exercise = lab.exercises["FakeQuant"]
    said = shown_inputs(exercise, next(case for case in exercise.cases() if case.name == "cuts off beyond the ends"))
    assert said.startswith("x of shape (5, 8), scale=0.0") and said.endswith("zero_point=0, low=-8, high=7")
