"""A torch model as something that can be measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from utils.measure.counts import memory
from utils.measure.counts.macs import NotCountedError, count_macs, first_of, fitted
from utils.measure.runnable import Traffic
from utils.measure.state import untouched


class TorchRunnable:
    """A torch model run eagerly, without gradients, in evaluation mode; the model is left as it was."""

    def __init__(
        self, model: Any, example: Any, *, file: str | Path | None = None, size_bytes: int | None = None, name: str | None = None
    ) -> None:
        """example: a batch (n, ...) whose first sample fixes the shape for MACs and memory.

        file or size_bytes: the checkpoint that ships, or its size in bytes.

        Raises:
            ValueError: not exactly one of file and size_bytes, a size that is not positive, an example that is no batch.
            FileNotFoundError: no such file.
        """
        if (file is None) == (size_bytes is None):
            raise ValueError("give either file= or size_bytes=: the size counts that of the file that ships")
        self.size_bytes = int(size_bytes) if size_bytes is not None else Path(str(file)).stat().st_size
        if self.size_bytes <= 0:
            raise ValueError(f"size_bytes must be positive, got {self.size_bytes}: save the model first")
        self.model, self.name = model, name or type(model).__name__
        self._example = first_of(example)
        self._is_ready = False

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Evaluation mode, set once for many runs."""
        before = self._is_ready
        try:
            with untouched(self.model):
                self._is_ready = True
                yield
        finally:
            self._is_ready = before

    def run(self, batch: np.ndarray) -> np.ndarray:
        """batch: (n, ...) -> logits (n, classes) float32; a half precision model gets its input in half precision."""
        if not self._is_ready:
            with self.ready():
                return self.run(batch)
        return self.model(fitted(self.model, batch)).float().cpu().numpy()

    @property
    def parameters(self) -> int:
        """Elements of all parameters, a shared one once; buffers are not counted.

        Raises:
            ValueError: a layer of torch's own quantization, which shows no parameters.
        """
        if self._is_packed:
            raise ValueError(f"{self.name} has layers of torch's own quantization, which hide their weights: measure its ONNX file")
        return sum(p.numel() for p in self.model.parameters())

    @property
    def _is_packed(self) -> bool:
        """Whether a layer is of torch's own quantization: packed, its weights are neither parameters nor buffers."""
        held = (name for module in self.model.modules() for name in (*vars(module), *module._modules))
        return any(name.startswith(("_packed_", "_all_weight_values")) for name in held)

    @property
    def nonzero(self) -> int:
        """Parameters that are not zero; one under a mask of `torch.nn.utils.prune` counts as zero."""
        masks = dict(self.model.named_buffers())
        total = 0
        for name, parameter in self.model.named_parameters():
            mask = masks.get(name.removesuffix("_orig") + "_mask") if name.endswith("_orig") else None
            total += int((parameter if mask is None else parameter.detach() * mask).count_nonzero())
        return total

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates of one inference, None if the network can't be counted."""
        try:
            return count_macs(self.model, self._example)
        except NotCountedError:
            return None

    @property
    def peak_activation_bytes(self) -> int:
        """Bytes of activations at the worst moment of one inference; the method stands in `utils.measure.counts.liveness`."""
        return memory.peak_activation_bytes(self.model, self._example)

    @property
    def traffic(self) -> Traffic | None:
        """Bytes moved by one inference, by the method of `utils.measure.counts.liveness`.

        None with an embedding, which reads a few rows only, and with weights that can't be seen.
        """
        if self._is_packed or any(isinstance(module, nn.Embedding | nn.EmbeddingBag) for module in self.model.modules()):
            return None
        return memory.traffic(self.model, self._example)

    @property
    def number_format(self) -> str | None:
        """The type of the weights, None if there are several or none, or if they can't be seen."""
        if self._is_packed:
            return None
        kinds = {str(p.dtype).removeprefix("torch.") for p in self.model.parameters() if p.is_floating_point()}
        return kinds.pop() if len(kinds) == 1 else None
