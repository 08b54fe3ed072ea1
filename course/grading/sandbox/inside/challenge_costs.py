"""Inside the sandbox: what a network costs, read from its file alone. The grader sends this as a cell, in a job of its own.

Why the figures can be trusted. The job's process is forked before any file is run and ends before one is; the code in
it is ours, and nothing of the file is executed: of a .safetensors or .titan file a configuration is read, and our own
network of that configuration is built and counted; of an .onnx file the list of nodes and their shapes. To change a figure
a file would have to break the parser itself, and even then it would be inside the sandbox. Size is taken outside.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MOST_HEADER, MOST_TENSORS, MOST_NODES, MOST_AXES = 1_000_000, 5_000, 5_000, 8
MOST_NUMBERS = 1 << 26  # in one tensor, and together: 256 MiB in float32
DOMAINS = ("", "ai.onnx", "com.microsoft")  # com.microsoft: ONNX Runtime's own; run, but named as not counted
# No products of weights, by the convention of the course: what is element-wise, pools, moves or only rescales costs no MAC.
NO_MACS = {
    "DequantizeLinear", "QuantizeLinear", "DynamicQuantizeLinear", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
    "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "Constant", "Shape", "Cast", "Concat", "Split", "Slice", "Transpose", "Pad",
    "Softmax", "LogSoftmax", "ArgMax", "Min", "Max", "Sqrt", "Exp", "Log", "Abs", "Reciprocal", "Pow", "Floor", "Ceil", "Round", "Sign",
    "Sum", "Mean", "Softplus", "Mish", "Selu", "Celu", "ThresholdedRelu", "LayerNormalization", "InstanceNormalization",
    "GroupNormalization", "BatchNormalization", "LRN", "Equal", "Less", "Greater", "Not", "Where",
}  # fmt: skip
PAIRS = {"Pow", "Min", "Max", "Sum", "Mean", "Equal", "Less", "Greater", "Where"}
RANDOM = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
MOST_SHAPE = 64  # whole numbers of a value that may be arithmetic on shapes


def costs(suffix: str, data: np.ndarray, example: np.ndarray) -> dict[str, Any]:
    """data: the file, uint8. example: a batch of one. Keys: macs and activation_bytes, None where not counted; uncounted, why not.

    Raises:
        ValueError: a file that is none, or one that asks for more than a small network does.
    """
    if suffix == ".titan":
        return _of_titan(data.tobytes(), example)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"challenge{suffix}")
        return (_of_onnx if suffix == ".onnx" else _of_safetensors)(data.tobytes(), path, example)


def _write(data: bytes, path: str) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _of_titan(data: bytes, example: np.ndarray) -> dict[str, Any]:
    from utils.compress.titan.reading import decode_titan

    try:
        model = decode_titan(data)
    except ValueError as error:
        raise ValueError(f"it is not a whole .titan file: {error}") from error
    return _counted(model, example)


def _of_safetensors(data: bytes, path: str, example: np.ndarray) -> dict[str, Any]:
    from utils.models.store import load_model

    if int.from_bytes(data[:8], "little") > min(MOST_HEADER, len(data)):
        raise ValueError("its header is longer than a checkpoint's can be")
    _write(data, path)
    try:
        model = load_model(path)
    except ValueError as error:
        raise ValueError(f"it is not a whole checkpoint of this project{str(error).partition('project')[2]}") from error
    return _counted(model, example)


def _counted(model: Any, example: np.ndarray) -> dict[str, Any]:
    from utils.measure.counts.macs import count_macs
    from utils.measure.counts.memory import peak_activation_bytes

    try:
        return {"macs": count_macs(model, example), "activation_bytes": peak_activation_bytes(model, example), "uncounted": []}
    except (RuntimeError, ValueError) as error:  # the second is batch norm's
        raise ValueError(f"it is a network for other inputs than (n, {', '.join(map(str, example.shape[1:]))})") from error


def _of_onnx(data: bytes, path: str, example: np.ndarray) -> dict[str, Any]:
    import onnx

    from utils.deploy.graph import OnnxGraph

    model = _tried(onnx.load_model_from_string, data)
    _refuse_hidden(model)
    _tried(onnx.checker.check_model, model)
    batch = _batch(model, example.shape[1:])
    _write(data, path)
    uncounted = _uncounted(model, example.shape)
    if batch > 1:
        uncounted.append(f"a batch of {batch}")
    graph = OnnxGraph(Path(path), tuple(example.shape[1:]))
    macs, memory = (None, None) if uncounted else (graph.macs, graph.peak_activation_bytes)
    if macs is None and not uncounted:
        uncounted.append("a product of unknown size")
    return {"macs": macs, "activation_bytes": memory, "uncounted": uncounted[:5]}


def _tried(step: Callable[[Any], Any], given: Any) -> Any:
    """What a step of the parser gives, its refusal as one sentence: the parser's and the checker's own exceptions share no base."""
    try:
        return step(given)
    except Exception as error:
        raise ValueError(f"it is not a whole ONNX model ({' '.join(str(error).split())[:100]})") from error


def _refuse_hidden(model: Any) -> None:
    """Refuse what keeps weights or work where they are not seen, and sizes that no small network has."""
    from onnx import AttributeProto

    graph = model.graph
    if model.functions or model.training_info:
        raise ValueError("it has functions of its own, whose work can't be counted: export it without")
    if len(graph.node) > MOST_NODES or len(graph.initializer) + len(graph.sparse_initializer) > MOST_TENSORS:
        raise ValueError(f"it has {len(graph.node):,} nodes and {len(graph.initializer):,} tensors: more than a small network has")
    tensors = [*graph.initializer, *(part for one in graph.sparse_initializer for part in (one.values, one.indices))]
    for node in graph.node:
        if node.domain not in DOMAINS:
            raise ValueError(f"it has {node.domain}.{node.op_type}, which is not an operation of ONNX: export it without")
        if _is_random(node):
            raise ValueError(f"it has {node.op_type}, which gives other answers at each run: export the network in evaluation mode")
        for attribute in node.attribute:
            if attribute.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) or attribute.HasField("g") or attribute.graphs:
                raise ValueError(f"it has a graph within a node ({node.op_type}), whose work can't be counted: export it without")
            tensors += [attribute.t, *attribute.tensors]
            tensors += [part for one in (attribute.sparse_tensor, *attribute.sparse_tensors) for part in (one.values, one.indices)]
    if any(tensor.external_data or tensor.data_location for tensor in tensors):
        raise ValueError("its weights lie in another file: save it as a single one, with external_data=False")
    if any(len(tensor.dims) > MOST_AXES for tensor in tensors):
        raise ValueError(f"it has a tensor of more than {MOST_AXES} axes: no layer has one")
    if any(size < 0 for tensor in tensors for size in tensor.dims) or sum(_numbers(tensor.dims) for tensor in tensors) > MOST_NUMBERS:
        raise ValueError(f"it says it holds more than {MOST_NUMBERS:,} numbers: no small network does")


def _is_random(node: Any) -> bool:
    """Whether a node draws numbers. ONNX's own dropout does so only where it is told that it trains, by its third input."""
    if "Dropout" in node.op_type:
        return node.op_type != "Dropout" or node.domain not in ("", "ai.onnx") or bool("".join(node.input[2:]))
    return node.op_type in RANDOM


