"""The layers of a network in integers: what each holds, and what it computes on codes.

Activations are uint8 codes in the layout (n, channels, height, width) or (n, features); a code q stands for
scale * (q - zero_point). Weights are int8, biases int32 in units of scale_x * scale_w. Beyond the picture lies the
zero point, which stands for 0.0.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.deploy.mcu.arithmetic import requantize, to_codes


@dataclass(frozen=True)
class Grid:
    """What codes stand for: scale * (code - zero_point)."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class Tensor:
    """An activation. shape: of one sample, (c, h, w) or (features,); onnx_name: its codes' name in the file."""

    name: str
    shape: tuple[int, ...]
    grid: Grid
    onnx_name: str = ""

    @property
    def size_bytes(self) -> int:
        """One byte for each code."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Window:
    """A kernel that moves over a picture. All pairs are (vertical, horizontal); pads: top, left, bottom, right."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def output(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of what it makes of a picture."""
        top, left, bottom, right = self.pads
        return (height + top + bottom - self.kernel[0]) // self.stride[0] + 1, (width + left + right - self.kernel[1]) // self.stride[1] + 1

    def views(self, x: np.ndarray, fill: int) -> np.ndarray:
        """x: (n, c, h, w) -> (n, c, out_h, out_w, kernel_h, kernel_w), with `fill` around the picture."""
        top, left, bottom, right = self.pads
        if any(self.pads):
            x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
        views = np.lib.stride_tricks.sliding_window_view(x, self.kernel, axis=(2, 3))
        return views[:, :, :: self.stride[0], :: self.stride[1]]


@dataclass(frozen=True, kw_only=True)
class Layer(ABC):
    """name: also that of the tensor that it makes. inputs: the tensors that it reads; output: what it makes."""

    name: str
    inputs: tuple[Tensor, ...]
    output: Tensor

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one sample."""
        return 0

    @property
    def weight_bytes(self) -> int:
        """Bytes of its tables: weights, and for each output channel 4 of bias, 4 of multiplier and 1 of shift."""
        return 0

    @abstractmethod
    def compute(self, *codes: np.ndarray) -> np.ndarray:
        """Codes of the inputs, (n, ...) uint8 each -> codes of the output, (n, ...) uint8."""


@dataclass(frozen=True, kw_only=True)
class Weighted(Layer):
    """A layer with weights. weight: (out, ...) int8; bias: (out,) int32; multiplier, shift: (out,), see `fixed_point`."""

    weight: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: np.ndarray

    def __post_init__(self) -> None:
        """Refuse a layer whose sums could leave 32 bits, which C does not define.

        Raises:
            ValueError: such a layer.
        """
        weight = np.abs(self.weight.astype(np.int64)).reshape(len(self.weight), -1).sum(1)
        if (2 * 255 * weight + np.abs(self.bias.astype(np.int64))).max() >= 1 << 31:  # twice: what the zero point adds lies in the bias
            raise ValueError(f"{self.name} may need more than 32 bits for a sum: use fewer inputs or smaller weights")

    @property
    def weight_bytes(self) -> int:
        """Weights, and for each output channel 4 bytes of bias, 4 of multiplier and 1 of shift."""
        return self.weight.size + 9 * len(self.weight)

    @property
    def folded_bias(self) -> np.ndarray:
        """(out,) int32: the bias less what the zero point of the input adds at all weights, so that C multiplies the codes as they are."""
        sums = self.weight.astype(np.int64).reshape(len(self.weight), -1).sum(1)
        return (self.bias - self.inputs[0].grid.zero_point * sums).astype(np.int32)


@dataclass(frozen=True, kw_only=True)
class Conv(Weighted):
    """weight: (out, in, kernel_h, kernel_w), or (channels, 1, kernel_h, kernel_w) where it is depthwise."""

    window: Window
    depthwise: bool = False

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one sample, those on the padding too."""
        return self.output.size_bytes * self.weight[0].size

    @property
    def params(self) -> dict[str, Any]:
        """Zero points, multipliers, shifts, stride and padding by name, as `int8_conv2d` takes them."""
        return {
            "x_zero_point": self.inputs[0].grid.zero_point, "y_zero_point": self.output.grid.zero_point,
            "multipliers": self.multiplier, "shifts": self.shift, "stride": self.window.stride[0], "padding": self.window.pads[0],
        }  # fmt: skip

    def compute(self, *codes: np.ndarray) -> np.ndarray:
        """Codes (n, in, h, w) -> codes (n, out, out_h, out_w)."""
        (x,) = codes
        sums = self._depthwise(x) if self.depthwise else self._dense(x)
        sums += self.bias[:, None, None]
        return requantize(sums, self.multiplier[:, None, None], self.shift[:, None, None], self.output.grid.zero_point)

    def _dense(self, x: np.ndarray) -> np.ndarray:
        """Sums as one matrix product a picture. In float64, which is exact: every sum is a whole number far below 2^53."""
        zero_point = self.inputs[0].grid.zero_point
        if self.window == Window((1, 1)):
            columns = x.reshape(len(x), x.shape[1], -1)
        else:
            columns = self.window.views(x, zero_point).transpose(0, 1, 4, 5, 2, 3)
            columns = columns.reshape(len(x), self.weight[0].size, -1)
        products = self.weight.reshape(len(self.weight), -1).astype(np.float64) @ (columns.astype(np.float64) - zero_point)
        return products.astype(np.int64).reshape(len(x), *self.output.shape)

    def _depthwise(self, x: np.ndarray) -> np.ndarray:
        zero_point = self.inputs[0].grid.zero_point
        views = self.window.views(x, zero_point)
        sums = np.zeros((len(x), *self.output.shape), dtype=np.int32)
        for row in range(self.window.kernel[0]):
            for column in range(self.window.kernel[1]):
                weight = self.weight[:, 0, row, column, None, None].astype(np.int32)
                sums += (views[..., row, column].astype(np.int32) - zero_point) * weight
        return sums


