"""Lab 07's oracles are slow Python: do ONNX Runtime, exact fractions and the compiler say the same?"""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from tests.utils.exercises.onnx_operators import run
from utils.exercises.judges import describe
from utils.exercises.lab07.fits_flash_and_ram import memory
from utils.exercises.lab07.int8_conv2d import convolution, drawn_layer
from utils.exercises.lab07.to_fixed_point import fixed_point
from utils.exercises.lab07.weights_to_c import c_array

FACTORS = st.floats(2.0**-32, 1, exclude_max=True)


@given(FACTORS)
def test_a_factor_is_met_to_half_a_unit_of_31_bits(factor):
    multiplier, shift = fixed_point(factor)
    assert 2**30 <= multiplier < 2**31 and 0 < shift <= 62
    assert abs(Fraction(multiplier, 2**shift) / Fraction(factor) - 1) <= Fraction(1, 2**31)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 255), st.integers(0, 255), st.integers(1, 2), st.integers(0, 2), st.integers(0, 999))
def test_the_sums_are_those_of_onnx_runtime(x_zero, y_zero, stride, padding, seed):
    points = (x_zero, y_zero)
    inputs = drawn_layer(np.random.default_rng(seed), (2, 2, 5, 6), (3, 3), points=points, stride=stride, padding=padding, bias=True)
    x, w, b = (tensor.numpy() for tensor in inputs[:3])
    params = inputs[3]
    attributes = {"strides": [stride] * 2, "pads": [padding] * 4}
    zero = np.array(x_zero, dtype=np.uint8)  # also beyond the border
    sums = run("ConvInteger", TensorProto.INT32, attributes, x=x, w=w, zero=zero).astype(object) + b[:, None, None].astype(
        object
    )  # integers without end
    factors = zip(params["multipliers"].tolist(), params["shifts"].tolist(), strict=True)
    wanted = [
        [min(max((2 * total * multiplier + 2**shift) // 2 ** (shift + 1) + y_zero, 0), 255) for total in sums[:, channel].ravel()]
        for channel, (multiplier, shift) in enumerate(factors)
    ]
    found = convolution(x, w, b, params)
    assert found.transpose(1, 0, 2, 3).reshape(3, -1).tolist() == wanted


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("const int8_t w[3] = {1, -2, 3};", ""),
        ("int8_t w[3] = {1, -2, 3};", "const"),
        ("const int16_t w[3] = {1, -2, 3};", "type"),
        ("const int8_t v[3] = {1, -2, 3};", "name"),
        ("const int8_t w[4] = {1, -2, 3};", "count"),
        ("const int8_t w[] = {1, -2, 3};", "count"),
        ("const int8_t w[3] = {1, -2};", "count"),
        ("const int8_t w[3] = {1, 2, 3};", "values"),
        ("const int8_t w[3] = {1, -2, 3}", "unreadable"),
        ([1, -2, 3], "text"),
    ],
)
def test_what_is_wrong_with_a_text_is_recognised(text, about):
    verdict = c_array(text, ("w", np.array([1, -2, 3], dtype=np.int8)))
    assert verdict.passed == (about == "") and verdict.about == about, describe(verdict.got)
    assert about != "const" or verdict.got == "no const: the array would be copied to RAM"


@given(st.lists(st.integers(0, 99_999), min_size=4, max_size=4), st.integers(1, 99_999), st.integers(1, 99_999))
def test_a_program_breaks_where_its_share_is_largest(numbers, flash, ram):
    sizes, device = dict(zip(("text", "data", "bss", "stack"), numbers, strict=True)), {"flash_bytes": flash, "ram_bytes": ram}
    found = memory(sizes, device)
    shares = {"flash": Fraction(found["flash"], flash), "ram": Fraction(found["ram"], ram)}
    assert found["fits"] == all(share <= 1 for share in shares.values()) == (found["breaks"] is None) == (found["excess"] == 0)
    if found["breaks"]:
        assert shares[found["breaks"]] == max(shares.values())
        assert found["excess"] == found[found["breaks"]] - device[f"{found['breaks']}_bytes"]


def test_float32_and_float64_miss_what_integers_hold():
    """Is the case "products beyond any float" one where torch's double precision is wrong?"""
    acc, multiplier, shift = 2**30 - 1, 2**30 + 1, 61
    params = {"x_zero_point": 0, "y_zero_point": 0, "stride": 1, "padding": 0, "multipliers": [multiplier], "shifts": [shift]}
    nothing = np.zeros((1, 1, 1, 1), dtype=np.uint8)
    assert convolution(nothing, nothing.astype(np.int8), np.array([acc], dtype=np.int32), params).item() == 0
    assert torch.floor(torch.tensor(float(acc), dtype=torch.float64) * multiplier / 2.0**shift + 0.5).item() == 1
