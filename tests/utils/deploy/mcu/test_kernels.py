"""The C kernels, one by one, against the layers in numpy: any shape, stride, padding and zero point."""

import ctypes
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.deploy.mcu.arithmetic import fixed_point, fixed_point_pair
from utils.deploy.mcu.codegen import RUNTIME
from utils.deploy.mcu.layers import Add, AveragePool, Conv, Dense, Grid, MaxPool, Tensor, Window
from utils.deploy.mcu.toolchain import STRICT, host_compiler

pytestmark = pytest.mark.needs("gcc")

U8, U16, I8, I32, POINTER = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_int8, ctypes.c_int32, ctypes.c_void_p
GUARD = 16  # bytes on both sides of an output, which must stay as they are


class WindowT(ctypes.Structure):
    _fields_ = (
        *((name, U16) for name in ("in_height", "in_width", "channels", "out_height", "out_width")),
        *((name, U8) for name in ("kernel_height", "kernel_width", "stride_y", "stride_x", "pad_top", "pad_left")),
    )


class ScalesT(ctypes.Structure):
    _fields_ = (("bias", POINTER), ("multiplier", POINTER), ("shift", POINTER), ("in_zero", U8), ("out_zero", U8))


class Conv2dT(ctypes.Structure):
    _fields_ = (("window", WindowT), ("out_channels", U16), ("weight", POINTER), ("scales", ScalesT))


class DenseT(ctypes.Structure):
    _fields_ = (("rows", U16), ("in_features", U16), ("out_features", U16), ("weight", POINTER), ("scales", ScalesT))


class PoolT(ctypes.Structure):
    _fields_ = (("window", WindowT), ("multiplier", I32), ("shift", I8), ("in_zero", U8), ("out_zero", U8))


