"""Which operations of a quantized graph (QDQ) a runtime computes in integers.

Such a graph says "to floats" (DequantizeLinear), a float operation, "to integers" (QuantizeLinear). A runtime
replaces the three by one integer operation if it has one, so the floats between them never exist:

- a convolution, an addition, a multiplication, a mean or average pooling, a concatenation and a few functions:
  if all that it reads comes from whole numbers and what it makes goes to whole numbers and nowhere else;
- a Gemm and a MatMul: if all that they read comes from whole numbers; else what they make is a float;
- what only moves or picks values (views, the largest of some, transposition): if scale and zero point stay, too.

All other operations are computed in floats, and the nodes around them are operations that read and write. These are
the rules of ONNX Runtime 1.32 on a CPU; tests compare them with the graphs that it says it runs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper

PRODUCTS = {"Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "Gemm", "MatMul", "MatMulInteger", "QLinearMatMul"}
TO_INTEGERS = {"Conv", "Add", "Mul", "GlobalAveragePool", "AveragePool", "Concat", "LeakyRelu", "Sigmoid", "Softmax"}
TO_EITHER = {"Gemm", "MatMul"}
MOVES = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "MaxPool", "ReduceMax", "ReduceMin", "Slice", "Gather", "Resize"}


def is_integer(node: onnx.NodeProto) -> bool:
    """Whether a node makes, reads or computes whole numbers that stand for floats."""
    return "Quantize" in node.op_type or "Integer" in node.op_type or node.op_type.startswith("QLinear")


@dataclass(frozen=True)
class Operation:
    """What a runtime computes at once. reads, makes: names of values; shaped: the values of the graph that `makes` are like."""

    kind: str
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    shaped: tuple[str, ...]


class Fusion:
    """A graph as a runtime sees it that computes in integers where it can."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self._makers = {name: node for node in graph.node for name in node.output}
        self._readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in graph.node:
            for name in node.input:
                self._readers[name].append(node)
        self._outputs = {value.name for value in graph.output}
        self._stored = {tensor.name: tensor for tensor in graph.initializer}

    def source(self, name: str) -> str | None:
        """The whole numbers that a value was a moment before, None if it was not."""
        maker = self._makers.get(name)
        return maker.input[0] if maker is not None and maker.op_type == "DequantizeLinear" else None

    def products(self) -> dict[bool, list[onnx.NodeProto]]:
        """Convolutions and matrix products: True -> those of whole numbers, False -> those of floats."""
        found: dict[bool, list[onnx.NodeProto]] = {True: [], False: []}
        for node in self.graph.node:
            if node.op_type in PRODUCTS:
                found[is_integer(node) or self._in_integers(node) is not None].append(node)
        return found

    def operations(self) -> list[Operation] | None:
        """In the order of the file; None where it can't be told: ranges measured at run time, products of both kinds."""
        plain = [Operation(node.op_type, tuple(node.input), tuple(node.output), tuple(node.output)) for node in self.graph.node]
        if not any(map(is_integer, self.graph.node)):
            return plain
        if any("Integer" in node.op_type or "Dynamic" in node.op_type for node in self.graph.node) or self.products()[False]:
            return None
        found: list[Operation] = []
        done: set[str] = set()
        for node, alone in zip(self.graph.node, plain, strict=True):
            if node.op_type == "DequantizeLinear":
                if node.output[0] in self._outputs:
                    found.append(alone)
            elif (makes := self._in_integers(node)) is not None:
                done.update(makes)
                found.append(Operation(node.op_type, tuple(self.source(name) or name for name in node.input), makes, makes))
            elif node.output[0] not in done:
                copies = {name: f"{name} for {node.output[0]}" for name in node.input if self.source(name)}  # each reader has its own
                found += [Operation("DequantizeLinear", (self.source(name) or "",), (copy,), (name,)) for name, copy in copies.items()]
                found.append(Operation(alone.kind, tuple(copies.get(name, name) for name in node.input), alone.makes, alone.makes))
        return found

    def _in_integers(self, node: onnx.NodeProto) -> tuple[str, ...] | None:
        """What a node makes if it is computed in integers, else None."""
        kind = node.op_type if node.domain in ("", "ai.onnx") else ""
        reads = [name for name in node.input if name]
        if kind not in TO_INTEGERS | TO_EITHER | MOVES or not all(map(self.source, reads[:1] if kind in MOVES else reads)):
            return None
        readers = self._readers[node.output[0]]
        ends = len(readers) == 1 and readers[0].op_type == "QuantizeLinear" and node.output[0] not in self._outputs
        if kind in TO_EITHER and not ends:
            return (node.output[0],)
        if not ends or (kind in MOVES and not self._same_grid(self._makers[node.input[0]], readers[0])):
            return None
        return (readers[0].output[0],)

    def _same_grid(self, before: onnx.NodeProto, after: onnx.NodeProto) -> bool:
        """Whether two nodes have equal scales and zero points."""
        pairs = list(zip(before.input[1:], after.input[1:], strict=False))
        return len(before.input) == len(after.input) and all(a == b or self._equal(a, b) for a, b in pairs)

    def _equal(self, a: str, b: str) -> bool:
        if not {a, b} <= self._stored.keys():
            return False
        return np.array_equal(numpy_helper.to_array(self._stored[a]), numpy_helper.to_array(self._stored[b]))
