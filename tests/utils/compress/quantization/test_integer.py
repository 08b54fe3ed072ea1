"""Arithmetic on whole numbers, against Python's own, which never round and never overflow."""

from fractions import Fraction
from math import floor

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from utils.compress.quantization import affine_params, dequantize, integer_linear, per_channel_scales, quantize, requantize, to_fixed_point


class SeesTypes(TorchDispatchMode):
    """Notes the dtype of every tensor that any operation returns."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        self.seen |= {part.dtype for part in (result if isinstance(result, tuple) else (result,)) if isinstance(part, torch.Tensor)}
        return result


def draw(seed, n=5, width=300, out=7):
    generator = torch.Generator().manual_seed(seed)
    q_x = torch.randint(0, 256, (n, width), generator=generator, dtype=torch.uint8)
    q_w = torch.randint(-128, 128, (out, width), generator=generator, dtype=torch.int8)
    q_b = torch.randint(-(2**20), 2**20, (out,), generator=generator, dtype=torch.int32)
    return q_x, q_w, q_b


@given(st.integers(0, 1000), st.integers(0, 255))
def test_accumulators_equal_pythons(seed, zero_point):
    q_x, q_w, q_b = draw(seed, n=2, width=6, out=3)
    found = integer_linear(q_x, q_w, q_b, zero_point)
    for i in range(2):
        for o in range(3):
            wanted = sum((int(x) - zero_point) * int(w) for x, w in zip(q_x[i], q_w[o], strict=True)) + int(q_b[o])
            assert found[i, o] == wanted


def test_no_operation_makes_a_float():
    """Are all tensors on the way whole numbers?"""
    with SeesTypes() as types:
        accumulators = integer_linear(*draw(1), 17)
        codes = requantize(accumulators, 1_500_000_000, 38, 3)
    assert accumulators.dtype == torch.int32
    assert codes.dtype == torch.uint8
    assert not any(dtype.is_floating_point for dtype in types.seen)


def test_a_layer_in_whole_numbers_is_the_layer():
    """Do quantized input, weights and bias give what the float layer gives, to the steps of the three?"""
    generator = torch.Generator().manual_seed(3)
    x, weight, bias = (
        torch.rand(20, 64, generator=generator),
        torch.randn(10, 64, generator=generator),
        torch.randn(10, generator=generator),
    )
    scale_x, zero_point = affine_params(0, 1)
    scale_w = per_channel_scales(weight)
    accumulators = integer_linear(
        quantize(x, scale_x, zero_point, signed=False),
        quantize(weight, scale_w[:, None]),
        quantize(bias, scale_x * scale_w, bits=16),
        zero_point,
    )
    exact = (
        dequantize(quantize(x, scale_x, zero_point, signed=False), scale_x, zero_point)
        @ (quantize(weight, scale_w[:, None]) * scale_w[:, None]).T
    )
    assert (accumulators * (scale_x * scale_w) - (exact + bias)).abs().max() < (scale_x * scale_w).max()


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 2**31 - 1), st.integers(1, 62), st.integers(0, 255))
def test_requantize_equals_exact_fractions(acc, multiplier, shift, zero_point):
    wanted = min(max(floor(Fraction(acc * multiplier, 2**shift) + Fraction(1, 2)) + zero_point, 0), 255)
    assert requantize(torch.tensor([acc], dtype=torch.int32), multiplier, shift, zero_point).tolist() == [wanted]


@given(st.floats(2.0**-32, 1, exclude_max=True))
def test_fixed_point_is_within_a_part_in_a_billion(scale):
    multiplier, shift = to_fixed_point(scale)
    assert 2**30 <= multiplier < 2**31 and 1 <= shift <= 62
    assert multiplier / 2**shift == pytest.approx(scale, rel=1e-9)


def test_the_most_negative_accumulator_is_one():
    bias = torch.tensor([-(2**31)])
    assert integer_linear(torch.zeros(1, 1, dtype=torch.uint8), torch.zeros(1, 1, dtype=torch.int8), bias, 0).tolist() == [[-(2**31)]]


def test_bad_input_is_refused():
    q_x, q_w, q_b = draw(0)
    for arguments, why in (
        ((q_x.float(), q_w, q_b, 0), "q_x must hold integers"),
        ((q_x, q_w, q_b.float(), 0), "q_b must hold integers"),
        ((q_x, q_w[:, 1:], q_b, 0), "need q_x"),
        ((q_x, q_w, q_b[:, None, None], 0), r"q_b must be \(7,\)"),
        ((q_x, q_w, q_b[:3], 0), r"q_b must be \(7,\)"),
        ((q_x, q_w, q_b, 0.9), "x_zero_point must be an integer"),
        ((torch.full((1, 2**17), 255), torch.full((1, 2**17), 127), None, 0), "does not fit int32"),
    ):
        with pytest.raises(ValueError, match=why):
            integer_linear(*arguments)
    for arguments, why in (
        ((torch.ones(2), 1, 1, 0), "integers"),
        ((q_b, 0, 1, 0), "multiplier"),
        ((q_b, 1, 63, 0), "shift"),
        ((q_b, 1, 1, 300), r"code in 0\.\.255"),
        ((q_b, 1, 1, 0.5), r"code in 0\.\.255"),
        ((torch.tensor([2**40]), 2**31 - 1, 62, 0), "does not fit int32"),
    ):
        with pytest.raises(ValueError, match=why):
            requantize(*arguments)
    for scale in (0.0, 1.0, -0.5, 2.0**-40, float("nan")):
        with pytest.raises(ValueError, match="factor must lie"):
            to_fixed_point(scale)
