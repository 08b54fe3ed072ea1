"""Make the description around a file's numbers short: a small network's names may weigh more than its weights."""

from __future__ import annotations

import itertools

import onnx

from utils.deploy.runtime import bare


def slim(model: onnx.ModelProto, like: onnx.ModelProto) -> bytes:
    """The bytes of a model with short names, without what a runtime infers by itself, its nodes in the order of `like`.

    like: the model that it was made from. What it computes is the same, and so are the names of its inputs and outputs.
    """
    graph = model.graph
    if not any(attribute.HasField("g") for node in graph.node for attribute in node.attribute):  # a graph inside uses names too
        _order(graph, like.graph)
        _rename(graph)
    del graph.value_info[:]
    return bare(model)


def _order(graph: onnx.GraphProto, like: onnx.GraphProto) -> None:
    """Nodes in the order in which the other graph makes the same values, each just behind what it needs."""
    maker = {name: node for node in graph.node for name in node.output}
    ordered: dict[int, onnx.NodeProto] = {}

    def put(name: str) -> None:
        node = maker.get(name)
        if node is None or id(node) in ordered:
            return
        for needed in node.input:
            put(needed)
        ordered[id(node)] = node

    for name in (*(name for node in like.node for name in node.output), *(value.name for value in graph.output)):
        put(name)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in ordered.values()]  # copies: the originals are deleted
    del graph.node[:]
    graph.node.extend(nodes)


def _rename(graph: onnx.GraphProto) -> None:
    kept = {value.name for value in (*graph.input, *graph.output)}
    fresh = (name for number in itertools.count() if (name := f"{number:x}") not in kept)
    names = {name: name for name in (*sorted(kept), "")}

    def short(name: str) -> str:
        if name not in names:
            names[name] = next(fresh)
        return names[name]

    for node in graph.node:
        node.name = ""
        node.input[:] = list(map(short, node.input))
        node.output[:] = list(map(short, node.output))
    place = {name: at for at, name in enumerate(names)}
    stored = sorted((tensor for tensor in graph.initializer if tensor.name in place), key=lambda tensor: place[tensor.name])
    stored = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in stored]  # copies: the originals are deleted
    del graph.initializer[:]
    graph.initializer.extend(stored)
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
