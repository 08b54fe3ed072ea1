"""From a float network to an int8 one that ONNX Runtime computes in whole numbers.

Static: activations are unsigned bytes whose range is measured beforehand on calibration inputs, weights are
signed bytes with one scale for each output channel (or one for all), biases are 32 bits. The file holds
QuantizeLinear and DequantizeLinear nodes (QDQ); the runtime fuses them with the operation between them.
Dynamic: only the weights are quantized beforehand; the runtime measures each input's range while it runs.

The arithmetic follows Jacob et al. (2018), "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference".
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from utils.deploy.fusion import Fusion, is_integer
from utils.deploy.onnx import OnnxRunnable, place, to_onnx
from utils.deploy.runtime import quiet, session
from utils.deploy.slim import slim
from utils.files import write_atomically

if TYPE_CHECKING:
    from torch import nn

METHODS = ("minmax", "percentile", "entropy")
BATCH_VALUES = 50_000  # of the input at once while calibrating: every activation of a batch is held in memory


def to_int8_onnx(
    source: nn.Module | str | Path,
    example: Any,
    path: str | Path,
    calibration: Any = None,
    *,
    per_channel: bool = True,
    method: str = "minmax",
    dynamic: bool = False,
) -> int:
    """Write `source` in int8 to one .onnx file for any batch size; return its size in bytes.

    The file appears only after ONNX Runtime ran it; a model is left as it was; the same input gives the same bytes.

    source: a model, or the path of a float32 .onnx file. example: a batch (n, ...) float32 of which the first
    sample gives the shape; None if there is a calibration, or a file that says it.
    calibration: (n, ...) float32, inputs as in use, some hundred of the training split; None if `dynamic`.
    per_channel: one scale for each output channel of a weight, instead of one for all of it.
    method: where the range of an activation ends: "minmax" at its extremes, "percentile" leaves out one value in
    100,000 at each end, "entropy" where the clipped histogram is most like the whole.

    Raises:
        FileNotFoundError: no file at `source`.
        ValueError: an unknown method, a calibration that is missing, empty, not finite, constant, not in floats or of
            another shape, no example where it is needed, a model that is not in float32, holds nothing to quantize or can't be exported.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if dynamic and calibration is not None:
        raise ValueError("dynamic quantization measures its ranges while it runs: give calibration=None, or leave dynamic out")
    if dynamic and example is None and not isinstance(source, str | Path):
        raise ValueError("a model does not say what shape its input has: give an example, a batch of one")
    inputs = None if dynamic else _checked(calibration)
    example = inputs if example is None else example
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floats = Path(source) if isinstance(source, str | Path) else folder / "float.onnx"
        if not isinstance(source, str | Path):
            to_onnx(source, example, floats)
        batch = _fitting(floats, example, inputs)
        _quantize(floats, folder / "int8.onnx", inputs, per_channel, method)
        data = slim(onnx.load(folder / "int8.onnx"), like=onnx.load(floats))
        _try(data, floats, batch)
    write_atomically(Path(path), data)
    return len(data)


def _checked(calibration: Any) -> np.ndarray:
    """The calibration inputs, (n, ...) float32, if there is something to measure in them."""
    if calibration is None:
        raise ValueError("static quantization measures ranges: give calibration, some hundred inputs of the training split")
    inputs = _array(calibration)
    if not np.issubdtype(inputs.dtype, np.floating):
        raise ValueError(f"calibration must hold floats as the model takes them, got {inputs.dtype}: normalise it as in training")
    if inputs.ndim < 2 or not inputs.size:
        raise ValueError(f"calibration must be a batch (n, ...) of at least one input, got shape {inputs.shape}: give some hundred")
    with np.errstate(over="ignore"):
        inputs = np.ascontiguousarray(inputs, dtype=np.float32)
    if not np.isfinite(inputs).all():
        raise ValueError("calibration holds values that are NaN or infinite in float32 and have no range: leave those inputs out")
    if inputs.min() == inputs.max():
        raise ValueError(f"calibration is {inputs.flat[0]:g} everywhere, so it shows no range: give real inputs")
    return inputs


def _array(given: Any) -> np.ndarray:
    """A tensor or an array as numpy has it; bfloat16, which numpy lacks, in float32."""
    if hasattr(given, "detach"):
        given = given.detach().cpu()
        given = given.float() if str(given.dtype) == "torch.bfloat16" else given
    return np.asarray(given)


