"""Fixed point against exact fractions, and against the same arithmetic of lab 02."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.compress import quantization
from utils.deploy.mcu.arithmetic import fixed_point, fixed_point_pair, requantize, to_codes

INT32 = st.integers(-(2**31), 2**31 - 1)


@given(st.floats(2.0**-32, 2.0**29, exclude_max=True))
def test_a_factor_keeps_31_bits(factor):
    multiplier, shift = fixed_point(factor)
    assert 2**30 <= multiplier < 2**31 and 1 <= shift <= 62
    assert abs(Fraction(multiplier, 2**shift) / Fraction(factor) - 1) <= Fraction(1, 2**31)


@given(st.floats(2.0**-32, 1, exclude_max=True))
def test_below_one_it_is_the_fixed_point_of_lab_02(factor):
    assert fixed_point(factor) == quantization.to_fixed_point(factor)


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(1.0, (2**30, 30)), (0.5, (2**30, 31)), (3.0, (3 * 2**29, 29)), (1 - 2.0**-40, (2**30, 30)), (2.0**-32, (2**30, 62))],
)
def test_factors_by_hand(factor, expected):
    assert fixed_point(factor) == expected


@given(st.floats(0, 2.0**-32, exclude_min=True, exclude_max=True), INT32)
def test_what_rounds_to_nothing_is_nothing(factor, acc):
    assert requantize(np.array([acc]), *fixed_point(factor), 7).tolist() == [7]


@pytest.mark.parametrize("factor", [0.0, -1.0, 2.0**29, float("inf"), float("nan")])
def test_other_factors_are_refused(factor):
    with pytest.raises(ValueError, match="factor must lie"):
        fixed_point(factor)


@given(INT32, st.integers(0, 2**31 - 1), st.integers(1, 62), st.integers(0, 255))
def test_requantize_equals_exact_fractions_and_lab_02(acc, multiplier, shift, zero_point):
    found = requantize(np.array([acc], dtype=np.int64), multiplier, shift, zero_point)
    assert found.dtype == np.uint8
    wanted = min(max(floor(Fraction(acc * multiplier, 2**shift) + Fraction(1, 2)) + zero_point, 0), 255)
    assert found.tolist() == [wanted]
    if multiplier:
        assert quantization.requantize(torch.tensor([acc], dtype=torch.int32), multiplier, shift, zero_point).tolist() == [wanted]


def test_each_channel_has_its_own_factor():
    acc = np.array([[[100, -100]], [[100, -100]]])
    multiplier, shift = np.array([2**30, 2**30])[:, None, None], np.array([31, 33])[:, None, None]
    assert requantize(acc, multiplier, shift, 128).tolist() == [[[178, 78]], [[141, 116]]]  # 12.5 and -12.5: halves go up


@given(st.floats(1e-4, 1e4), st.floats(1e-4, 1e4), st.integers(-255, 255), st.integers(-255, 255))
def test_a_sum_over_one_power_of_two_is_the_sum(a, b, x, y):
    """Within the last bit of the larger factor, 255 times each."""
    first, second, shift = fixed_point_pair(a, b)
    assert max(first, second) < 2**31 and abs(first * x + second * y) < 2**62
    exact = Fraction(a) * x + Fraction(b) * y
    assert abs(Fraction(first * x + second * y, 2**shift) - exact) <= Fraction(510, 2**shift)
    code = to_codes(np.array([first * x + second * y]), shift, 128)[0]
    assert abs(int(code) - min(max(float(exact) + 128, 0), 255)) <= 0.5 + 510 / 2**shift + 1e-9
