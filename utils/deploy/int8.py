"""From a float network to an int8 one that ONNX Runtime computes in integers.

Static: activations are unsigned bytes whose range is measured beforehand on calibration inputs, weights are
signed bytes with one scale for each output channel (or one for all), biases are 32 bits. The file holds
QuantizeLinear and DequantizeLinear nodes (QDQ); the runtime fuses them with the operation between them.
Dynamic: only the weights are quantized beforehand; the runtime measures each input's range while it runs.

The arithmetic follows Jacob et al. (2018), "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference".
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from utils.deploy.agreement import activation_codes, called, decibels, operation_of, seen_codes
from utils.deploy.fusion import Fusion, is_integer
from utils.deploy.onnx import place, to_onnx
from utils.deploy.onnx_runnable import OnnxRunnable
from utils.deploy.quantizer import METHODS, Quantizer
from utils.deploy.runtime import session
from utils.deploy.silence import reason
from utils.deploy.slim import slim
from utils.files import write_atomically
from utils.measure.arrays import array_of

if TYPE_CHECKING:
    from torch import nn

DECIBELS = 0.0  # of answers over error: at 0 a file of zeros would be as near


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

    The file appears only after ONNX Runtime ran it on calibration inputs (`utils.deploy.agreement`): each operation computes
    what it does in floats to two codes, one that does not stays in floats, and the answers are nearer to the network's than
    zeros are. How near, accuracy tells. A model is left as it was; the same input gives the same bytes.

    source: a model, or the path of a float32 .onnx file. example: a batch (n, ...) float32 of which the first
    sample gives the shape; None if there is a calibration, or a file that says it.
    calibration: (n, ...) float32, inputs as in use, some hundred of the training split; None if `dynamic`.
    per_channel: one scale for each output channel of a weight, instead of one for all of it.
    method: where the range of an activation ends: "minmax" at its extremes, "percentile" leaves out one value in
    100,000 at each end, "entropy" where the clipped histogram is most like the whole.

    Raises:
        FileNotFoundError: no file at `source`.
        ValueError: an unknown method, a calibration that is missing, empty, not finite, constant, not in floats or of
            another shape, no example where it is needed, a model that is not in float32, holds nothing to quantize or can't be
            exported; a file whose answers are not the network's, by the name of the operation where they part.

    >>> import torch
    >>> network = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> path = getfixture("tmp_path") / "net.onnx"
    >>> to_int8_onnx(network, None, path, torch.rand(100, 4)) == path.stat().st_size
    True
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
        quantizer = Quantizer(floats, folder, inputs, per_channel, method)
        made = quantizer.graph()
        if not any(Fusion(made.graph).products()[True]):
            raise ValueError("the model has no convolution or linear layer that can be quantized: ship it in float32")
        data = slim(onnx.ModelProto.FromString(made.SerializeToString()), like=onnx.load(floats))
        _try(data, quantizer, made, batch)
    write_atomically(Path(path), data)
    return len(data)


def _checked(calibration: Any) -> np.ndarray:
    """The calibration inputs, (n, ...) float32, if there is something to measure in them."""
    if calibration is None:
        raise ValueError("static quantization measures ranges: give calibration, some hundred inputs of the training split")
    inputs = array_of(calibration, "calibration")
    if not np.issubdtype(inputs.dtype, np.floating):
        raise ValueError(f"calibration must hold floats as the model takes them, got {inputs.dtype}: normalize it as in training")
    if inputs.ndim < 2 or not inputs.size:
        raise ValueError(f"calibration must be a batch (n, ...) of at least one input, got shape {inputs.shape}: give some hundred")
    with np.errstate(over="ignore"):
        inputs = np.ascontiguousarray(inputs, dtype=np.float32)
    if not np.isfinite(inputs).all():
        raise ValueError("calibration holds values that are NaN or infinite in float32 and have no range: leave those inputs out")
    if inputs.min() == inputs.max():
        raise ValueError(f"calibration is {inputs.flat[0]:g} everywhere, so it shows no range: give real inputs")
    return inputs


def _fitting(floats: Path, example: Any, inputs: np.ndarray | None) -> np.ndarray:
    """A batch to try the file with, (1, ...) float32, if the file is a float32 model that takes such inputs."""
    batch = None if example is None else array_of(example, "the example").astype(np.float32)[:1]
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


def _try(data: bytes, quantizer: Quantizer, made: onnx.ModelProto, batch: np.ndarray) -> None:
    """Raise unless the file runs, for one input and for three, and its answers are nearer to the float file's than zeros are."""
    try:
        file, before = session(data), session(quantizer.floats)
    except Exception as error:  # the runtime's own exception classes share no base
        raise ValueError(f"the quantizer's file does not run ({reason(error)}): ship it in float32") from error
    shown = batch if quantizer.inputs is None else quantizer.compared
    for some in (batch, np.repeat(batch, 3, axis=0), shown):
        try:
            found, expected = (s.run(None, {s.get_inputs()[0].name: some})[0] for s in (file, before))
        except Exception as error:
            raise ValueError(f"the int8 file does not run for {len(some)} inputs ({reason(error)}): ship it in float32") from error
        if found.shape != expected.shape or not np.isfinite(found).all():
            raise ValueError("the int8 file gives outputs of another shape or that are not finite: check the model's weights")
    if (near := decibels(expected, found)) <= DECIBELS:
        remedies = ["give more calibration inputs" if quantizer.inputs is not None else "quantize statically, with calibration"]
        remedies += ["leave per_channel at True"] * (not quantizer.per_channel) + ["use method='minmax'"] * (quantizer.method != "minmax")
        where = f", from {_lost(made, quantizer)} on" if quantizer.inputs is not None else ""
        raise ValueError(
            f"the int8 file's answers are as far from the network's as zeros are ({near:.0f} dB over {len(shown)} inputs{where}): "
            f"{', '.join(remedies)}, or ship it in float32"
        )


def _lost(made: onnx.ModelProto, quantizer: Quantizer) -> str:
    """The first operation whose results are as far from those of the float graph as zeros are."""
    names = activation_codes(made)
    makers = {name: node for node in made.graph.node for name in node.output}
    sources = {name: makers[name].input[0] for name in names}
    floats = onnx.load(quantizer.ready)
    there = {name for node in floats.graph.node for name in node.output}
    kept = [name for name in names if sources[name] in there]
    known = {value.name for value in floats.graph.output}
    floats.graph.output.extend(onnx.ValueInfoProto(name=sources[name]) for name in kept if sources[name] not in known)
    runs = session(floats.SerializeToString())
    values = runs.run([sources[name] for name in kept], {runs.get_inputs()[0].name: quantizer.compared})
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in made.graph.initializer}
    codes = seen_codes(made, quantizer.compared)
    for name, expected in zip(kept, values, strict=True):
        scale, zero = (stored[one] for one in makers[name].input[1:])
        if decibels(expected, (codes[name].astype(np.float32) - zero) * scale) <= DECIBELS:
            return called(operation_of(made, name))
    return "the output"


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
