"""Lab 02's oracles are slow numpy: do torch, ONNX Runtime and exact fractions say the same?"""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from tests.utils.exercises.onnx_operators import run
from utils.exercises.lab02 import oracles

# multiples of 1/8 and powers of two are exact in float32, so that halves are halves in any implementation
VALUES = st.lists(st.integers(-3000, 3000).map(lambda eighths: eighths / 8), min_size=1, max_size=30).map(
    lambda numbers: np.array(numbers, dtype=np.float32)
)
SCALES = st.sampled_from([0.125, 0.25, 0.5, 1.0, 2.0, 4.0])
RANGES = st.sampled_from([(-128, 127), (0, 255), (-8, 7), (0, 15), (-2, 1)])


def assert_as_torch(function, x, scale, *torchs, zero_point, ends):
    """torchs: the scale and the zero point as torch's function wants them."""
    upstream = np.linspace(0.5, 2, x.size, dtype=np.float32).reshape(x.shape)
    leaf = torch.tensor(x, requires_grad=True)
    output = function(leaf, *torchs, *ends)
    output.backward(torch.tensor(upstream))
    assert np.array_equal(oracles.fake(x, scale, zero_point, *ends), output.detach().numpy())
    assert np.array_equal(oracles.straight_through(x, scale, zero_point, *ends, upstream), leaf.grad.numpy())


@settings(deadline=None)
@given(VALUES, SCALES, RANGES, st.data())
def test_fake_quantization_and_its_gradient_are_those_of_torch(x, scale, ends, data):
    point = data.draw(st.integers(*ends))
    assert_as_torch(torch.fake_quantize_per_tensor_affine, x, scale, scale, point, zero_point=point, ends=ends)


@settings(deadline=None)
@given(st.lists(SCALES, min_size=1, max_size=5), RANGES, st.data())
def test_fake_quantization_by_channel_is_that_of_torch(scales, ends, data):
    numbers = data.draw(st.lists(st.integers(-3000, 3000), min_size=4 * len(scales), max_size=4 * len(scales)))
    x = (np.array(numbers, dtype=np.float32) / 8).reshape(len(scales), 4)
    torchs = torch.tensor(scales), torch.zeros(len(scales), dtype=torch.int32), 0
    assert_as_torch(torch.fake_quantize_per_channel_affine, x, np.array(scales)[:, None], *torchs, zero_point=0, ends=ends)


@pytest.mark.parametrize("signed", [True, False])
def test_codes_and_values_are_those_of_onnx_runtime(signed):
    kind, onnx_kind = (np.int8, TensorProto.INT8) if signed else (np.uint8, TensorProto.UINT8)
    x = np.arange(-1200, 1201, dtype=np.float32) / 8
    for scale, zero_point in ((0.25, 0), (0.5, 7), (1.0, 100)):
        parts = {"scale": np.array(scale, np.float32), "zero_point": np.array(zero_point, kind)}
        codes = run("QuantizeLinear", onnx_kind, x=x, **parts)
        assert np.array_equal(oracles.codes(x, scale, zero_point, 8, signed), codes)
        assert np.array_equal(oracles.values(codes, scale, zero_point), run("DequantizeLinear", TensorProto.FLOAT, x=codes, **parts))


def test_accumulators_are_those_of_onnx_runtime():
    rng = np.random.default_rng(0)
    q_x, q_w = rng.integers(0, 256, (5, 300), dtype=np.uint8), rng.integers(-127, 128, (7, 300), dtype=np.int8)
    q_b = rng.integers(-1000, 1000, 7, dtype=np.int32)
    for zero_point in (0, 3, 255):
        sums = run("MatMulInteger", TensorProto.INT32, a=q_x, b=np.ascontiguousarray(q_w.T), point=np.array(zero_point, np.uint8))
        assert np.array_equal(oracles.accumulators(q_x, q_w, q_b, zero_point), sums + q_b)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 2**31 - 1), st.integers(1, 62), st.integers(0, 255))
def test_rescaling_rounds_halves_up(acc, multiplier, shift, zero_point):
    exact = floor(Fraction(acc * multiplier, 2**shift) + Fraction(1, 2)) + zero_point
    assert oracles.rescaled(np.array([acc], np.int32), multiplier, shift, zero_point) == [min(max(exact, 0), 255)]


@given(st.tuples(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6)).map(sorted), st.integers(2, 16), st.booleans())
def test_every_range_gives_0_a_code_and_covers_both_ends(ends, bits, symmetric):
    low, high = (end / 1000 for end in ends)
    scale, zero_point = oracles.params(low, high, bits, symmetric)
    first, last = oracles.ends(bits, symmetric)
    assert scale > 0 and first <= zero_point <= last
    assert (first - zero_point - 0.51) * scale <= low
    assert (last - zero_point + 0.51) * scale >= high


def test_scales_by_channel_are_those_of_the_largest_magnitudes():
    weight = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("f4")
    assert np.allclose(oracles.channel_scales(weight, 8, 1), np.abs(weight).max((0, 2)) / 127)
    assert oracles.channel_scales(np.zeros((2, 3)), 8, 0).tolist() == [1, 1]


def test_the_least_error_is_that_of_torch():
    x = np.random.default_rng(0).standard_t(3, size=400).astype("f4")
    errors = []
    for factor in oracles.FACTORS:
        scale, zero_point = oracles.params(x.min() * factor, x.max() * factor, 4, False)
        restored = torch.fake_quantize_per_tensor_affine(torch.tensor(x), scale, zero_point, 0, 15).numpy()
        errors.append(np.mean((restored - x) ** 2))
    assert oracles.least_error(x, 4) == pytest.approx(min(errors), rel=1e-4)
    assert min(errors) < 0.8 * errors[0]


def test_k_means_ends_where_nothing_moves():
    weight = np.random.default_rng(0).normal(size=300)
    centres = oracles.lloyd(weight, 3)
    nearest = np.abs(weight[:, None] - centres).argmin(1)
    assert np.allclose(centres, [weight[nearest == at].mean() for at in range(8)])
    assert np.allclose(oracles.distance_to_nearest(weight, centres), np.abs(weight - centres[nearest]))


def test_k_means_is_that_of_scikit_learn():
    cluster = pytest.importorskip("sklearn.cluster")
    weight = np.random.default_rng(0).normal(size=300)
    start = np.linspace(weight.min(), weight.max(), 8)[:, None]
    found = cluster.KMeans(8, init=start, n_init=1, tol=0, max_iter=1000).fit(weight[:, None]).cluster_centers_
    assert np.allclose(np.sort(found.ravel()), oracles.lloyd(weight, 3), atol=1e-4)
