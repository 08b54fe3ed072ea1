"""Layers in whole numbers against loops of Python's own integers."""

import itertools
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.deploy.mcu.arithmetic import fixed_point, fixed_point_pair
from utils.deploy.mcu.layers import Add, AveragePool, Conv, Dense, Flatten, Grid, MaxPool, Tensor, Window


def code(value, zero_point):
    """A rational number as a code: halves up, cut off."""
    return min(max(floor(value + Fraction(1, 2)) + zero_point, 0), 255)


@st.composite
def windows(draw):
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    pads = draw(st.tuples(*(st.integers(0, size - 1) for size in (*kernel, *kernel))))
    return Window(kernel, draw(st.tuples(st.integers(1, 3), st.integers(1, 3))), pads)


@st.composite
def pictures(draw, window):
    """A tensor of some channels that is large enough for the window."""
    channels, extra_h, extra_w = draw(st.integers(1, 4)), draw(st.integers(0, 4)), draw(st.integers(0, 4))
    return Tensor("x", (channels, window.kernel[0] + extra_h, window.kernel[1] + extra_w), Grid(0.1, draw(st.integers(0, 255))))


def slow_windows(x, window, tensor, output):
    """(out channel-less place) -> list of (row, column, codes of all channels or None beyond the picture)."""
    _, height, width = tensor.shape
    for y, column in itertools.product(range(output[0]), range(output[1])):
        taps = []
        for ky, kx in itertools.product(range(window.kernel[0]), range(window.kernel[1])):
            row, place = y * window.stride[0] - window.pads[0] + ky, column * window.stride[1] - window.pads[1] + kx
            inside = 0 <= row < height and 0 <= place < width
            taps.append((ky, kx, [int(value) for value in x[:, row, place]] if inside else None))
        yield y, column, taps


@settings(max_examples=60)
@given(st.data(), st.booleans(), st.integers(0, 2**32 - 1))
def test_a_convolution_is_its_sums(data, depthwise, seed):
    """Any kernel, stride and padding, any zero points; beyond the picture lies 0.0."""
    rng = np.random.default_rng(seed)
    window = data.draw(windows())
    x = data.draw(pictures(window))
    out = x.shape[0] if depthwise else data.draw(st.integers(1, 4))
    weight = rng.integers(-128, 128, size=(out, 1 if depthwise else x.shape[0], *window.kernel)).astype(np.int8)
    bias = rng.integers(-(2**16), 2**16, size=out).astype(np.int32)
    factors = [fixed_point(float(factor)) for factor in rng.uniform(1e-4, 0.01, size=out)]
    multiplier, shift = (np.array(part) for part in zip(*factors, strict=True))
    output = Tensor("y", (out, *window.output(*x.shape[1:])), Grid(0.1, data.draw(st.integers(0, 255))))
    layer = Conv(
        name="y", inputs=(x,), output=output, weight=weight, bias=bias, multiplier=multiplier, shift=shift, window=window,
        depthwise=depthwise,
    )  # fmt: skip
    codes = rng.integers(0, 256, size=(2, *x.shape)).astype(np.uint8)
    found = layer.compute(codes)
    assert found.dtype == np.uint8 and found.shape == (2, *output.shape)
    zero = x.grid.zero_point
    for n, o in itertools.product(range(2), range(out)):
        for y, column, taps in slow_windows(codes[n], window, x, output.shape[1:]):
            total = int(bias[o])
            for ky, kx, values in taps:
                for channel, value in enumerate(values or [zero] * x.shape[0]):
                    if not depthwise or channel == o:
                        total += (value - zero) * int(weight[o, 0 if depthwise else channel, ky, kx])
            assert found[n, o, y, column] == code(Fraction(total * int(multiplier[o]), 2 ** int(shift[o])), output.grid.zero_point)
    assert layer.macs == output.size_bytes * weight[0].size and layer.weight_bytes == weight.size + 9 * out


