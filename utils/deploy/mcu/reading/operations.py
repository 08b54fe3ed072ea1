"""Operations of an int8 graph and the layers that they become; what differs from such a layer is refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from utils.deploy.mcu.arithmetic import fixed_point, fixed_point_pair
from utils.deploy.mcu.layers import Add, AveragePool, Conv, Dense, Flatten, Grid, Layer, MaxPool, Tensor, Window
from utils.deploy.mcu.reading.values import Values, a

Attributes = dict[str, Any]


def _fixed_points(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pairs = [fixed_point(float(factor)) for factor in factors]
    return np.array([pair[0] for pair in pairs], dtype=np.int32), np.array([pair[1] for pair in pairs], dtype=np.int8)


def _window(values: Values, node: onnx.NodeProto, attributes: Attributes, kernel: tuple[int, ...]) -> Window:
    dimensions = 1 if values.sequence else 2
    strides, pads = attributes.get("strides", [1] * dimensions), attributes.get("pads", [0] * 2 * dimensions)
    if (len(kernel), len(strides), len(pads)) != (dimensions, dimensions, 2 * dimensions):
        what = f"{a(node.op_type)} with a kernel of shape {tuple(kernel)}"
        raise values.refuse(what, "only (channels, height, width) and (channels, length) have layers")
    if values.sequence:
        kernel, strides, pads = (1, *kernel), (1, *strides), (0, pads[0], 0, pads[1])
    for what, wrong in {
        "dilations": set(attributes.get("dilations", [1])) != {1},
        "auto_pad": attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"),
        "ceil_mode": attributes.get("ceil_mode", 0) != 0,
        "a padding as wide as its kernel": any(pad >= size for pad, size in zip(pads, (*kernel, *kernel), strict=True)),
    }.items():
        if wrong:
            raise values.refuse(f"{a(node.op_type)} with {what}", "there is no such layer, change the model")
    return Window(tuple(kernel), tuple(strides), tuple(pads))  # type: ignore[arg-type]


def _conv(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    x = values.picture(node)
    weight, bias, factor = values.tables(node, x, 0)
    window, group = _window(values, node, attributes, weight.shape[2:]), attributes.get("group", 1)
    weight = weight.reshape(*weight.shape[:2], *window.kernel)
    depthwise = group == x.shape[0] == len(weight) and group > 1
    if group != 1 and not depthwise:
        what = f"a Conv from {x.shape[0]} to {len(weight)} channels in {group} groups"
        raise values.refuse(what, "only one group has a layer, or as many groups as channels in and out (depthwise)")
    if weight.shape[1] != x.shape[0] // group:
        raise values.refuse(f"a Conv for {weight.shape[1] * group} channels that reads {x.shape[0]}")
    shape = (len(weight), *window.output(*x.shape[1:]))

    def finish(name: str, grid: Grid, onnx_name: str) -> Layer:
        multiplier, shift = _fixed_points(factor / grid.scale)
        return Conv(
            name=name, inputs=(x,), output=Tensor(name, shape, grid, onnx_name), weight=weight, bias=bias, multiplier=multiplier,
            shift=shift, window=window, depthwise=depthwise,
        )  # fmt: skip

    values.wait(node, "depthwise" if depthwise else "conv", shape, finish)


def _gemm(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    if attributes.get("alpha", 1.0) != 1 or attributes.get("beta", 1.0) != 1 or attributes.get("transA", 0):
        raise values.refuse("a Gemm with alpha, beta or transA", "only a plain linear layer has one here")
    _linear(values, node, 0 if attributes.get("transB", 0) else 1)


def _matmul(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    _linear(values, node, 1)


def _linear(values: Values, node: onnx.NodeProto, out_axis: int) -> None:
    x = values.codes(node)
    weight, bias, factor = values.tables(node, x, out_axis)
    if weight.shape[1:] != x.shape:
        raise values.refuse(f"{a(node.op_type)} for {weight.shape[1:]} features that reads the shape {x.shape}", "flatten its input first")

    def finish(name: str, grid: Grid, onnx_name: str) -> Layer:
        multiplier, shift = _fixed_points(factor / grid.scale)
        output = Tensor(name, (len(weight),), grid, onnx_name)
        return Dense(name=name, inputs=(x,), output=output, weight=weight, bias=bias, multiplier=multiplier, shift=shift)

    values.wait(node, "dense", (len(weight),), finish)


def _add(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    x, y = values.codes(node, 0), values.codes(node, 1)
    if x.shape != y.shape:
        raise values.refuse(f"an Add of the shapes {x.shape} and {y.shape}", "only equal ones have a layer")

    def finish(name: str, grid: Grid, onnx_name: str) -> Layer:
        *multipliers, shift = fixed_point_pair(x.grid.scale / grid.scale, y.grid.scale / grid.scale)
        output = Tensor(name, x.shape, grid, onnx_name)
        return Add(name=name, inputs=(x, y), output=output, multipliers=(multipliers[0], multipliers[1]), shift=shift)

    values.wait(node, "add", x.shape, finish)


def _maxpool(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    x = values.picture(node)
    window = _window(values, node, attributes, attributes["kernel_shape"])
    if len(node.output) > 1:
        raise values.refuse("a MaxPool that tells where its maxima were", "there is no such layer, change the model")
    shape = (x.shape[0], *window.output(*x.shape[1:]))

    def finish(name: str, grid: Grid, onnx_name: str) -> Layer:
        if grid != x.grid:
            raise values.refuse("a MaxPool whose output has another scale than its input")
        return MaxPool(name=name, inputs=(x,), output=Tensor(name, shape, grid, onnx_name), window=window)

    values.wait(node, "maxpool", shape, finish)


def _averagepool(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    x = values.picture(node)
    window = _window(values, node, attributes, attributes["kernel_shape"])
    if any(window.pads) and not attributes.get("count_include_pad", 0):
        raise values.refuse("an AveragePool that leaves its padding out of the mean", "use count_include_pad=True")
    _mean(values, node, window, (x.shape[0], *window.output(*x.shape[1:])), "avgpool")


def _globalaveragepool(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    channels, *picture = values.picture(node).shape
    _mean(values, node, Window((picture[0], picture[1])), (channels, 1, 1), "mean")


def _reducemean(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    channels, *picture = values.picture(node).shape
    axes = attributes.get("axes", ()) if len(node.input) < 2 else values.stored.get(node.input[1], np.zeros(0))
    places = {2} if values.sequence else {2, 3}
    if {int(axis) % (2 + len(places)) for axis in np.ravel(axes)} != places:
        raise values.refuse(f"a ReduceMean over the axes {np.ravel(axes).tolist()}", "only the mean over all places has a layer")
    _mean(values, node, Window((picture[0], picture[1])), (channels, 1, 1) if attributes.get("keepdims", 1) else (channels,), "mean")


def _mean(values: Values, node: onnx.NodeProto, window: Window, shape: tuple[int, ...], kind: str) -> None:
    x = values.picture(node)

    def finish(name: str, grid: Grid, onnx_name: str) -> Layer:
        multiplier, shift = fixed_point(x.grid.scale / grid.scale / math.prod(window.kernel))
        output = Tensor(name, shape, grid, onnx_name)
        return AveragePool(name=name, inputs=(x,), output=output, window=window, multiplier=multiplier, shift=shift)

    values.wait(node, kind, shape, finish)


def _flatten(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    if attributes.get("axis", 1) != 1:
        raise values.refuse(f"a Flatten over axis {attributes['axis']}", "only one that keeps the batch has a layer")
    _view(values, node)


def _reshape(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    value, target = values.known.get(node.input[0]), values.stored.get(node.input[1])
    shape = value if isinstance(value, tuple) else getattr(value, "shape", ())
    asked = [] if target is None else target.tolist()
    if asked not in ([-1, math.prod(shape)], [0, math.prod(shape)], [0, -1]):
        raise values.refuse(f"a Reshape to {asked}", "only a flat row for each sample has a layer")
    _view(values, node)


def _view(values: Values, node: onnx.NodeProto) -> None:
    value = values.known.get(node.input[0])
    if isinstance(value, tuple):  # the input, before it is quantized
        values.known[node.output[0]] = (math.prod(value),)
        return
    x = values.codes(node)

    def finish(name: str, grid: Grid, onnx_name: str) -> Layer:
        if grid != x.grid:
            raise values.refuse(f"{a(node.op_type)} whose output has another scale than its input")
        return Flatten(name=name, inputs=(x,), output=Tensor(name, (x.size_bytes,), grid, onnx_name))

    values.wait(node, "flatten", (x.size_bytes,), finish)


OPERATIONS: dict[str, Callable[[Values, onnx.NodeProto, Attributes], None]] = {
    "Conv": _conv,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Add": _add,
    "MaxPool": _maxpool,
    "AveragePool": _averagepool,
    "GlobalAveragePool": _globalaveragepool,
    "ReduceMean": _reducemean,
    "Flatten": _flatten,
    "Reshape": _reshape,
}

_RELU = "use ReLU or ReLU6 right behind a convolution, a linear layer or an addition, of which they become a part"
_MEANS = "use batch norm right behind a convolution, into which it is folded"
_SEQUENCE = "use convolutions along the time"
_LARGER = "no layer here makes a map larger, keep that part on the computer"
REMEDIES = {
    **dict.fromkeys(
        ("Relu", "Clip", "Gelu", "Erf", "Sigmoid", "Tanh", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Mish", "Swish"), _RELU
    ),
    **dict.fromkeys(("HardSigmoid", "HardSwish", "Softplus", "Softsign", "ThresholdedRelu", "Shrink"), _RELU),
    **dict.fromkeys(("Softmax", "LogSoftmax"), "leave it out at the end of the model, the largest logit is the same without it"),
    **dict.fromkeys(("BatchNormalization",), _MEANS),
    **dict.fromkeys(("LayerNormalization", "InstanceNormalization", "GroupNormalization", "LRN", "LpNormalization"), _MEANS),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _SEQUENCE),
    **dict.fromkeys(("ConvTranspose", "Resize", "Upsample", "DepthToSpace"), _LARGER),
    **dict.fromkeys(("Mul", "Sub", "Div", "Max", "Min", "Pow", "Concat"), "of two activations only their sum has a layer"),
    **dict.fromkeys(("GlobalMaxPool", "ReduceMax"), "use a mean over all places, or a MaxPool with the size of the map"),
}


def no_layer(kind: str) -> str:
    """What to do about an operation that has no layer here."""
    there = "there is a layer only for Conv, Gemm and MatMul (a ReLU or ReLU6 behind them included), "
    there += ", ".join(name for name in OPERATIONS if name not in ("Conv", "Gemm", "MatMul"))
    return f"{REMEDIES[kind]} ({there})" if kind in REMEDIES else there
