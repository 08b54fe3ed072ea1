"""Files of open challenges for the tests: of the zoo, as the labs' own start makes them, and broken or hostile ones."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from course.grading.challenge.by_lab import CHALLENGES
from course.grading.challenge.challenge import challenge_marks
from tests.course.grading.sandboxed import SEED
from utils import deploy
from utils.compress.titan import TitanConfig, compress_to_titan
from utils.data import fashion_mnist
from utils.files import ZOO
from utils.models import MicroConfig, MicroNet, save_model, zoo


def scored(lab, data, sandboxes, name=None, **more):
    return challenge_marks(lab, {name or f"{lab}_challenge{CHALLENGES[lab].suffix}": data}, SEED, sandboxes, **more)


def of_zoo(name):
    return (ZOO / name / "model.safetensors").read_bytes()


def saved(model):
    with TemporaryDirectory() as folder:
        save_model(model, Path(folder, "a.safetensors"))
        return Path(folder, "a.safetensors").read_bytes()


@cache
def titan(name, bits=8):
    """A network of the zoo as a .titan file, nothing trained for it."""
    return compress_to_titan(zoo.load(name), TitanConfig(bits)).data


@cache
def int8(name, per_channel=True):
    """A network of the zoo in int8, or an untrained one of lab 07's start."""
    torch.manual_seed(0)
    model = MicroNet(MicroConfig.of(8, (16, 1), (24, 2), (32, 1))).eval() if name == "start" else zoo.load(name)
    with TemporaryDirectory() as folder:
        deploy.to_int8_onnx(model, None, Path(folder, "a.onnx"), fashion_mnist("train", 512).images, per_channel=per_channel)
        return Path(folder, "a.onnx").read_bytes()


def made(nodes, stored=(), shape=("n", 1, 28, 28), output=("n", 10), domains=("",), **more):
    """An .onnx file of these nodes: "x" of this shape in, "y" out. stored: name -> array."""
    tensors = [numpy_helper.from_array(array, name) for name, array in dict(stored).items()]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes) for name, sizes in (("x", shape), ("y", output)))
    graph = helper.make_graph(nodes, "g", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, 20 if not domain else 1) for domain in domains], **more)
    model.ir_version = 10
    return model


def linear(*before, start="x", features=784, extra=(), **more):
    """Nodes that end in a linear layer on what `start` holds, flattened."""
    weight = np.random.default_rng(0).normal(size=(features, 10)).astype(np.float32)
    end = [helper.make_node("Flatten", [start], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])]
    return made([*before, *end], {"w": weight, **dict(extra)}, **more)


def zipped(data=b"my weights", name="../../weights"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def external(location="../../../etc/passwd"):
    model = linear()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return model.SerializeToString()


def looped(rounds=1 << 40):
    """A loop that adds 0 to the input, again and again."""
    inner = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c2"]), helper.make_node("Identity", ["v"], ["v2"])],
        "inner",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, None),
        ],
        [helper.make_tensor_value_info("c2", TensorProto.BOOL, []), helper.make_tensor_value_info("v2", TensorProto.FLOAT, None)],
    )
    loop = helper.make_node("Loop", ["rounds", "go", "x"], ["z"], body=inner)
    return linear(loop, start="z", extra={"rounds": np.array(rounds), "go": np.array(True)}).SerializeToString()


def nested(depth=60):
    """Graphs within graphs."""
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "deepest", [], [])
    for _ in range(depth):
        graph = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)], "g", [], [])
        if graph.ByteSize() > 1_000_000:
            break
    model = linear()
    model.graph.node.extend(graph.node)
    return model.SerializeToString()


def with_function():
    model = linear(helper.make_node("Own", ["x"], ["z"], domain="mine"), start="z", domains=("", "mine"))
    body = [helper.make_node("Identity", ["a"], ["b"])]
    model.functions.append(helper.make_function("mine", "Own", ["a"], ["b"], body, [helper.make_opsetid("", 20)]))
    return model.SerializeToString()


def endless(size=3000, rounds=120):
    """Products of large tables that hold nothing in the file: it works for minutes before it answers the first photo."""
    shape = {"shape": np.array([size, size])}
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["t0"], value=numpy_helper.from_array(np.array([1e-4], np.float32)))]
    nodes += [helper.make_node("MatMul", [f"t{at}", "t0"], [f"t{at + 1}"]) for at in range(rounds)]
    nodes += [helper.make_node("ReduceMean", [f"t{rounds}"], ["m"], keepdims=0), helper.make_node("Add", ["x", "m"], ["z"])]
    return linear(*nodes, start="z", extra=shape).SerializeToString()


def renamed(data, name):
    """The same network under names that would do harm where a name is taken for a path, a command or C."""
    model = onnx.load_model_from_string(data)
    names = {one for node in model.graph.node for one in (*node.input, *node.output) if one}
    new = {old: f"{name}{at}" for at, old in enumerate(sorted(names))}
    model.graph.name = model.doc_string = model.producer_name = name
    for node in model.graph.node:
        node.name = name
        for field in (node.input, node.output):
            kept = [new.get(old, old) for old in field]
            del field[:]
            field.extend(kept)
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer):
        value.name = new.get(value.name, value.name)
    return model.SerializeToString()