@dataclass(frozen=True, kw_only=True)
class Dense(Weighted):
    """A linear layer. weight: (out, in)."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one sample."""
        return self.weight.size

    def compute(self, *codes: np.ndarray) -> np.ndarray:
        """Codes (n, in) -> codes (n, out)."""
        centered = codes[0].astype(np.float64) - self.inputs[0].grid.zero_point  # exact, as in Conv
        sums = (centered @ self.weight.T.astype(np.float64)).astype(np.int64) + self.bias
        return requantize(sums, self.multiplier, self.shift, self.output.grid.zero_point)


@dataclass(frozen=True, kw_only=True)
class MaxPool(Layer):
    """The largest code in a window; what lies beyond the picture does not count."""

    window: Window

    def compute(self, *codes: np.ndarray) -> np.ndarray:
        """Codes (n, c, h, w) -> codes (n, c, out_h, out_w)."""
        return self.window.views(codes[0], 0).max(axis=(4, 5))


@dataclass(frozen=True, kw_only=True)
class AveragePool(Layer):
    """The mean of a window, padding counted as 0.0; over the whole picture it is the global mean."""

    window: Window
    multiplier: int
    shift: int

    def compute(self, *codes: np.ndarray) -> np.ndarray:
        """Codes (n, c, h, w) -> codes (n, c, out_h, out_w), or (n, c) where the output is flat."""
        zero_point = self.inputs[0].grid.zero_point
        sums = self.window.views(codes[0].astype(np.int32) - zero_point, 0).sum(axis=(4, 5), dtype=np.int64)
        return requantize(sums, self.multiplier, self.shift, self.output.grid.zero_point).reshape(-1, *self.output.shape)


@dataclass(frozen=True, kw_only=True)
class Add(Layer):
    """The sum of two tensors with scales of their own, rounded once."""

    multipliers: tuple[int, int]
    shift: int

    def compute(self, *codes: np.ndarray) -> np.ndarray:
        """Codes of two equal shapes -> codes of that shape."""
        sums = np.zeros(codes[0].shape, dtype=np.int64)
        for x, tensor, multiplier in zip(codes, self.inputs, self.multipliers, strict=True):
            sums += (x.astype(np.int64) - tensor.grid.zero_point) * multiplier
        return to_codes(sums, self.shift, self.output.grid.zero_point)


@dataclass(frozen=True, kw_only=True)
class Flatten(Layer):
    """The same codes in one row; no work."""

    def compute(self, *codes: np.ndarray) -> np.ndarray:
        """Codes (n, c, h, w) -> codes (n, c * h * w)."""
        return codes[0].reshape(len(codes[0]), -1)