@settings(max_examples=40)
@given(st.data(), st.integers(0, 2**32 - 1))
def test_pools_are_the_largest_and_the_mean(data, seed):
    """The padding is no candidate of a maximum and counts as 0.0 in a mean."""
    window = data.draw(windows())
    x = data.draw(pictures(window))
    shape = (x.shape[0], *window.output(*x.shape[1:]))
    multiplier, shift = fixed_point(0.7 / (window.kernel[0] * window.kernel[1]))
    mean = AveragePool(
        name="y", inputs=(x,), output=Tensor("y", shape, Grid(0.1, data.draw(st.integers(0, 255)))), window=window, multiplier=multiplier,
        shift=shift,
    )  # fmt: skip
    most = MaxPool(name="y", inputs=(x,), output=Tensor("y", shape, x.grid), window=window)
    codes = np.random.default_rng(seed).integers(0, 256, size=(1, *x.shape)).astype(np.uint8)
    means, largest = mean.compute(codes), most.compute(codes)
    for y, column, taps in slow_windows(codes[0], window, x, shape[1:]):
        for channel in range(x.shape[0]):
            inside = [values[channel] for *_, values in taps if values is not None]
            total = sum(value - x.grid.zero_point for value in inside)
            assert largest[0, channel, y, column] == max(inside)
            assert means[0, channel, y, column] == code(Fraction(total * multiplier, 2**shift), mean.output.grid.zero_point)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_a_linear_layer_is_its_sums(features, out, zero, out_zero, seed):
    rng = np.random.default_rng(seed)
    weight = rng.integers(-128, 128, size=(out, features)).astype(np.int8)
    bias, codes = rng.integers(-9999, 9999, size=out).astype(np.int32), rng.integers(0, 256, size=(3, features)).astype(np.uint8)
    multiplier, shift = fixed_point(0.003)
    layer = Dense(
        name="y", inputs=(Tensor("x", (features,), Grid(0.1, zero)),), output=Tensor("y", (out,), Grid(0.1, out_zero)), weight=weight,
        bias=bias, multiplier=np.full(out, multiplier), shift=np.full(out, shift),
    )  # fmt: skip
    found = layer.compute(codes)
    for n, o in itertools.product(range(3), range(out)):
        total = sum((int(value) - zero) * int(w) for value, w in zip(codes[n], weight[o], strict=True)) + int(bias[o])
        assert found[n, o] == code(Fraction(total * multiplier, 2**shift), out_zero)


@given(st.floats(0.01, 50), st.floats(0.01, 50), *[st.integers(0, 255)] * 5)
def test_an_addition_rounds_once(a, b, x, y, x_zero, y_zero, out_zero):
    first, second, shift = fixed_point_pair(a, b)
    grids = (Grid(a, x_zero), Grid(b, y_zero), Grid(1.0, out_zero))
    inputs = tuple(Tensor(name, (1,), grid) for name, grid in zip("ab", grids[:2], strict=True))
    layer = Add(name="y", inputs=inputs, output=Tensor("y", (1,), grids[2]), multipliers=(first, second), shift=shift)
    found = layer.compute(np.array([[x]], dtype=np.uint8), np.array([[y]], dtype=np.uint8))
    assert found.item() == code(Fraction((x - x_zero) * first + (y - y_zero) * second, 2**shift), out_zero)


def test_sums_at_the_extremes_stay_exact():
    """4,608 products of the largest codes: the matrix product in float64 loses no bit."""
    x = Tensor("x", (512, 3, 3), Grid(0.1, 0))
    weight = np.full((2, 512, 3, 3), -128, dtype=np.int8)
    weight[1] = 127
    weight[1, 0, 0, 0] = 126
    layer = Conv(
        name="y", inputs=(x,), output=Tensor("y", (2, 1, 1), Grid(0.1, 128)), weight=weight, bias=np.array([150_405_121, -149_229_700]),
        multiplier=np.array([2**30, 2**30]), shift=np.array([30, 30]), window=Window((3, 3)),
    )  # fmt: skip
    codes = np.full((1, 512, 3, 3), 255, dtype=np.uint8)
    assert layer.compute(codes).reshape(-1).tolist() == [128 + 150_405_121 - 4608 * 255 * 128, 128 + 4608 * 255 * 127 - 255 - 149_229_700]


def test_a_sum_that_could_leave_32_bits_is_refused():
    x = Tensor("x", (2**17,), Grid(0.1, 0))
    with pytest.raises(ValueError, match="y may need more than 32 bits"):
        Dense(
            name="y", inputs=(x,), output=Tensor("y", (1,), Grid(0.1, 0)), weight=np.full((1, 2**17), 127, dtype=np.int8),
            bias=np.zeros(1, dtype=np.int32), multiplier=np.array([2**30]), shift=np.array([40]),
        )  # fmt: skip


def test_a_row_is_the_picture_channel_by_channel():
    x = Tensor("x", (2, 2, 1), Grid(0.1, 0))
    layer = Flatten(name="y", inputs=(x,), output=Tensor("y", (4,), x.grid))
    assert layer.compute(np.array([[[[1], [2]], [[3], [4]]]], dtype=np.uint8)).tolist() == [[1, 2, 3, 4]]
