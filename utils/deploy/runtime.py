"""ONNX Runtime as the course uses it: one quiet thread, and files that say nothing about their author."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import onnx
import onnxruntime


def bare(model: onnx.ModelProto) -> bytes:
    """The model without the notes that exporters leave (they name files on the machine of the author)."""
    del model.metadata_props[:]
    model.doc_string = ""
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    for node in model.graph.node:  # an option that is left out at the end; the runtime fuses no Pad that bears one
        while node.input and not node.input[-1]:
            node.input.pop()
    if not model.functions:
        used = {node.domain for node in model.graph.node} | {""}
        kept = [known for known in model.opset_import if known.domain in used]
        del model.opset_import[:]
        model.opset_import.extend(kept)
    return model.SerializeToString(deterministic=True)


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its constants computed and paddings of zeros made part of the convolutions behind them.

    By the runtime's basic optimizations, which keep to the operations of the standard.
    """
    options = _options()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "model.onnx")
        onnxruntime.InferenceSession(bare(model), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def session(model: bytes | str | Path, *, as_written: bool = False) -> onnxruntime.InferenceSession:
    """One thread that sleeps when it has nothing to do.

    model: the bytes of a file, or its path. as_written: run node by node, nothing merged, so a quantized graph computes in floats
    what its codes stand for.
    """
    options = _options()
    if as_written:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    source = model if isinstance(model, bytes) else _readable(Path(model))
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _readable(path: Path) -> str | bytes:
    """The path, or the whole model where the path is not UTF-8: the runtime opens no file of such a name."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return onnx.load(path).SerializeToString()
    return os.fspath(path)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what goes wrong is raised, and then told in one sentence
    return options