def _fitting(floats: Path, example: Any, inputs: np.ndarray | None) -> np.ndarray:
    """A batch to try the file with, (1, ...) float32, if the file is a float32 model that takes such inputs."""
    batch = None if example is None else _array(example).astype(np.float32)[:1]
    OnnxRunnable(floats, sample=None if batch is None else batch.shape[1:])  # one input, of this shape, and it runs
    source = onnx.load(floats, load_external_data=False)
    kind = source.graph.input[0].type.tensor_type
    if kind.elem_type != onnx.TensorProto.FLOAT:
        raise ValueError(f"{floats.name} takes {onnx.TensorProto.DataType.Name(kind.elem_type).lower()}: export it in float32")
    if fixed := kind.shape.dim[0].dim_value:
        raise ValueError(f"{floats.name} takes {fixed} inputs at a time: export it with an open batch, as to_onnx does")
    if any(is_integer(node) or node.op_type == "DequantizeLinear" for node in source.graph.node):
        raise ValueError(f"{floats.name} is quantized already: start from the float32 file")
    if batch is None:
        shape = [dim.dim_value or 1 for dim in kind.shape.dim[1:]]
        batch = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    if inputs is not None and inputs.shape[1:] != batch.shape[1:]:
        raise ValueError(f"calibration inputs have shape {inputs.shape[1:]} and the model takes {batch.shape[1:]}: prepare them alike")
    return batch


def _reader(inputs: np.ndarray, name: str) -> Any:
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


def _quantize(floats: Path, target: Path, inputs: np.ndarray | None, per_channel: bool, method: str) -> None:
    """Fold what can be folded, then quantize: statically with inputs, dynamically without."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = target.with_name("ready.onnx")
    options = {"CalibStridedMinMax": 1}  # one batch after the other, whatever the method: the memory of one batch
    methods = dict(zip(METHODS, (CalibrationMethod.MinMax, CalibrationMethod.Percentile, CalibrationMethod.Entropy), strict=True))
    try:
        with quiet():
            quant_pre_process(str(floats), str(ready), skip_symbolic_shape=True)
            if inputs is None:
                quantize_dynamic(ready, target, per_channel=per_channel, weight_type=QuantType.QInt8)
            else:
                reader = _reader(inputs, onnx.load(ready).graph.input[0].name)
                quantize_static(
                    ready, target, reader, QuantFormat.QDQ, per_channel=per_channel, activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8, calibrate_method=methods[method], extra_options=options,
                )  # fmt: skip
    except Exception as error:  # the quantizer raises whatever its inner parts raise
        reason = (str(error).strip().splitlines() or [""])[0][:150]
        raise ValueError(f"ONNX Runtime can't quantize the model ({type(error).__name__}: {reason}): simplify it") from error


def _try(data: bytes, floats: Path, batch: np.ndarray) -> None:
    """Raise unless a product is computed in whole numbers and the file runs, for one input and for three."""
    try:
        graph, made, before = onnx.load_from_string(data).graph, session(data), session(floats.read_bytes())
    except Exception as error:  # the runtime's own exception classes share no base
        raise ValueError(f"what the quantizer made is no model that runs ({str(error)[:150]}): ship it in float32") from error
    if not Fusion(graph).products()[True]:
        raise ValueError("the model has no convolution or linear layer that can be quantized: ship it in float32")
    for count in (1, 3):
        some = np.repeat(batch, count, axis=0)
        try:
            found, expected = (s.run(None, {s.get_inputs()[0].name: some})[0] for s in (made, before))
        except Exception as error:
            raise ValueError(f"the int8 file does not run for {count} inputs ({str(error)[:150]}): ship it in float32") from error
        if found.shape != expected.shape or not np.isfinite(found).all():
            raise ValueError("the int8 file gives outputs of another shape or that are not finite: check the model's weights")


def int8_runnable(
    model: nn.Module,
    example: Any,
    calibration: Any = None,
    *,
    name: str = "int8",
    per_channel: bool = True,
    method: str = "minmax",
    dynamic: bool = False,
) -> OnnxRunnable:
    """The model in int8 as ONNX Runtime runs it: written by `to_int8_onnx` to a file of this name in the student's folder."""
    path = place(name)
    to_int8_onnx(model, example, path, calibration, per_channel=per_channel, method=method, dynamic=dynamic)
    return OnnxRunnable(path, name=name)
