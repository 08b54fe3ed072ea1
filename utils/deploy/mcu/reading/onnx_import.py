"""An int8 .onnx file, as `utils.deploy.to_int8_onnx` writes it, as a list of layers in integers.

Such a file says "to floats" (DequantizeLinear), a float operation, "to codes" (QuantizeLinear), again and again. Each
operation with the nodes around it becomes one layer; the factors scale_x * scale_w / scale_y become whole numbers here,
once, so that nothing that runs later needs a float. What has no layer is refused by its name.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from utils.deploy.mcu.layers import Grid, Layer, Tensor
from utils.deploy.mcu.reading.operations import OPERATIONS, Attributes, no_layer
from utils.deploy.mcu.reading.values import Constant, Pending, Values, a


def read(path: str | Path) -> tuple[list[Layer], Tensor, Tensor, tuple[int, ...]]:
    """(layers in the order in which they run, the input, the output, the shape of one input sample in the file).

    Raises:
        FileNotFoundError: no such file.
        ValueError: no ONNX model, one that is not quantized as `to_int8_onnx` does it, or an operation that has no layer.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no model at {path}: write it first with to_int8_onnx")
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
        values = Values.of(model.graph, path.name)
    except Exception as error:  # the parser's and the checker's own exception classes share no base
        reason = (str(error).strip().splitlines() or [""])[0][:100]
        raise ValueError(f"{path.name} is not a valid ONNX model ({reason}): write it again with to_int8_onnx") from error
    return _walk(model.graph, values)


def _walk(graph: onnx.GraphProto, values: Values) -> tuple[list[Layer], Tensor, Tensor, tuple[int, ...]]:
    inputs = [value for value in graph.input if value.name not in values.stored]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise values.refuse(f"{len(inputs)} inputs and {len(graph.output)} outputs", "one of each is needed")
    dims = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
    if len(dims) not in (2, 3, 4) or min(dims[1:]) < 1:
        raise values.refuse(f"inputs of shape {dims}", "(n, features), (n, channels, length) or (n, channels, height, width) are needed")
    shape, values.sequence = tuple(dims[1:]), len(dims) == 3
    values.known[inputs[0].name] = (shape[0], 1, shape[1]) if values.sequence else shape
    for node in graph.node:
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        kind = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
        if kind == "QuantizeLinear":
            _quantize(values, node)
        elif kind == "DequantizeLinear":
            _dequantize(values, node, attributes)
        elif kind in OPERATIONS:
            OPERATIONS[kind](values, node, attributes)
        else:
            raise values.refuse(f"the operation {kind}", no_layer(kind))
    output = values.known.get(graph.output[0].name)
    if not isinstance(output, Tensor) or values.input is None:
        raise values.refuse("an output that is not a dequantized code", "write the file with to_int8_onnx, without dynamic")
    if not any(layer.macs for layer in values.layers):
        raise values.refuse("no convolution or linear layer in codes")
    return values.layers, values.input, output, shape


def _scale_and_zero(values: Values, node: onnx.NodeProto) -> tuple[np.ndarray, np.ndarray]:
    scale, zero = (values.stored.get(name) for name in (*node.input, "", "")[1:3])
    if scale is None or zero is None or scale.dtype != np.float32 or not np.isfinite(scale).all() or not (scale > 0).all():
        raise values.refuse(f"{a(node.op_type)} without a stored zero point and positive float32 scale")
    return scale, zero


def _quantize(values: Values, node: onnx.NodeProto) -> None:
    scale, zero = _scale_and_zero(values, node)
    value, name = values.known.get(node.input[0]), node.output[0]
    if zero.dtype != np.uint8 or scale.size != 1 or zero.size != 1:
        raise values.refuse(f"activations in {zero.dtype} with {scale.size} scales", "uint8 codes with one scale are needed")
    grid = Grid(float(scale.item()), int(zero.item()))
    if isinstance(value, tuple) and values.input is None:
        values.known[name] = values.input = Tensor("input", value, grid, name)
    elif isinstance(value, Pending):
        layer = value.finish(f"{value.kind}{len(values.layers) + 1}", grid, name)
        values.layers.append(layer)
        values.known[name] = layer.output
    elif isinstance(value, Tensor) and value.grid == grid:
        values.known[name] = value
    else:
        raise values.refuse(f"a QuantizeLinear of {node.input[0]!r} without a layer before it")


def _dequantize(values: Values, node: onnx.NodeProto, attributes: Attributes) -> None:
    scale, zero = _scale_and_zero(values, node)
    codes = values.stored.get(node.input[0])
    if codes is not None:
        if np.any(zero) and codes.dtype != np.uint8:  # an activation's constant has one, and is refused where it is read
            raise values.refuse("weights with a zero point other than 0")
        axis = attributes.get("axis", 1)
        values.known[node.output[0]] = Constant(codes, scale.astype(np.float64).reshape(-1), axis if axis >= 0 else axis + codes.ndim)
        return
    tensor = values.codes(node)
    if scale.size != 1 or zero.size != 1 or tensor.grid != Grid(float(scale.item()), int(zero.item())):
        raise values.refuse(f"a DequantizeLinear of {node.input[0]!r} with another scale than it was made with")
    values.known[node.output[0]] = tensor