def _numbers(sizes: Any) -> int:
    count = 1
    for size in sizes:
        count *= size
    return count


def _batch(model: Any, sample: tuple[int, ...]) -> int:
    """How many inputs the file takes at once, 0 for any number.

    Raises:
        ValueError: not one input of a sample's shape, sizes other than the batch left open.
    """
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in stored]
    if len(inputs) != 1 or len(model.graph.output) != 1 or inputs[0].name != model.graph.input[0].name:
        raise ValueError("it must have one input and one output: export one network")
    dims = inputs[0].type.tensor_type.shape.dim
    if tuple(dim.dim_value for dim in dims[1:]) != sample:
        shape = ", ".join(["n", *(str(dim.dim_value or "?") for dim in dims[1:])])
        raise ValueError(
            f"it takes inputs of shape ({shape}), (n, {', '.join(map(str, sample))}) is asked for, and no size but n may be open"
        )
    return dims[0].dim_value


def _uncounted(model: Any, shape: tuple[int, ...]) -> list[str]:
    """What would cost MACs that the counter does not see, by name; [] if it sees all."""
    from utils.deploy.fusion import PRODUCTS
    from utils.deploy.graph import ELEMENTWISE, VIEWS

    sizes = _sizes(model, shape)
    whole = {name for name, (_, is_whole) in sizes.items() if is_whole}  # arithmetic on shapes
    found: Counter[str] = Counter()
    for node in model.graph.node:
        made = [name for name in node.output if name]
        known = node.domain in ("", "ai.onnx") and node.op_type in PRODUCTS | ELEMENTWISE | VIEWS | NO_MACS
        if not known and not (made and whole.issuperset(made)):
            found[f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type] += 1
        elif not all(name in sizes for name in made):
            found[f"{node.op_type} of unknown size"] += 1
        elif node.op_type in ELEMENTWISE | PAIRS and _spreads(node, sizes):
            found[f"{node.op_type} of each with each"] += 1
    return sorted(found)


def _spreads(node: Any, sizes: dict[str, tuple[int, bool]]) -> bool:
    """Whether an element-wise operation makes more numbers than any of its inputs has, as a product of two tables does."""
    return max(sizes[name][0] for name in node.output if name) > max((sizes[name][0] for name in node.input if name in sizes), default=0)


def _sizes(model: Any, shape: tuple[int, ...]) -> dict[str, tuple[int, bool]]:
    """Name of each value whose size is known for a batch of one -> (how many numbers, whether they are whole ones that tell a shape)."""
    from onnx import ModelProto, TensorProto, shape_inference

    single = ModelProto()
    single.CopyFrom(model)
    for dim, size in zip(single.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        dim.dim_value = size
    for value in (*single.graph.output, *single.graph.value_info):
        value.type.tensor_type.ClearField("shape")  # what the file says of itself is not believed
    graph = shape_inference.infer_shapes(single, data_prop=True).graph
    sizes = {
        tensor.name: (_numbers(tensor.dims), tensor.data_type == TensorProto.INT64 and _numbers(tensor.dims) <= MOST_SHAPE)
        for tensor in graph.initializer
    }
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        if kind.HasField("shape") and all(dim.HasField("dim_value") for dim in kind.shape.dim):
            count = _numbers(dim.dim_value for dim in kind.shape.dim)
            sizes[value.name] = count, kind.elem_type == TensorProto.INT64 and count <= MOST_SHAPE
    return sizes
