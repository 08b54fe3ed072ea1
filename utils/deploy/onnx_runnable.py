"""An .onnx file as a contestant of the scorecard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from utils.deploy.graph import OnnxGraph
from utils.deploy.runtime import session
from utils.deploy.silence import reason
from utils.measure.arrays import array_of
from utils.measure.runnable import Traffic


class OnnxRunnable:
    """An .onnx file in ONNX Runtime, one thread, CPU. `size_bytes` is the file with any data file beside it."""

    def __init__(self, path: str | Path, *, name: str | None = None, sample: tuple[int, ...] | None = None) -> None:
        """sample: shape of one input without the batch; needed only where the file leaves it open.

        Raises:
            FileNotFoundError: no such file.
            ValueError: not a model that runs, not exactly one input, or an open shape and no `sample`.

        >>> import torch
        >>> from utils.deploy import to_onnx
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