class AddT(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_uint32), ("a_multiplier", I32), ("b_multiplier", I32),
        ("shift", I8), ("a_zero", U8), ("b_zero", U8), ("out_zero", U8),
    )  # fmt: skip


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """The runtime as a shared library; every warning of the compiler is an error."""
    library = tmp_path_factory.mktemp("library") / "kernels.so"
    sources = sorted(str(path) for path in RUNTIME.glob("*.c"))
    subprocess.run([host_compiler(), *STRICT, "-O2", "-shared", "-fPIC", *sources, "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


def last(codes):
    """(c, h, w) -> the channels of a pixel side by side, as C wants them."""
    return np.ascontiguousarray(np.moveaxis(codes, 0, -1))


def call(function, struct, inputs, size):
    """What a kernel writes; nothing beside it is touched."""
    block = np.full(size + 2 * GUARD, 0xA5, dtype=np.uint8)
    inputs = [np.ascontiguousarray(x) for x in inputs]
    before = [x.copy() for x in inputs]
    function(ctypes.byref(struct), *(POINTER(x.ctypes.data) for x in inputs), POINTER(block.ctypes.data + GUARD))
    assert (block[:GUARD] == 0xA5).all() and (block[-GUARD:] == 0xA5).all()
    assert all((x == y).all() for x, y in zip(inputs, before, strict=True))
    return block[GUARD:-GUARD]


def window_t(window, x, out):
    return WindowT(x.shape[1], x.shape[2], x.shape[0], *out, *window.kernel, *window.stride, *window.pads[:2])


def scales_t(layer, keep):
    tables = (layer.folded_bias, layer.multiplier.astype(np.int32), layer.shift.astype(np.int8))
    keep.extend(tables)
    return ScalesT(*(table.ctypes.data for table in tables), layer.inputs[0].grid.zero_point, layer.output.grid.zero_point)


@st.composite
def windows(draw):
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    pads = draw(st.tuples(*(st.integers(0, size - 1) for size in (*kernel, *kernel))))
    return Window(kernel, draw(st.tuples(st.integers(1, 3), st.integers(1, 3))), pads)


@st.composite
def pictures(draw, window):
    extra = draw(st.tuples(st.integers(0, 6), st.integers(0, 6)))
    shape = (draw(st.integers(1, 6)), window.kernel[0] + extra[0], window.kernel[1] + extra[1])
    return Tensor("x", shape, Grid(0.1, draw(st.integers(0, 255))))


def tables(rng, out, size):
    """Weights, bias, multipliers and shifts; results spread over the codes and beyond both ends."""
    pairs = [fixed_point(float(factor)) for factor in rng.uniform(0.2, 3, size=out) * 0.01]
    multiplier, shift = (np.array(part) for part in zip(*pairs, strict=True))
    return {
        "weight": rng.integers(-128, 128, size=(out, *size)).astype(np.int8),
        "bias": rng.integers(-(2**13), 2**13, size=out).astype(np.int32), "multiplier": multiplier, "shift": shift,
    }  # fmt: skip


@settings(max_examples=150)
@given(st.data(), st.booleans(), st.integers(0, 2**32 - 1))
def test_convolutions(kernels, data, depthwise, seed):
    rng = np.random.default_rng(seed)
    window = data.draw(windows())
    x = data.draw(pictures(window))
    channels = x.shape[0]
    out = channels if depthwise else data.draw(st.integers(1, 6))
    output = Tensor("y", (out, *window.output(*x.shape[1:])), Grid(0.1, data.draw(st.integers(0, 255))))
    layer = Conv(
        name="y", inputs=(x,), output=output, window=window, depthwise=depthwise,
        **tables(rng, out, (1 if depthwise else channels, *window.kernel)),
    )  # fmt: skip
    codes = rng.integers(0, 256, size=x.shape).astype(np.uint8)
    weight = np.ascontiguousarray(layer.weight.transpose((1, 2, 3, 0) if depthwise else (0, 2, 3, 1)))
    keep = [weight]
    struct = Conv2dT(window_t(window, x, output.shape[1:]), out, weight.ctypes.data, scales_t(layer, keep))
    found = call(kernels.depthwise_conv2d if depthwise else kernels.conv2d, struct, [last(codes)], output.size_bytes)
    np.testing.assert_array_equal(found, last(layer.compute(codes[None])[0]).reshape(-1))


@given(st.integers(1, 5), st.integers(1, 40), st.integers(1, 12), st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_linear_layers_over_any_number_of_rows(kernels, rows, features, out, zero, out_zero, seed):
    rng = np.random.default_rng(seed)
    layer = Dense(
        name="y", inputs=(Tensor("x", (features,), Grid(0.1, zero)),), output=Tensor("y", (out,), Grid(0.1, out_zero)),
        **tables(rng, out, (features,)),
    )  # fmt: skip
    codes = rng.integers(0, 256, size=(rows, features)).astype(np.uint8)
    keep = []
    struct = DenseT(rows, features, out, layer.weight.ctypes.data, scales_t(layer, keep))
    np.testing.assert_array_equal(call(kernels.dense, struct, [codes], rows * out), layer.compute(codes).reshape(-1))


@settings(max_examples=100)
@given(st.data(), st.integers(0, 2**32 - 1))
def test_pools(kernels, data, seed):
    window = data.draw(windows())
    x = data.draw(pictures(window))
    shape = (x.shape[0], *window.output(*x.shape[1:]))
    codes = np.random.default_rng(seed).integers(0, 256, size=x.shape).astype(np.uint8)
    multiplier, shift = fixed_point(data.draw(st.floats(0.1, 3)) / (window.kernel[0] * window.kernel[1]))
    output = Tensor("y", shape, Grid(0.1, data.draw(st.integers(0, 255))))
    mean = AveragePool(name="y", inputs=(x,), output=output, window=window, multiplier=multiplier, shift=shift)
    most = MaxPool(name="y", inputs=(x,), output=Tensor("y", shape, x.grid), window=window)
    struct = PoolT(window_t(window, x, shape[1:]), multiplier, shift, x.grid.zero_point, output.grid.zero_point)
    for kernel, layer in ((kernels.average_pool, mean), (kernels.max_pool, most)):
        found = call(kernel, struct, [last(codes)], output.size_bytes)
        np.testing.assert_array_equal(found, last(layer.compute(codes[None])[0]).reshape(-1))


@given(st.floats(0.01, 60), st.floats(0.01, 60), *[st.integers(0, 255)] * 3, st.integers(0, 2**32 - 1))
def test_additions_also_in_place(kernels, a, b, a_zero, b_zero, out_zero, seed):
    *multipliers, shift = fixed_point_pair(a, b)
    inputs = (Tensor("a", (50,), Grid(a, a_zero)), Tensor("b", (50,), Grid(b, b_zero)))
    layer = Add(name="y", inputs=inputs, output=Tensor("y", (50,), Grid(1.0, out_zero)), multipliers=tuple(multipliers), shift=shift)
    x, y = np.random.default_rng(seed).integers(0, 256, size=(2, 50)).astype(np.uint8)
    expected = layer.compute(x[None], y[None])[0]
    struct = AddT(50, *multipliers, shift, a_zero, b_zero, out_zero)
    np.testing.assert_array_equal(call(kernels.add, struct, [x, y], 50), expected)
    for place in (x.copy(), y.copy()):
        first, second = (place, y) if (place == x).all() else (x, place)
        kernels.add(ctypes.byref(struct), *(POINTER(part.ctypes.data) for part in (first, second, place)))
        np.testing.assert_array_equal(place, expected)
