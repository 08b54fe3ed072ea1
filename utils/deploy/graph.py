"""What an ONNX file costs to run, read from its graph without running it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import onnx
from onnx import numpy_helper, shape_inference

from utils.deploy.fusion import PRODUCTS, Fusion, is_integer
from utils.measure.counts.liveness import Step, live_bytes, moved_bytes
from utils.measure.counts.product_sums import ProductSums
from utils.measure.runnable import Traffic

VIEWS = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout"}
ELEMENTWISE = {
    *("Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Ceil", "Celu", "Clip", "Cos", "Cosh", "Elu", "Erf", "Exp"),
    *("Floor", "Gelu", "HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu"),
    *("Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh"),
    *("ThresholdedRelu", "BatchNormalization"),
    *("Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual", "Less"),
    *("LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where", "Xor"),
}
MULTIPLIES_UNSEEN = {
    *("DeformConv", "DFT", "STFT", "RotaryEmbedding", "GridSample", "LSTM", "GRU", "RNN", "Einsum", "Attention", "MultiHeadAttention"),
    *("If", "Loop", "Scan"),
}
PASSES = VIEWS | {"Transpose", "Cast", "QuantizeLinear", "DequantizeLinear", "Slice"}  # moves or copies values
LINEAR = {"Add", "Sub", "Neg"}
SUMS = {"ReduceSum", "ReduceMean", "CumSum"}
POOLINGS = {"AveragePool", "GlobalAveragePool"}


@dataclass
class OnnxGraph:
    """The graph of a file for a batch of one input of the given shape (without the batch)."""

    path: Path
    sample: tuple[int, ...]

    @cached_property
    def _batch(self) -> int:
        """How many inputs the file takes at once, 0 if any number."""
        return onnx.load(self.path, load_external_data=False).graph.input[0].type.tensor_type.shape.dim[0].dim_value

    @cached_property
    def _graph(self) -> onnx.GraphProto:
        model = onnx.load(self.path)
        dims = model.graph.input[0].type.tensor_type.shape.dim
        for dim, size in zip(dims, (1, *self.sample), strict=True):
            dim.dim_value = size
        for known in (*model.graph.output, *model.graph.value_info):
            known.type.tensor_type.ClearField("shape")  # written for any batch; inferred again for one
        return shape_inference.infer_shapes(model, data_prop=True).graph

    @cached_property
    def _weights(self) -> dict[str, onnx.TensorProto]:
        weights = {tensor.name: tensor for tensor in self._graph.initializer}
        for node in self._graph.node:
            if node.op_type == "Constant" and node.attribute[0].HasField("t"):
                weights[node.output[0]] = node.attribute[0].t
            elif node.op_type == "Identity" and node.input[0] in weights:
                weights[node.output[0]] = weights[node.input[0]]
        return weights

    @cached_property
    def _shapes(self) -> dict[str, tuple[tuple[int, ...], int]]:
        """Name -> (shape, bytes an element) of each value whose shape is known."""
        shapes = {}
        for value in (*self._graph.input, *self._graph.value_info, *self._graph.output):
            kind = value.type.tensor_type
            sizes = [dim.dim_value for dim in kind.shape.dim]
            if kind.HasField("shape") and all(sizes):
                shapes[value.name] = tuple(sizes), onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).itemsize
        for name, tensor in self._weights.items():
            shapes[name] = tuple(tensor.dims), onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        return shapes

    @cached_property
    def parameters(self) -> tuple[int, int]:
        """Weights and biases stored in the file, and how many of them are not zero; int64 is for shapes only.

        Scales and zero points say how to read the weights and are none themselves, so a quantized file has as many as its float file.
        Folded normalizations are gone: a little less than torch counts before the export.
        """
        ranged = {name for node in self._graph.node if node.op_type == "DynamicQuantizeLinear" for name in node.output}
        grids = {name for node in self._graph.node for name in _grids(node, ranged)}
        stored = [tensor for tensor in self._stored if tensor.data_type != onnx.TensorProto.INT64 and tensor.name not in grids]
        arrays = [numpy_helper.to_array(tensor) for tensor in stored]
        return sum(array.size for array in arrays), sum(int((array != 0).sum()) for array in arrays)

    @cached_property
    def macs(self) -> int | None:
        """MACs of convolutions, Gemm and MatMul.

        None if a node can't be counted, a product is written as a multiplication and a sum, or the file takes several inputs at once.
        """
        if self._batch > 1:  # a reshape may have frozen it
            return None
        total, sums = 0, ProductSums()
        for node in self._graph.node:
            if node.op_type in MULTIPLIES_UNSEEN or node.domain not in ("", "ai.onnx"):
                return None
            try:
                if self._is_product(node, sums):
                    return None
                total += self._node_macs(node)
            except KeyError:  # a shape that could not be inferred
                return None
        return total

    def _is_product(self, node: onnx.NodeProto, sums: ProductSums) -> bool:
        """Whether a node sums up what a multiplication has made; notes what it does to such values."""
        operands = [name for name in node.input if name and not self._is_scalar(name)]
        if node.op_type == "Mul" and len(operands) == 2:
            sums.multiplied(node.output[0], *((name, self._shapes[name][0]) for name in operands))
        elif node.op_type in SUMS | POOLINGS:
            shape = self._shapes[node.input[0]][0]
            return sums.is_product(node.input[0], shape, range(2, len(shape)) if node.op_type in POOLINGS else self._axes(node))
        elif node.op_type in PASSES | LINEAR or (node.op_type in ("Mul", "Div") and len(operands) == 1):
            for name in operands:
                sums.passed(name, node.output[0])
        if node.op_type in ELEMENTWISE:
            sums.elementwise(operands, node.output[0])
        return False

    def _is_scalar(self, name: str) -> bool:
        """Whether a value is one stored number."""
        return name in self._weights and math.prod(self._weights[name].dims) == 1

    def _axes(self, node: onnx.NodeProto) -> list[int] | None:
        """The axes that a sum runs over, None for all."""
        if given := [list(attribute.ints) for attribute in node.attribute if attribute.name == "axes"]:
            return given[0]
        if len(node.input) < 2 or node.input[1] not in self._weights:
            return None
        return numpy_helper.to_array(self._weights[node.input[1]]).reshape(-1).tolist() or None

    def _node_macs(self, node: onnx.NodeProto) -> int:
        shape = lambda name: self._shapes[name][0]  # noqa: E731
        operands = {"QLinearConv": (0, 3), "QLinearMatMul": (0, 3)}.get(node.op_type, (0, 1))
        if node.op_type in ("Conv", "ConvInteger", "QLinearConv"):
            return math.prod(shape(node.output[0])) * math.prod(shape(node.input[operands[1]])[1:])
        if node.op_type == "ConvTranspose":
            return math.prod(shape(node.input[0])) * math.prod(shape(node.input[1])[1:])
        if node.op_type in ("MatMul", "MatMulInteger", "QLinearMatMul"):
            return math.prod(shape(node.output[0])) * shape(node.input[0])[-1]
        if node.op_type == "Gemm":
            transposed = any(a.name == "transA" and a.i for a in node.attribute)
            return math.prod(shape(node.output[0])) * shape(node.input[0])[0 if transposed else -1]
        return 0

    @cached_property
    def peak_activation_bytes(self) -> int | None:
        """By the method of `utils.measure.counts.liveness`; None for an unknown shape or where `utils.deploy.fusion` can't tell.

        In a quantized graph the operations are those of that module: a value between two of them that are computed in whole
        numbers takes one byte; what stays in floats takes four, and the nodes around it are operations of their own.
        """
        if self._steps is None:
            return None
        steps, sizes, start, outputs = self._steps
        return max(live_bytes(steps, sizes, [start], outputs))

    @cached_property
    def traffic(self) -> Traffic | None:
        """Bytes moved, by the same method and with the same limits; every stored number is read once, so no table is looked up.

        Of a quantized graph: codes of weights, scales, zero points and biases as they are stored.
        """
        codes = [node for node in self._graph.node if node.op_type == "DequantizeLinear" and node.input[0] in self._weights]
        constants = self._weights.keys() | {node.output[0] for node in codes}
        if self._steps is None or any(node.op_type == "Gather" and node.input[0] in constants for node in self._graph.node):
            return None
        steps, sizes, _, outputs = self._steps
        stored = [numpy_helper.to_array(tensor).nbytes for tensor in self._stored]
        return Traffic(sum(stored), moved_bytes(steps, sizes, outputs))

    @cached_property
    def number_format(self) -> str | None:
        """What is multiplied: "int8" if every product is quantized, the one float type of the weights if none is, else None."""
        if any(map(is_integer, self._graph.node)):
            products = Fusion(self._graph).products()
            return "int8" if products[True] and not products[False] else None
        kinds = {onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).name for tensor in self._stored}
        kinds = {kind for kind in kinds if "float" in kind}
        return kinds.pop() if len(kinds) == 1 else None

    @cached_property
    def _stored(self) -> list[onnx.TensorProto]:
        """Each stored tensor once: the file's list of them, and what products read from nodes of constants."""
        read = {name for node in self._graph.node if node.op_type in PRODUCTS for name in node.input}
        constants = {id(tensor): tensor for name, tensor in self._weights.items() if name in read}
        return list(({id(tensor): tensor for tensor in self._graph.initializer} | constants).values())

    @cached_property
    def _steps(self) -> tuple[list[Step], dict[str, int], str, set[str]] | None:
        """The operations as `lifetimes` wants them, the buffers' sizes, the input, the outputs."""
        if self._batch > 1:
            return None
        operations = Fusion(self._graph).operations()
        if operations is None:
            return None
        alias: dict[str, str] = {}  # value -> the buffer that it lies in; holds only what depends on the input
        start = self._graph.input[0].name
        alias[start] = start
        steps: list[Step] = []
        shaped = {start: start}
        for operation in operations:
            reads = frozenset(alias[name] for name in operation.reads if name in alias)
            if not reads:
                continue
            if operation.kind in VIEWS:
                alias[operation.makes[0]] = alias[operation.reads[0]]
                continue
            made = {name: like for name, like in zip(operation.makes, operation.shaped, strict=True) if name}
            alias.update((name, name) for name in made)
            shaped |= made
            steps.append(Step(operation.kind, reads, tuple(made), operation.kind in ELEMENTWISE))
        if not steps or not set(shaped.values()) <= self._shapes.keys():
            return None
        sizes = {name: math.prod(self._shapes[like][0]) * self._shapes[like][1] for name, like in shaped.items()}
        outputs = {alias[value.name] for value in self._graph.output if value.name in alias}
        return steps, sizes, start, outputs


def _grids(node: onnx.NodeProto, ranged: set[str]) -> list[str]:
    """Which inputs of a node are scales and zero points. ranged: what is measured at run time, scales among them."""
    if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        return list(node.input[1:3])
    if node.op_type in ("QLinearConv", "QLinearMatMul"):
        return [*node.input[1:3], *node.input[4:8]]
    if node.op_type.endswith("Integer"):
        return list(node.input[2:4])
    return list(node.input) if node.op_type == "Mul" and ranged.intersection(node.input) else []
