"""Real numbers to codes and back, against torch's own quantizer and against the definition."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.compress.quantization import affine_params, code_range, dequantize, per_channel_scales, quantize

bounds = st.floats(-1e6, 1e6, allow_nan=False, width=32)
widths = st.integers(1, 16)


@given(bounds, bounds, widths)
def test_zero_is_exact_and_the_range_is_covered(a, b, bits):
    """Does 0 have a code of its own, and are both ends within a step of what is asked for?"""
    low, high = sorted((a, b))
    scale, zero_point = affine_params(low, high, bits)
    smallest, largest = code_range(bits, signed=False)
    assert type(zero_point) is int and smallest <= zero_point <= largest
    assert (smallest - zero_point) * scale <= min(low, 0) + scale * (1 + 1e-6)
    assert (largest - zero_point) * scale >= max(high, 0) - scale * (1 + 1e-6)


@given(bounds, bounds, st.integers(2, 16))
def test_symmetric_range_reaches_the_larger_end(a, b, bits):
    low, high = sorted((a, b))
    scale, zero_point = affine_params(low, high, bits, symmetric=True)
    assert zero_point == 0
    if max(abs(low), abs(high)) > 1e-30:
        assert scale * (2 ** (bits - 1) - 1) == pytest.approx(max(abs(low), abs(high)))


@pytest.mark.parametrize(
    ("low", "high", "bits", "symmetric", "expected"),
    [
        (0.0, 2.55, 8, False, (0.01, 0)),
        (-1.0, 1.55, 8, False, (0.01, 100)),
        (1.0, 2.55, 8, False, (0.01, 0)),  # widened down to 0
        (-2.55, -1.0, 8, False, (0.01, 255)),  # widened up to 0
        (-1.27, 0.3, 8, True, (0.01, 0)),
        (-0.3, 0.7, 4, True, (0.1, 0)),
        (0.0, 0.0, 8, False, (1.0, 0)),
        (0.0, 0.0, 8, True, (1.0, 0)),
        (0.0, 1e-323, 8, False, (1.0, 0)),  # no step can be told from 0
        (0.0, 1e-44, 8, False, (1.0, 0)),  # nor here, in float32
        (-1.007, 1.543, 8, False, (0.01, 101)),  # 100.7 is nearer to 101
    ],
)
def test_params_worked_out_by_hand(low, high, bits, symmetric, expected):
    scale, zero_point = affine_params(low, high, bits, symmetric)
    assert scale == pytest.approx(expected[0])
    assert zero_point == expected[1]


@given(st.lists(bounds, min_size=1, max_size=50), st.integers(2, 8), st.booleans())
def test_values_come_back_within_half_a_step(values, bits, symmetric):
    x = torch.tensor(values)
    scale, zero_point = affine_params(min(values), max(values), bits, symmetric)
    restored = dequantize(quantize(x, scale, zero_point, bits, signed=symmetric), scale, zero_point)
    assert (restored - x).abs().max() <= scale * (1 + 1e-4) * (0.5 if symmetric else 1.0)  # the zero point is rounded too


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=50), st.floats(0.015625, 10, width=32), st.integers(0, 255))
def test_codes_equal_torchs(values, scale, zero_point):
    x = torch.tensor(values)
    theirs = torch.fake_quantize_per_tensor_affine(x, scale, zero_point, 0, 255)
    codes = quantize(x, scale, zero_point, 8, signed=False)
    close = (x / scale - torch.floor(x / scale) - 0.5).abs() < 1e-4  # torch multiplies by 1 / scale: halves may fall to either side
    assert codes.dtype == torch.uint8
    torch.testing.assert_close(dequantize(codes, scale, zero_point)[~close], theirs[~close])


def test_a_scale_for_each_channel_broadcasts():
    weight = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.01, 1.0, 100.0, 0.0]).view(4, 1, 1, 1)
    scales = per_channel_scales(weight)
    codes = quantize(weight, scales.view(4, 1, 1, 1))
    assert codes.dtype == torch.int8
    assert codes.abs().flatten(1).amax(1).tolist() == [127, 127, 127, 0]
    assert scales[3] == 1
    theirs = torch.fake_quantize_per_channel_affine(weight, scales, torch.zeros(4, dtype=torch.int32), 0, -128, 127)
    torch.testing.assert_close(dequantize(codes, scales.view(4, 1, 1, 1)), theirs)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_channels_lie_along_any_axis(axis):
    weight = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(1))
    expected = torch.stack([channel.abs().max() / 7 for channel in weight.movedim(axis, 0)])
    torch.testing.assert_close(per_channel_scales(weight, 4, axis), expected)


def test_a_vector_has_a_scale_for_each_number():
    assert per_channel_scales(torch.tensor([1.27, -2.54, 0.0])).tolist() == pytest.approx([0.01, 0.02, 1.0])


def test_rounds_halves_to_even_and_cuts_off():
    assert quantize(torch.tensor([0.5, 1.5, 2.5, -0.5, 9e9, -9e9]), 1.0).tolist() == [0, 2, 2, 0, 127, -128]


def test_a_half_is_rounded_before_the_zero_point_is_added():
    assert quantize(torch.tensor([0.5, 1.5, 2.5]), 1.0, 5, signed=False).tolist() == [5, 7, 7]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_values_of_any_precision_have_the_codes_that_they_have_in_double(dtype):
    x = torch.tensor([1e9, -1e9, 3.3, 257.0, 16000.0]).clamp(-6e4, 6e4).to(dtype)
    expected = torch.round(x.double() / 0.1).clamp(-(2**15), 2**15 - 1)
    assert quantize(x, 0.1, 0, 16).tolist() == expected.tolist()
    assert quantize(torch.tensor([1e300, -1e300, 0.5 + 1e-12], dtype=torch.float64), 1.0).tolist() == [127, -128, 1]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_scales_are_float32_whatever_the_weight(dtype):
    weight = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).to(dtype)
    scales = per_channel_scales(weight)
    assert scales.dtype == torch.float32
    torch.testing.assert_close(scales, (weight.double().abs().amax(1) / 127).float())


def test_a_channel_too_small_for_a_scale_is_a_channel_of_zeros():
    assert per_channel_scales(torch.tensor([[1e-45], [1e-38]])).tolist() == [1, 1]


def test_zero_point_is_taken_away_without_underflow():
    """Does a uint8 code below the zero point become a negative value, and one above 32767 stay positive?"""
    assert dequantize(torch.tensor([0, 10, 255], dtype=torch.uint8), 0.5, 10).tolist() == [-5, 0, 122.5]
    assert dequantize(torch.tensor([50_000, 0], dtype=torch.int32), 1.0, 40_000).tolist() == [10_000, -40_000]


@pytest.mark.parametrize("scale", [0.1, torch.tensor([[0.1]], dtype=torch.float64), torch.tensor(0.1, dtype=torch.float16)])
def test_values_are_float32_whatever_the_scale(scale):
    assert dequantize(torch.tensor([[3]], dtype=torch.int8), scale).dtype == torch.float32


@pytest.mark.parametrize(
    ("bits", "signed", "dtype"),
    [(1, False, torch.uint8), (8, True, torch.int8), (8, False, torch.uint8), (12, True, torch.int16), (16, False, torch.int32)],
)
def test_codes_take_the_smallest_dtype_that_holds_them(bits, signed, dtype):
    codes = quantize(torch.tensor([-1e9, 1e9]), 1.0, 0, bits, signed)
    assert codes.dtype == dtype
    assert tuple(codes.tolist()) == code_range(bits, signed)


@pytest.mark.parametrize("bits", [0, 17, -1, 2.0, True, "8", None])
def test_bits_out_of_bounds_are_refused(bits):
    for call in (
        lambda: affine_params(0, 1, bits),
        lambda: quantize(torch.ones(1), 1.0, 0, bits),
        lambda: per_channel_scales(torch.ones(1, 1), bits),
    ):
        with pytest.raises(ValueError, match="bits must be an integer"):
            call()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        affine_params(min(bad, 0.0), bad)
    with pytest.raises(ValueError, match="NaN or infinity"):
        quantize(torch.tensor([1.0, bad]), 1.0)
    with pytest.raises(ValueError, match="NaN or infinity"):
        per_channel_scales(torch.tensor([[bad]]))


def test_the_rest_of_bad_input_is_refused():
    with pytest.raises(ValueError, match="low <= high"):
        affine_params(1, 0)
    with pytest.raises(ValueError, match=r"2\.\.16"):
        affine_params(0, 1, 1, symmetric=True)
    with pytest.raises(ValueError, match="empty"):
        quantize(torch.empty(0), 1.0)
    for scale in (0.0, -1.0, math.nan, math.inf, torch.tensor([1.0, 0.0]), torch.tensor([1.0, math.inf])):
        with pytest.raises(ValueError, match="scale must be positive and finite"):
            quantize(torch.ones(2), scale)
    for low, high in ((-1e308, 1e308), (0.0, 1e300)):
        with pytest.raises(ValueError, match="too wide"):
            affine_params(low, high)
    for codes in (torch.tensor([3.7]), torch.tensor([math.nan])):
        with pytest.raises(ValueError, match="codes must be integers"):
            dequantize(codes, 1.0)
    with pytest.raises(ValueError, match="infinity"):
        per_channel_scales(torch.tensor([[1e300]], dtype=torch.float64))
    with pytest.raises(ValueError, match="no axis 2"):
        per_channel_scales(torch.ones(2, 2), axis=2)
