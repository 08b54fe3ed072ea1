"""Lab 07: does a common mistake meet the hint that helps, and none that leads astray?"""

import importlib.util
from pathlib import Path

import pytest
import torch

from utils.exercises.checking import assess
from utils.exercises.lab07 import lab
from utils.exercises.view import Table

_SPEC = importlib.util.spec_from_file_location("lab07_wrong", Path(__file__).with_name("wrong.py"))
wrong = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong)


def dot_in_c_of_another_name():
    return wrong.dot_in_c_that_crashes().replace("dot", "product")


def int8_conv2d_cut_off_early(x, w, b, params):
    """Cuts off before the output's zero point is added. Which cases that loses depends on the numbers drawn."""
    return (wrong._conv(x, w, b, params | {"y_zero_point": 0}).int() + params["y_zero_point"]).to(torch.uint8)


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (wrong.to_fixed_point_cut_off, ["Which whole number is nearest to 12.8"]),
        (wrong.to_fixed_point_of_31_bits, ["How many digits does the multiplier of a small factor keep"]),
        (wrong.to_fixed_point_one_bit_short, ["Is the multiplier at least 2**30"]),
        (wrong.to_fixed_point_beyond_a_power, ["0.5 is 2**30 / 2**31"]),
        (wrong.to_fixed_point_without_the_carry, ["What does this factor times 2**shift round to"]),
        (wrong.to_fixed_point_the_other_way_round, ["What is returned first"]),
        (wrong.to_fixed_point_in_floats, ["Is 1073741824.0 a whole number to C"]),
        (wrong.to_fixed_point_in_32_bits, ["Is the multiplier below 2**31"]),
        (wrong.to_fixed_point_with_a_limit, ["How often can this be doubled"]),
        (wrong.to_fixed_point_that_compares_nan, ["What does NaN < 1 say"]),
        (wrong.int8_conv2d_padded_with_code_zero, ["Which value lies beyond the border"]),
        (wrong.int8_conv2d_rounding_down, ["Does >> round"]),
        (wrong.int8_conv2d_with_one_factor, ["How many multipliers are there"]),
        (wrong.int8_conv2d_without_bias, ["What is missing is the same all over a channel"]),
        (wrong.int8_conv2d_without_the_output_zero_point, ["Which code does a sum of 0 get"]),
        (wrong.int8_conv2d_without_the_input_zero_point, ["Which value has the code x_zero_point"]),
        (wrong.int8_conv2d_in_uint8, ["What is 3 - 128 in uint8"]),
        (wrong.int8_conv2d_wrapping_around, ["Which codes has uint8"]),
        (int8_conv2d_cut_off_early, ["What is cut off at 0 and 255"]),
        (wrong.int8_conv2d_turned, ["Is the kernel turned round"]),
        (wrong.int8_conv2d_without_stride, ["How far does the window move"]),
        (wrong.int8_conv2d_in_floats, ["float32 holds no odd number beyond 2**24"]),
        (wrong.int8_conv2d_to_int64, ["What is your result's dtype"]),
        (wrong.int8_conv2d_one_image_at_least, ["There is no image here"]),
        (wrong.weights_to_c_that_may_change, ["Where does a linker put an array that may change"]),
        (wrong.weights_to_c_always_int8, ["What is the array's dtype"]),
        (wrong.weights_to_c_counting_rows, ["How many numbers are there"]),
        (wrong.weights_to_c_by_str, ["How does C declare an array of constants"]),
        (wrong.weights_to_c_as_stored, ["In which order do the numbers stand"]),
        (wrong.weights_to_c_as_a_list, ["What is returned"]),
        (wrong.weights_to_c_that_checks_letters, ["Which names does C allow"]),
        (wrong.weights_to_c_that_asks_python, ["Which names does C allow"]),
        (wrong.fits_flash_and_ram_without_data_in_flash, ["Variables that start with a value lie twice"]),
        (wrong.fits_flash_and_ram_without_data_in_ram, ["Variables that start with a value lie twice"]),
        (wrong.fits_flash_and_ram_without_stack, ["Where do the calls of functions keep their variables"]),
        (wrong.fits_flash_and_ram_with_bss_in_flash, ["What are the first values of bss"]),
        (wrong.fits_flash_and_ram_by_bytes, ["Both are too large"]),
        (wrong.fits_flash_and_ram_below_the_limit, ["How many bytes are left here"]),
    ],
)
def test_the_hints_that_a_mistake_meets(function, shown):
    assert _hints(function, shown) == shown


@pytest.mark.needs("gcc")
@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (wrong.dot_in_c_in_int8, ["How large does the sum become"]),
        (wrong.dot_in_c_in_int16, ["How large does the sum become"]),
        (wrong.dot_in_c_one_too_far, ["Which is the last element"]),
        (wrong.dot_in_c_without_zero_point, ["Which value has the code x_zero_point"]),
        (wrong.dot_in_c_that_remembers, ["What does your function remember"]),
        (wrong.dot_in_c_that_looks_one_back, ["Which is the last element"]),
        (wrong.dot_in_c_with_one_zero_point, ["How often is the zero point subtracted"]),
        (wrong.dot_in_c_with_a_wrapping_difference, ["What is 3 - 128 in uint8_t"]),
        (wrong.dot_in_c_in_double, ["Is there a float"]),
        (wrong.dot_in_c_that_does_not_compile, ["Read what the compiler says"]),
        (wrong.dot_in_c_with_a_spare_variable, ["What does the compiler warn of"]),
        (wrong.dot_in_c_that_writes, ["Does the loop write to x or w"]),
        (wrong.dot_in_c_that_crashes, ["When does your loop end"]),
        (dot_in_c_of_another_name, ["What is your function called"]),
    ],
)
def test_the_hints_that_a_mistake_in_c_meets(function, shown):
    assert _hints(function, shown) == shown


def _hints(function, shown):
    """The beginning of each hint, as long as that of the one that is awaited."""
    exercise = next(exercise for name, exercise in lab.exercises.items() if function.__name__.startswith(name))
    table = Table(assess(exercise, function), {})
    found = [text for outcome in table.result.outcomes for label, text in table.details(outcome) if label == "hint"]
    return [text[: len(shown[at])] if at < len(shown) else text for at, text in enumerate(found)]


def test_a_missing_const_is_named():
    result = assess(lab.exercises["weights_to_c"], wrong.weights_to_c_that_may_change)
    assert "no const: the array would be copied to RAM" in {outcome.verdict.got for outcome in result.outcomes}
