"""a network in integers only: what the C code computes, in numpy, code by code."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from utils.deploy.mcu.arena import Arena, planned
from utils.deploy.mcu.layers import Add, Flatten, Layer, Tensor
from utils.deploy.mcu.reading.onnx_import import read
from utils.measure.arrays import array_of

MAX_CUT = 0.01  # share of the inputs' values that may be cut off without a word
BATCH = 32  # samples at once: what a few layers of them take stays in a processor's cache


class IntegerNetwork:
    """layers: in the order in which they run; input, output: their codes; sample_shape: of one input in the file.

    The codes that come out differ a little from ONNX Runtime's: it rescales in floats and rounds halves to the even code,
    here whole numbers round halves up. A layer alone differs by one code at most, in fewer than four places of a
    thousand; only an average pooling over two or four places meets halves often and differs in up to a quarter of them.
    Over the zoo's small networks no code of the output differs by more than two, and the first choice is the same for at
    least 99.5 % of the images. Tests hold all of it.
    """

    def __init__(self, layers: list[Layer], input: Tensor, output: Tensor, sample_shape: tuple[int, ...], name: str = "network") -> None:
        self.layers, self.input, self.output, self.sample_shape, self.name = tuple(layers), input, output, sample_shape, name

    @classmethod
    def from_onnx(cls, path: str | Path) -> IntegerNetwork:
        """The network in an int8 .onnx file of `utils.deploy.to_int8_onnx`.

        Layers: Conv of one group or depthwise, Gemm and MatMul with stored weights, Add of two activations, MaxPool,
        AveragePool, GlobalAveragePool, ReduceMean over all places, Flatten and Reshape to a row. A sequence (channels,
        length) is read as a picture of height one. A relu that became part of a grid is no layer: codes end at the zero
        point by themselves.

        Raises:
            FileNotFoundError: no such file.
            ValueError: no such model, or one with an operation that has no layer here, which is named.
        """
        return cls(*read(path), name=Path(path).stem)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Name -> activation: the input, then what each layer makes."""
        return {tensor.name: tensor for tensor in (self.input, *(layer.output for layer in self.layers))}

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one sample."""
        return sum(layer.macs for layer in self.layers)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all tables: int8 weights, and 9 bytes for each output channel."""
        return sum(layer.weight_bytes for layer in self.layers)

    def codes(self, x: np.ndarray) -> np.ndarray:
        """Float inputs (n, *sample_shape) -> their uint8 codes of the same shape, rounded as ONNX Runtime does (halves to even).

        Where more than one value in a hundred lies beyond the codes and is cut off, a warning says so.

        Raises:
            ValueError: another shape, integers, or values that are not finite.
        """
        x = array_of(x)
        if not np.issubdtype(x.dtype, np.floating):
            raise ValueError(f"codes() takes normalized floats, got {x.dtype}, which looks like codes already: give them to run()")
        x = x.astype(np.float32)
        self._check(x)
        if not np.isfinite(x).all():
            raise ValueError("inputs hold values that are NaN or infinite and have no code: leave them out")
        grid = self.input.grid
        codes = np.rint(x / np.float32(grid.scale)) + grid.zero_point
        cut = np.count_nonzero((codes < 0) | (codes > 255)) / max(1, codes.size)
        if cut > MAX_CUT:
            low, high = (grid.scale * (end - grid.zero_point) for end in (0, 255))
            remedy = "normalize them as in training, or calibrate on inputs like these"
            text = f"{cut:.0%} of the values lie beyond the codes ({low:.3g} to {high:.3g}) and are clipped: {remedy}"
            warnings.warn(text, stacklevel=2)
        return np.clip(codes, 0, 255).astype(np.uint8)

    def logits(self, codes: np.ndarray) -> np.ndarray:
        """uint8 codes of the output, (n, classes) -> what they stand for, float32."""
        return (np.asarray(codes).astype(np.float32) - self.output.grid.zero_point) * np.float32(self.output.grid.scale)

    def run(self, codes: np.ndarray) -> np.ndarray:
        """uint8 codes (n, *sample_shape) -> uint8 codes of the output, (n, classes).

        Raises:
            ValueError: codes that are not uint8, or of another shape.
        """
        made = [values[self.output.name] for values in self._batches(codes)]
        return np.concatenate(made) if made else np.zeros((0, *self.output.shape), dtype=np.uint8)

    def activations(self, codes: np.ndarray) -> dict[str, np.ndarray]:
        """uint8 codes (n, *sample_shape) -> name of each tensor -> its uint8 codes, (n, *shape); all of them at once in memory.

        Raises:
            ValueError: as `run`.
        """
        made = list(self._batches(codes))
        empty = {name: np.zeros((0, *tensor.shape), dtype=np.uint8) for name, tensor in self.tensors.items()}
        return {name: np.concatenate([values[name] for values in made]) for name in self.tensors} if made else empty

    def _batches(self, codes: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
        codes = np.asarray(codes)
        if codes.dtype != np.uint8:
            raise ValueError(f"codes must be uint8, got {codes.dtype}: make them with network.codes(x)")
        self._check(codes)
        for at in range(0, len(codes), BATCH):
            batch = codes[at : at + BATCH]
            values = {self.input.name: batch.reshape(len(batch), *self.input.shape)}
            for layer in self.layers:
                values[layer.name] = layer.compute(*(values[tensor.name] for tensor in layer.inputs))
            yield values

    def _check(self, batch: np.ndarray) -> None:
        if batch.shape[1:] != self.sample_shape or batch.ndim < 2:
            wanted = ", ".join(map(str, self.sample_shape))
            raise ValueError(f"{self.name} takes a batch (n, {wanted}), got shape {batch.shape}: prepare the inputs as in training")

    @cached_property
    def arena(self) -> Arena:
        """Where each activation lies in one block of memory; those that share a buffer (`buffers`) have the same offset."""
        first = {self.input.name: 0} | {layer.name: at for at, layer in enumerate(self.layers)}
        last = dict(first) | {self.output.name: len(self.layers) - 1}
        for at, layer in enumerate(self.layers):
            last.update((tensor.name, max(last[tensor.name], at)) for tensor in layer.inputs)
        shared: dict[str, tuple[str, int, int, int]] = {}
        for name, buffer in self.buffers.items():
            _, _, begin, end = shared.get(buffer, (buffer, 0, first[name], last[name]))
            shared[buffer] = (buffer, self.tensors[name].size_bytes, min(begin, first[name]), max(end, last[name]))
        plan = planned(list(shared.values()))
        offsets = {name: plan.offsets[buffer] for name, buffer in self.buffers.items()}
        return Arena(offsets, plan.size_bytes, plan.lower_bound, plan.tensors)

    @cached_property
    def buffers(self) -> dict[str, str]:
        """Name of a tensor -> name of the one whose bytes it takes over.

        A flattening keeps its input's bytes. An addition writes over an input of equal size that nobody reads afterwards:
        it reads each code before it writes that place, and no other.
        """
        readers: dict[str, list[int]] = {name: [] for name in self.tensors}
        for at, layer in enumerate(self.layers):
            for tensor in layer.inputs:
                readers[tensor.name].append(at)
        buffer = {self.input.name: self.input.name}
        for at, layer in enumerate(self.layers):
            buffer[layer.name] = layer.name
            for tensor in layer.inputs:
                others = [name for name, home in buffer.items() if home == buffer[tensor.name] and name != layer.name]
                free = all(reader <= at for name in others for reader in readers[name]) and self.output.name not in others
                if isinstance(layer, Flatten) or (isinstance(layer, Add) and free):
                    buffer[layer.name] = buffer[tensor.name]
                    break
        return buffer

    def to_c_order(self, codes: np.ndarray) -> np.ndarray:
        """Codes (n, *sample_shape) -> (n, bytes) as the C code reads them: of a picture, the channels of a pixel side by side."""
        codes = array_of(codes)
        self._check(codes)
        rows = codes.reshape(len(codes), *self.input.shape)
        rows = rows.transpose(0, 2, 3, 1) if rows.ndim == 4 else rows
        return np.ascontiguousarray(rows.reshape(len(codes), math.prod(self.input.shape)))

    def from_c_order(self, rows: np.ndarray) -> np.ndarray:
        """(n, bytes) as the C code leaves its output -> codes (n, *shape of the output)."""
        shape = self.output.shape
        if len(shape) == 1:
            return rows
        return rows.reshape(len(rows), *shape[1:], shape[0]).transpose(0, 3, 1, 2)
