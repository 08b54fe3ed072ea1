"""Export to ONNX, and running the file with ONNX Runtime on one thread.

torch has two exporters. The newer one traces with torch.export and takes seconds; the older one
traces the model once and takes a fraction of a second, which is what a lab of a minute can spend.
Both fold batch normalization into the convolution before it and give the same logits. We use the
older one first and the newer one for what it can't do (or where torch has removed it), and never
trust either: the file is run and compared with the model before it gets its name.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from utils.deploy.agreement import FLOAT_TOLERANCE, difference, spread
from utils.deploy.onnx_runnable import OnnxRunnable
from utils.deploy.runtime import bare, session, simplified
from utils.deploy.silence import quiet, reason
from utils.files import my_work, write_atomically
from utils.measure.arrays import array_of

if TYPE_CHECKING:
    from torch import Tensor, nn

OPSET = 20
COMPARED = 8  # inputs of the example, beside three of noise


def _trace(model: nn.Module, batch: Tensor, path: Path) -> None:
    import torch

    # A warning of the tracer means that it has frozen a decision of the model: then the other exporter must do it.
    warnings.simplefilter("error", torch.jit.TracerWarning)
    torch.onnx.export(
        model, (batch,), str(path), dynamo=False, opset_version=OPSET, input_names=["x"], output_names=["y"],
        dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
    )  # fmt: skip


def _export(model: nn.Module, batch: Tensor, path: Path) -> None:
    import torch

    torch.onnx.export(
        model, (batch,), str(path), dynamo=True, opset_version=OPSET, input_names=["x"], output_names=["y"],
        dynamic_shapes=({0: torch.export.Dim("n")},), external_data=False, verbose=False,
    )  # fmt: skip


def _check_answers(model: nn.Module, example: np.ndarray) -> None:
    """Raise unless the model gives one tensor of finite numbers for the example."""
    import torch

    kind = type(model).__name__
    try:
        answers = model(torch.from_numpy(example))
    except Exception as error:  # whatever the model's own code raises
        raise ValueError(
            f"{kind} does not take the example ({type(error).__name__}: {reason(error)}): give a batch as in training"
        ) from error
    if not isinstance(answers, torch.Tensor):
        raise ValueError(f"{kind} gives a {type(answers).__name__} and a file here has one output: return one tensor")
    if not torch.isfinite(answers).all():
        raise ValueError(f"{kind} gives NaN or infinity for the example: check its weights")


def _largest_difference(model: nn.Module, example: np.ndarray, path: Path) -> float:
    """Between model and file, on the example and on noise, each a batch of another size; relative to the largest logit above one."""
    import torch

    noise = np.random.default_rng(0).normal(size=(3, *example.shape[1:])).astype(np.float32)
    file = session(path.read_bytes())
    return max(difference(model(torch.from_numpy(given)).numpy(), file.run(None, {"x": given})[0]) for given in (example, noise))


def _parting(model: nn.Module, example: np.ndarray, path: Path) -> str:
    """Where model and file part: the first layer behind the last one whose result the file has, too; empty if there is none."""
    import torch

    made: list[tuple[str, np.ndarray]] = []
    layers = [(name, layer) for name, layer in model.named_modules() if name and not list(layer.children())]

    def note(name: str, result: Any) -> None:
        if isinstance(result, torch.Tensor):
            made.append((name, result.numpy()))

    handles = [layer.register_forward_hook(lambda _, __, result, name=name: note(name, result)) for name, layer in layers]
    try:
        model(torch.from_numpy(example))
    finally:
        for handle in handles:
            handle.remove()
    graph = onnx.load(path)
    names = [name for node in graph.graph.node for name in node.output if name]
    del graph.graph.output[:]
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    found = session(graph.SerializeToString()).run(None, {"x": example})
    met = [any(isinstance(one, np.ndarray) and difference(result, one) <= FLOAT_TOLERANCE for one in found) for _, result in made]
    behind = len(met) - met[::-1].index(True) if True in met else 0
    if behind == len(made):
        return f" behind {made[-1][0]!r}" if made else ""
    kind = type(model.get_submodule(made[behind][0])).__name__
    return f" from {made[behind][0]!r} ({kind}) on"


def to_onnx(model: nn.Module, example: Any, path: str | Path) -> int:
    """Write `model` to one .onnx file, weights inside, any batch size; return its size in bytes.

    The file appears only after ONNX Runtime gave the model's own answers, for up to eight inputs of the example and three of
    noise, to a ten-thousandth of the largest (`utils.deploy.agreement` says why); the model is left as it was.
    example: a batch (n, ...) float32 of which the first sample gives the shape. Input "x", output "y".

    Raises:
        ValueError: the model or the example is not in float32, the model's answers for the example are not one tensor of finite
            numbers, or the model can't be exported faithfully; the sentence names the
            layer from which on the answers differ, where they do.

    >>> import torch
    >>> path = getfixture("tmp_path") / "net.onnx"
    >>> to_onnx(torch.nn.Linear(4, 2), torch.zeros(1, 4), path) == path.stat().st_size
    True
    """
    import torch

    from utils.measure.counts.macs import first_of
    from utils.measure.state import untouched

    if not hasattr(model, "parameters"):
        raise ValueError(f"a module of torch can be exported, got {type(model).__name__}: give the model itself")
    batch, shown = first_of(example).detach().contiguous(), spread(array_of(example, "the example"), COMPARED)
    kinds = {tensor.dtype for tensor in (batch, *model.parameters(), *model.buffers()) if tensor.is_floating_point()}
    if kinds != {torch.float32}:
        raise ValueError(f"export needs model and example in float32, got {', '.join(sorted(map(str, kinds)))}: call model.float() first")
    path = Path(path)
    problems = []
    with tempfile.TemporaryDirectory() as folder, untouched(model), quiet():
        _check_answers(model, shown)
        draft = Path(folder) / "model.onnx"
        for attempt in (_trace, _export):
            try:
                with warnings.catch_warnings():
                    attempt(model, batch, draft)
                apart = _largest_difference(model, shown, draft)
                where = "" if apart <= FLOAT_TOLERANCE else _parting(model, shown, draft)
            except Exception as error:  # exporters raise whatever their inner parts raise
                problems.append(f"{type(error).__name__}: {reason(error)}")
                continue
            if apart <= FLOAT_TOLERANCE:
                exported = onnx.load(draft)
                pads = any(node.op_type == "Pad" for node in exported.graph.node)
                data = bare(simplified(exported) if pads else exported)
                write_atomically(path, data)
                return len(data)
            problems.append(f"the file's answers differ by {apart:.1e}{where}")
    ceiled = [name for name, layer in model.named_modules() if getattr(layer, "ceil_mode", False)]
    remedy = f"leave ceil_mode out of {ceiled[0]!r}, or simplify its forward method" if ceiled else "simplify its forward method"
    raise ValueError(f"{type(model).__name__} can't be exported faithfully to ONNX ({'; '.join(problems)}): {remedy}")


def place(name: str) -> Path:
    """The file of this name in the student's folder."""
    return my_work() / "onnx" / f"{name.replace(' ', '-')}.onnx"


def runnable(model: nn.Module, example: Any, name: str) -> OnnxRunnable:
    """The model as ONNX Runtime runs it: exported to a file of this name in the student's folder.

    Raises:
        ValueError: the model can't be exported faithfully.
    """
    path = place(name)
    to_onnx(model, example, path)
    return OnnxRunnable(path, name=name)
