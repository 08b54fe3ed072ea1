"""What the values of an int8 graph are while it is read: stored codes, codes of activations, or floats that wait for their codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import numpy_helper

from utils.deploy.mcu.layers import Grid, Layer, Tensor

REMEDY = "write the file with to_int8_onnx"


def a(kind: str) -> str:
    """A kind of operation with its article: an Add, a Conv."""
    return f"{'an' if kind[0] in 'AEIO' else 'a'} {kind}"


Finish = Callable[[str, Grid, str], Layer]  # (name, grid of the output, its name in the file) -> the layer


@dataclass(frozen=True)
class Constant:
    """Stored codes and what they stand for: scale * codes. scale: (1,) or (channels,) float64, along this axis of the codes."""

    codes: np.ndarray
    scale: np.ndarray
    axis: int


@dataclass(frozen=True)
class Pending:
    """A float value in the file: an operation that waits for the grid of its output."""

    kind: str
    finish: Finish


@dataclass
class Values:
    """The values met so far. A tuple stands for the input before it is quantized: its shape without the batch.

    sequence: inputs are (channels, length); they are read as pictures of height one.
    """

    file: str
    stored: dict[str, np.ndarray]
    known: dict[str, tuple[int, ...] | Constant | Tensor | Pending] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    input: Tensor | None = None
    sequence: bool = False

    @classmethod
    def of(cls, graph: onnx.GraphProto, file: str) -> Values:
        """With the arrays that the file stores."""
        return cls(file, {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer})

    def refuse(self, what: str, remedy: str = REMEDY) -> ValueError:
        """The sentence for something that has no layer here."""
        return ValueError(f"{self.file} has {what}: {remedy}")

    def codes(self, node: onnx.NodeProto, at: int = 0) -> Tensor:
        """The activation that a node reads.

        Raises:
            ValueError: it is none in codes.
        """
        value = self.known.get(node.input[at])
        if isinstance(value, Constant) or node.input[at] in self.stored:
            raise self.refuse(f"{a(node.op_type)} of a constant", "only activations have layers here, put constants into a bias")
        if isinstance(value, tuple):
            raise self.refuse(f"{a(node.op_type)} that reads the input itself", "put a convolution or a linear layer first")
        if not isinstance(value, Tensor):
            raise self.refuse(f"{a(node.op_type)} that computes on floats", "quantize the whole model with to_int8_onnx")
        return value

    def picture(self, node: onnx.NodeProto) -> Tensor:
        """The activation that a node reads, of shape (channels, height, width).

        Raises:
            ValueError: it has another shape, or is none in codes.
        """
        tensor = self.codes(node)
        if len(tensor.shape) != 3:
            raise self.refuse(f"{a(node.op_type)} on the shape {tensor.shape}", "only (channels, height, width) has a layer")
        return tensor

    def tables(self, node: onnx.NodeProto, x: Tensor, out_axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(weight int8 with the outputs first, bias (out,) int32, scale_x * scale_w (out,) float64) of a node.

        Raises:
            ValueError: weights that are not stored or not int8, a bias that is not int32 in that scale, scales that do not fit.
        """
        weight = self.known.get(node.input[1])
        if not isinstance(weight, Constant) or weight.codes.dtype != np.int8 or weight.codes.ndim < 2:
            raise self.refuse(f"{a(node.op_type)} whose weights are not stored int8 codes")
        channels = weight.codes.shape[out_axis]
        if weight.scale.size not in (1, channels):
            raise self.refuse(f"{weight.scale.size} scales for the {channels} output channels of {a(node.op_type)}")
        if weight.scale.size > 1 and weight.axis != out_axis:
            raise self.refuse(f"{a(node.op_type)} whose scales lie along axis {weight.axis}, its outputs along axis {out_axis}")
        factor = np.broadcast_to(x.grid.scale * weight.scale, (channels,))
        codes = np.zeros(channels, dtype=np.int32)
        if len(node.input) > 2 and node.input[2]:
            bias = self.known.get(node.input[2])
            if not isinstance(bias, Constant) or bias.codes.dtype != np.int32 or bias.codes.shape != (channels,):
                raise self.refuse(f"{a(node.op_type)} whose bias is not one stored int32 code for each output channel")
            if bias.scale.size not in (1, channels) or not np.allclose(bias.scale, factor, rtol=1e-3, atol=0):
                raise self.refuse(f"{a(node.op_type)} whose bias has another scale than scale_x * scale_w")
            codes = bias.codes
        return np.ascontiguousarray(np.moveaxis(weight.codes, out_axis, 0)), codes, factor

    def wait(self, node: onnx.NodeProto, kind: str, shape: tuple[int, ...], finish: Finish) -> None:
        """Keep an operation until the grid of its output is known.

        Raises:
            ValueError: its output is empty.
        """
        if min(shape) < 1:
            raise self.refuse(f"{a(node.op_type)} whose output is empty, {shape}", "its input is too small")
        self.known[node.output[0]] = Pending(kind, finish)
