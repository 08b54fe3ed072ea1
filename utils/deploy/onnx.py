"""Export to ONNX, and running the file with ONNX Runtime on one thread.

torch has two exporters. The newer one traces with torch.export and takes seconds; the older one
traces the model once and takes a fraction of a second, which is what a lab of a minute can spend.
Both fold batch normalisation into the convolution before it and give the same logits. We use the
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
from utils.deploy.graph import OnnxGraph
from utils.deploy.runtime import bare, session, simplified
from utils.deploy.silence import quiet, reason
from utils.files import my_work, write_atomically
from utils.measure.arrays import array_of
from utils.measure.runnable import Traffic

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
    return f" from {made[behind][0]!r} on, a {kind}"


def to_onnx(model: nn.Module, example: Any, path: str | Path) -> int:
    """Write `model` to one .onnx file, weights inside, any batch size; return its size in bytes.

    The file appears only after ONNX Runtime gave the model's own answers, for up to eight inputs of the example and three of
    noise, to a ten-thousandth of the largest (`utils.deploy.agreement` says why); the model is left as it was.
    example: a batch (n, ...) float32 of which the first sample gives the shape. Input "x", output "y".

    Raises:
        ValueError: the model or the example is not in float32, or the model can't be exported faithfully; the sentence names the
            layer from which on the answers differ, where they do.

    >>> import torch
    >>> path = getfixture("tmp_path") / "net.onnx"
    >>> to_onnx(torch.nn.Linear(4, 2), torch.zeros(1, 4), path) == path.stat().st_size
    True
    """
    import torch

    from utils.measure.macs import first_of
    from utils.measure.state import untouched

    batch, shown = first_of(example).detach().contiguous(), spread(array_of(example), COMPARED)
    kinds = {tensor.dtype for tensor in (batch, *model.parameters(), *model.buffers()) if tensor.is_floating_point()}
    if kinds != {torch.float32}:
        raise ValueError(f"export needs model and example in float32, got {', '.join(sorted(map(str, kinds)))}: call model.float() first")
    path = Path(path)
    problems = []
    with tempfile.TemporaryDirectory() as folder, untouched(model), quiet():
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


class OnnxRunnable:
    """An .onnx file in ONNX Runtime, one thread, CPU. `size_bytes` is the file with any data file beside it."""

    def __init__(self, path: str | Path, *, name: str | None = None, sample: tuple[int, ...] | None = None) -> None:
        """sample: shape of one input without the batch; needed only where the file leaves it open.

        Raises:
            FileNotFoundError: no such file.
            ValueError: not a model that runs, not exactly one input, or an open shape and no `sample`.

        >>> import torch
        >>> path = getfixture("tmp_path") / "net.onnx"
        >>> size = to_onnx(torch.nn.Linear(4, 2), torch.zeros(1, 4), path)
        >>> file = OnnxRunnable(path)
        >>> file.run(torch.rand(5, 4)).shape, file.macs, file.parameters
        ((5, 2), 8, 10)
        """
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"no model at {self.path}: export it first with to_onnx")
        try:
            self._session = session(self.path)
        except Exception as error:  # the runtime's own exception classes share no base
            raise ValueError(f"{self.path} is not a model that ONNX Runtime can run ({reason(error)}): export it again") from error
        if len(inputs := self._session.get_inputs()) != 1:
            raise ValueError(f"{self.path} takes {len(inputs)} inputs, but one batch is given here: export a model with one input")
        self._input, shape = inputs[0].name, inputs[0].shape
        if not shape:
            raise ValueError(
                f"{self.path} takes no batch: its input has {'no axes' if shape == [] else 'no shape'}, export it with to_onnx"
            )
        kind = inputs[0].type.removeprefix("tensor(").removesuffix(")")
        self._type = {"float": "float32", "double": "float64"}.get(kind, kind)
        self._fixed_batch = shape[0] if isinstance(shape[0], int) else None
        if sample is None and not all(isinstance(size, int) for size in shape[1:]):
            raise ValueError(f"{self.path} leaves its input open ({shape}): give sample=, the shape of one input such as (1, 28, 28)")
        fixed = tuple(size if isinstance(size, int) else None for size in shape[1:])
        fits = sample is None or (len(sample) == len(fixed) and all(a in (b, None) for a, b in zip(fixed, sample, strict=True)))
        if sample is not None and not (fits and min(sample, default=1) >= 1):
            raise ValueError(f"{self.path} takes inputs of shape {list(shape[1:])}, and sample={tuple(sample)} is none: give one that fits")
        self.name = name or self.path.stem
        self._shape = fixed
        self._graph = OnnxGraph(self.path, tuple(shape[1:] if sample is None else sample))

    def run(self, batch: np.ndarray) -> np.ndarray:
        """batch: (n, ...) floats, an array or a tensor -> logits (n, classes) float32.

        Raises:
            ValueError: a batch of another shape, of integers where the file takes floats, or one whose size a file with a fixed
                batch can't be fed with.
        """
        batch = self._converted(batch)
        fixed, shape = self._fixed_batch, batch.shape
        if len(shape) != len(self._shape) + 1 or any(a not in (b, None) for a, b in zip(self._shape, shape[1:], strict=True)):
            wanted = ", ".join("any" if size is None else str(size) for size in self._shape)
            raise ValueError(f"{self.path} takes a batch (n, {wanted}), got shape {shape}: prepare the inputs as in training")
        if fixed and len(batch) != fixed:
            if len(batch) % fixed:
                raise ValueError(f"{self.path} takes {fixed} inputs at a time, got {len(batch)}: give a multiple of it")
            return np.concatenate([self.run(batch[at : at + fixed]) for at in range(0, len(batch), fixed)])
        return self._session.run(None, {self._input: batch})[0].astype(np.float32, copy=False)

    def _converted(self, batch: Any) -> np.ndarray:
        """In the type that the file takes: floats of another precision are converted, what means something else is refused."""
        array = array_of(batch)
        wanted = np.dtype(self._type) if self._type in np.sctypeDict else None
        if wanted is None or array.dtype == wanted:
            return array
        if np.issubdtype(array.dtype, np.floating) != np.issubdtype(wanted, np.floating):
            remedy = "normalize them as in training" if np.issubdtype(wanted, np.floating) else "give integers"
            raise ValueError(f"{self.path.name} takes {wanted} inputs, got {array.dtype}: {remedy}")
        return array.astype(wanted)

    @property
    def size_bytes(self) -> int:
        """Of the file and of every data file that it points to."""
        bare = onnx.load(self.path, load_external_data=False)
        beside = {e.value for t in bare.graph.initializer for e in t.external_data if e.key == "location"}
        return self.path.stat().st_size + sum((self.path.parent / name).stat().st_size for name in beside)

    @property
    def parameters(self) -> int:
        """Numbers stored for computing: weights, biases, scales and zero points."""
        return self._graph.parameters[0]

    @property
    def nonzero(self) -> int:
        """Those of `parameters` that are not zero."""
        return self._graph.parameters[1]

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates of one inference, None if a node can't be counted."""
        return self._graph.macs

    @property
    def peak_activation_bytes(self) -> int | None:
        """Bytes of activations at the worst moment, None where `utils.deploy.graph` can't tell."""
        return self._graph.peak_activation_bytes

    @property
    def traffic(self) -> Traffic | None:
        """Bytes moved by one inference, None where `utils.deploy.graph` can't tell."""
        return self._graph.traffic

    @property
    def number_format(self) -> str | None:
        """What is multiplied: "int8" for a quantized graph, else the float type of the weights."""
        return self._graph.number_format


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
