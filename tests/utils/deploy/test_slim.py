"""Is a file with short names still the same computation?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from utils.deploy.runtime import bare, session, simplified
from utils.deploy.slim import slim


def chain(names: list[str], shuffled: bool = False) -> onnx.ModelProto:
    """x -> + 1 -> * 2 -> ... with the given names of the values in between, in file order or not, and a tensor nobody reads."""
    values = ["a", *names, "y"]
    nodes = [
        helper.make_node("Mul" if at % 2 else "Add", [before, f"number {at}"], [after], name=f"/a/long/name/{at}")
        for at, (before, after) in enumerate(pairwise(values))
    ]
    numbers = [numpy_helper.from_array(np.float32(at + 1), f"number {at}") for at in range(len(nodes))]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("a", "y")]
    extra = numpy_helper.from_array(np.zeros(50, np.float32), "unused")
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], [extra, *reversed(numbers)] if shuffled else [*numbers, extra])
    domains = [helper.make_opsetid(name, 1) for name in ("com.microsoft", "ai.onnx.ml")]
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), *domains], ir_version=10, doc_string="by me")


@pytest.mark.parametrize("count", [1, 5, 40])
def test_the_same_is_computed_under_the_same_ends(count: int) -> None:
    """Also where a fresh name is taken: the input is called "a", which is ten in hexadecimal."""
    model = chain([f"/blocks/{at}/output" for at in range(count)])
    batch = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    expected = ReferenceEvaluator(model).run(None, {"a": batch})[0]
    data = slim(onnx.ModelProto.FromString(model.SerializeToString()), like=model)
    np.testing.assert_array_equal(session(data).run(["y"], {"a": batch})[0], expected)
    small = onnx.load_from_string(data)
    onnx.checker.check_model(small)
    names = [name for node in small.graph.node for name in (*node.input, *node.output)]
    assert max(map(len, names)) <= 2 and len(data) < len(model.SerializeToString()) - 250
    assert "unused" not in data.decode("latin-1") and [known.domain for known in small.opset_import] == [""]


def test_the_order_is_that_of_the_model_it_was_made_from() -> None:
    """Whatever the order of nodes and tensors in the file: so the same numbers give the same bytes."""
    model, other = chain(["one", "two", "three"]), chain(["one", "two", "three"], shuffled=True)
    last = other.graph.node.pop()
    other.graph.node.insert(0, last)
    assert slim(other, like=model) == slim(onnx.ModelProto.FromString(model.SerializeToString()), like=model)


def test_a_graph_inside_keeps_its_names() -> None:
    """A branch reads values of the graph around it by name."""
    branch = helper.make_graph(
        [helper.make_node("Identity", ["outside"], ["out"])], "branch", [], [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)]
    )
    nodes = [
        helper.make_node("Neg", ["x"], ["outside"]),
        helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    graph = helper.make_graph(nodes, "whole", ends[:1], ends[1:], [numpy_helper.from_array(np.array(True), "yes")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    data = slim(onnx.ModelProto.FromString(model.SerializeToString()), like=model)
    np.testing.assert_array_equal(session(data).run(None, {"x": np.array([1, 2], np.float32)})[0], [-1, -2])


def test_a_padding_of_zeros_becomes_part_of_its_convolution() -> None:
    """Computed from constants and with its last option left open, as an exporter writes it."""
    nodes = [
        helper.make_node("Concat", ["left", "right"], ["pads"], axis=0),
        helper.make_node("Pad", ["x", "pads", ""], ["padded"]),
        helper.make_node("Conv", ["padded", "w"], ["y"], kernel_shape=[3, 3], strides=[2, 2]),
    ]
    numbers = [
        numpy_helper.from_array(np.array([0, 0, 0, 0]), "left"),
        numpy_helper.from_array(np.array([0, 0, 1, 1]), "right"),
        numpy_helper.from_array(np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32), "w"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size, None, None]) for name, size in (("x", 3), ("y", 2))]
    graph = helper.make_graph(nodes, "padded", ends[:1], ends[1:], numbers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    batch = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype(np.float32)
    expected = ReferenceEvaluator(model).run(None, {"x": batch})[0]
    data = bare(simplified(model))
    (node,) = onnx.load_from_string(data).graph.node
    assert node.op_type == "Conv" and data == bare(simplified(model))
    np.testing.assert_allclose(session(data).run(None, {"x": batch})[0], expected, atol=1e-5)
