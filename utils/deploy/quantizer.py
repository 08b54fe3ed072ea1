"""ONNX Runtime's quantizer, and what it can't do right: an operation that it stumbles over, or that the runtime then computes
wrongly in integers, stays in floats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from utils.deploy.agreement import FLOAT_TOLERANCE, called, difference, seen_codes, spread, wrong_operations
from utils.deploy.runtime import session
from utils.deploy.silence import quiet, reason

METHODS = ("minmax", "percentile", "entropy")
BATCH_VALUES = 50_000  # of the input at once while calibrating: every activation of a batch is held in memory
COMPARED = 32  # inputs at most, for the comparison of each operation
LOWEST = "lowest float"
PLAIN = {"Conv", "Gemm", "MatMul"}  # what is to be quantized: never left out


@dataclass
class Quantizer:
    """Makes an int8 graph of a float one.

    floats: its file, for any batch. inputs: (n, ...) float32 to calibrate on, None to measure ranges at run time.
    left: names of the operations that stay in floats.
    """

    floats: Path
    folder: Path
    inputs: np.ndarray | None
    per_channel: bool
    method: str
    left: set[str] = field(default_factory=set)

    def graph(self) -> onnx.ModelProto:
        """The quantized graph, each of its operations compared with what it computes in floats.

        Raises:
            ValueError: what can't be quantized, or not rightly, by the name of the operation.
        """
        self._prepare()
        made = self._without_obstacles()
        if self.inputs is None:
            return made
        made = _that_runs(made, self.compared)
        if wrong := [node for node, _ in wrong_operations(made, self.compared)]:
            made = _kept_in_floats(made, {node.output[0] for node in wrong})
            if left := wrong_operations(made, self.compared):
                raise ValueError(f"the runtime computes {called(left[0][0])} in int8 otherwise than in floats: ship it in float32")
        self._check_stored(made)
        return made

    @property
    def compared(self) -> np.ndarray:
        """Some of the calibration inputs, so few that all activations fit into memory."""
        assert self.inputs is not None
        return spread(self.inputs, max(1, min(COMPARED, BATCH_VALUES // self.inputs[0].size)))

    @property
    def ready(self) -> Path:
        """The float graph with all folded that can be folded, each operation with a name."""
        return self.folder / "ready.onnx"

    def _prepare(self) -> None:
        from onnxruntime.quantization.shape_inference import quant_pre_process

        source = self.folder / "source.onnx"  # in a folder of our own: the quantizer opens no file whose name is not UTF-8
        onnx.save(onnx.load(self.floats), source)
        try:
            with quiet():
                quant_pre_process(str(source), str(self.ready), skip_symbolic_shape=True)
        except Exception as error:  # the quantizer raises whatever its inner parts raise
            raise _refused(error) from error
        model = onnx.load(self.ready)
        for number, node in enumerate(model.graph.node):
            node.name = node.name or f"{node.op_type} {number + 1}"
        onnx.save(model, self.ready)
        if self.inputs is not None:
            before, after = (session(path).run(None, {model.graph.input[0].name: self.compared})[0] for path in (source, self.ready))
            if (apart := difference(before, after)) > FLOAT_TOLERANCE:
                raise ValueError(f"folding its constants changes the model's answers by {apart:.1e}: simplify it")

    def _without_obstacles(self) -> onnx.ModelProto:
        """As much in int8 as the quantizer can do; one kind of operation after the other is left in floats until it can."""
        try:
            return self._attempt()
        except Exception as error:  # as above
            first = error
        nodes = [node for node in onnx.load(self.ready).graph.node if node.op_type not in PLAIN]
        kinds = sorted({node.op_type for node in nodes})
        for tried in [*([kind] for kind in kinds), kinds]:
            self.left = {node.name for node in nodes if node.op_type in tried}
            try:
                return self._attempt()
            except Exception:  # as above; the first error is told
                continue
        self.left = set()
        if self.method != "minmax" and self._can("minmax"):
            raise ValueError(
                f"method={self.method!r} finds no range for an activation that hardly changes ({reason(first, 80)}): use method='minmax'"
            )
        raise _refused(first) from first

    def _can(self, method: str) -> bool:
        try:
            Quantizer(self.floats, self.folder, self.inputs, self.per_channel, method)._attempt()
        except Exception:  # as above
            return False
        return True

    def _attempt(self) -> onnx.ModelProto:
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static

        target, left = self.folder / "quantized.onnx", sorted(self.left)
        options = {"CalibStridedMinMax": 1}  # one batch after the other, whatever the method: the memory of one batch
        methods = dict(zip(METHODS, (CalibrationMethod.MinMax, CalibrationMethod.Percentile, CalibrationMethod.Entropy), strict=True))
        with quiet():
            if self.inputs is None:
                quantize_dynamic(self.ready, target, per_channel=self.per_channel, weight_type=QuantType.QInt8, nodes_to_exclude=left)
            else:
                data = reader(self.inputs, onnx.load(self.ready).graph.input[0].name)
                quantize_static(
                    self.ready, target, data, QuantFormat.QDQ, per_channel=self.per_channel, activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8, calibrate_method=methods[self.method], extra_options=options, nodes_to_exclude=left,
                )  # fmt: skip
        return onnx.load(target)

    def _check_stored(self, made: onnx.ModelProto) -> None:
        """Raise unless each stored number is within half a step of the float that its codes stand for."""
        floats = {tensor.name: tensor for tensor in onnx.load(self.ready).graph.initializer}
        codes = {tensor.name: tensor for tensor in made.graph.initializer}
        for node in made.graph.node:
            name = node.input[0].removesuffix("_quantized") if node.op_type == "DequantizeLinear" else ""
            if name not in floats or node.input[0] not in codes:
                continue
            weight = numpy_helper.to_array(floats[name]).astype(np.float64)
            values, scale, zero = (numpy_helper.to_array(codes[one]).astype(np.float64) for one in node.input)
            axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
            if scale.size > 1:
                scale, zero = (part.reshape([-1 if at == axis % weight.ndim else 1 for at in range(weight.ndim)]) for part in (scale, zero))
            if values.shape != weight.shape or (np.abs((values - zero) * scale - weight) > 0.501 * scale).any():
                raise ValueError(f"the codes of {name!r} do not give its numbers: ship the model in float32")


def _kept_in_floats(model: onnx.ModelProto, results: set[str]) -> onnx.ModelProto:
    """The model with what makes these results computed in floats.

    A runtime merges an operation with the quantization right before and behind it. A maximum with the lowest float, which changes
    nothing and which no runtime leaves out, keeps them apart.
    """
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph = model.graph
    if LOWEST not in {tensor.name for tensor in graph.initializer}:
        graph.initializer.append(numpy_helper.from_array(np.array(np.finfo(np.float32).min), LOWEST))
    for at, node in reversed(list(enumerate(graph.node))):
        if kept := results.intersection(node.output):
            (name,) = kept
            node.output[list(node.output).index(name)] = f"{name} before"
            graph.node.insert(at + 1, onnx.helper.make_node("Max", [f"{name} before", LOWEST], [name], name=f"{node.name} in floats"))
    return model


def _that_runs(model: onnx.ModelProto, inputs: np.ndarray) -> onnx.ModelProto:
    """The model, or if the runtime can't merge its operations, the model with one kind of them in floats."""
    tried = model
    kinds = sorted({node.op_type for node in model.graph.node} - PLAIN - {"QuantizeLinear", "DequantizeLinear"})
    for kind in [*kinds, ""]:
        try:
            seen_codes(tried, inputs)
            return tried
        except Exception as error:  # the runtime's own exception classes share no base
            refused = _refused(error)
        tried = _kept_in_floats(model, {node.output[0] for node in model.graph.node if node.op_type == kind})
    raise refused


def _refused(error: Exception) -> ValueError:
    return ValueError(f"ONNX Runtime can't quantize the model ({type(error).__name__}: {reason(error)}): simplify it")


def reader(inputs: np.ndarray, name: str) -> Any:
    """The calibration inputs as onnxruntime.quantization reads them, in batches that can be asked for one by one."""
    from onnxruntime.quantization import CalibrationDataReader

    size = max(1, BATCH_VALUES // inputs[0].size)
    batches = [inputs[at : at + size] for at in range(0, len(inputs), size)]

    class Reader(CalibrationDataReader):
        left: Iterator[np.ndarray] = iter(batches)

        def __len__(self) -> int:
            return len(batches)

        def set_range(self, start_index: int, end_index: int) -> None:
            self.left = iter(batches[start_index:end_index])

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self.left, None)
            return None if batch is None else {name: batch}

    return Reader()
