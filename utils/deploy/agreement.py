"""Does a file compute what its network does? Two tolerances, and where they come from.

Floats: the exporter reorders and merges operations, and float32 rounds each in its 7th digit; over some tens of layers
that adds up to a few millionths of the largest answer, and a mistake changes the first digits. `FLOAT_TOLERANCE` lies between.

Codes: a quantized graph says what each operation computes in floats, and the runtime computes it in integers. Both get the
*same* codes here, operation by operation, so errors do not add up: a value near the middle between two codes may be rounded
either way (one code), and a kernel that keeps its factor in fewer bits may be off by one more. `CODE_TOLERANCE` is both together.
The networks of the zoo stay within one code.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from utils.deploy.fusion import PRODUCTS
from utils.deploy.runtime import session

FLOAT_TOLERANCE = 1e-4  # of the largest answer, or absolute where answers are below one
CODE_TOLERANCE = 2
MADE = " made"  # behind a name: what the operation itself makes of the codes that it was given


def difference(expected: np.ndarray, found: np.ndarray) -> float:
    """The largest, relative to the largest expected magnitude if that is above one; infinite where shapes or NaN differ.

    >>> difference(np.array([10.0, 0.0]), np.array([10.0, 0.5]))
    0.05
    """
    if expected.shape != found.shape:
        return float("inf")
    with np.errstate(invalid="ignore"):
        apart = np.where((expected == found) | (np.isnan(expected) & np.isnan(found)), 0.0, np.abs(found.astype(np.float64) - expected))
    largest = np.abs(expected, where=np.isfinite(expected), out=np.zeros(expected.shape)).max(initial=1.0)
    return float(apart.max(initial=0.0) / largest) if not np.isnan(apart).any() else float("inf")


def decibels(expected: np.ndarray, found: np.ndarray) -> float:
    """How far the error lies below the answers: 10 log10 of the ratio of their powers; 0 means that zeros would be as near.

    >>> round(decibels(np.array([1.0, 1.0]), np.array([0.9, 1.1])))
    20
    """
    signal, error = (float(np.square(x, dtype=np.float64).sum()) for x in (expected, found.astype(np.float64) - expected))
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(np.float64(signal) / error)) if error else float("inf")


def spread(inputs: np.ndarray, count: int) -> np.ndarray:
    """At most so many of the inputs, evenly spaced from the first to the last.

    >>> spread(np.arange(100), 3).tolist()
    [0, 50, 99]
    """
    return inputs[np.unique(np.linspace(0, len(inputs) - 1, min(count, len(inputs))).round().astype(int))]


def activation_codes(model: onnx.ModelProto) -> list[str]:
    """Names of the codes that a quantized graph makes while it runs, in the order of the file."""
    stored = {tensor.name for tensor in model.graph.initializer}
    return [node.output[0] for node in model.graph.node if node.op_type == "QuantizeLinear" and node.input[0] not in stored]


def seen_codes(model: onnx.ModelProto, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What the runtime, which computes in integers where it can, makes of the inputs: name of the codes -> (n, ...) uint8."""
    names, copy = activation_codes(model), onnx.ModelProto.FromString(model.SerializeToString())
    del copy.graph.value_info[:]  # as in a file that ships: the runtime infers shapes by itself
    known = {value.name for value in copy.graph.output}
    copy.graph.output.extend(_codes_of(name) for name in names if name not in known)
    runs = session(copy.SerializeToString())
    return dict(zip(names, runs.run(names, {runs.get_inputs()[0].name: inputs}), strict=True)) if names else {}


def differing(model: onnx.ModelProto, inputs: np.ndarray, codes: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Name of the codes that an operation makes -> by how many it is off from its definition in floats; those over the tolerance.

    model: a quantized graph. inputs: (n, ...) float32, of the graph. codes: what is said to come out of each operation for them;
    each operation is computed from its operands in `codes`.
    """
    copy, names = onnx.ModelProto.FromString(model.SerializeToString()), [name for name in activation_codes(model) if name in codes]
    start = copy.graph.input[0].name
    for node in copy.graph.node:
        if node.op_type == "QuantizeLinear" and node.output[0] in codes:
            node.output[0] += MADE
    copy.graph.input.extend(map(_codes_of, names))
    del copy.graph.value_info[:]
    del copy.graph.output[:]
    copy.graph.output.extend(_codes_of(name + MADE) for name in names)
    made = session(copy.SerializeToString(), as_written=True).run(None, {start: inputs, **{name: codes[name] for name in names}})
    off = {name: int(np.abs(one.astype(np.int32) - codes[name]).max(initial=0)) for name, one in zip(names, made, strict=True)}
    return {name: count for name, count in off.items() if count > CODE_TOLERANCE}


def _codes_of(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.UINT8, None)


def operation_of(model: onnx.ModelProto, codes: str) -> onnx.NodeProto | None:
    """The operation whose result becomes these codes; None for those of the graph's input."""
    makers = {name: node for node in model.graph.node for name in node.output}
    return makers.get(makers[codes].input[0])


def called(node: onnx.NodeProto | None) -> str:
    """An operation in a sentence: its kind and its name."""
    if node is None:
        return "the quantized input"
    return f"{node.op_type} {node.name!r}" if node.name else node.op_type


@cache
def products_are_exact() -> bool:
    """Whether this processor adds up products of int8 without cutting sums off at 16 bits, as AVX2 alone does.

    Where it does not, large products differ for the processor's sake and not for the file's.
    """
    weight = numpy_helper.from_array(np.full((64, 32), 127, dtype=np.int8), "w")
    product = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [product], "products", [value("x", TensorProto.UINT8, [32, 64])], [value("y", TensorProto.INT32, [32, 32])], [weight]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    (found,) = session(model.SerializeToString()).run(None, {"x": np.full((32, 64), 255, dtype=np.uint8)})
    return bool((found == 255 * 127 * 64).all())


def wrong_operations(model: onnx.ModelProto, inputs: np.ndarray) -> list[tuple[onnx.NodeProto, int]]:
    """The operations that the runtime computes otherwise than their definition says, each with the codes that it is off by."""
    if not activation_codes(model):
        return []
    found = [(operation_of(model, name), off) for name, off in differing(model, inputs, seen_codes(model, inputs)).items()]
    return [(node, off) for node, off in found if node is not None and (node.op_type not in PRODUCTS or products_are_exact())]
