"""What lab 02 goes on with, where torch itself has the function."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, int8, int16, int32, uint8
from torch.nn.functional import linear

_FAR = 1 << 20  # further out than any code, near enough for float32 to count to


def torch_codes(x: Tensor, scale: Tensor | float, zero_point: Tensor | int, bits: int, signed: bool) -> Tensor:
    """`quantize`: torch rounds to whole steps, and the range is cut off here."""
    steps = torch.fake_quantize_per_tensor_affine((x.detach() / scale).float(), 1.0, 0, -_FAR, _FAR)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    dtype = (int8 if signed else uint8) if bits <= 8 else (int16 if signed or bits < 16 else int32)
    return (steps.int() + zero_point).clamp(low, high).to(dtype)


def torch_linear(q_x: Tensor, q_w: Tensor, q_b: Tensor, x_zero_point: int) -> Tensor:
    """`integer_linear`: torch's linear layer counts in the dtype that it is given."""
    return linear(q_x.to(int32) - x_zero_point, q_w.to(int32), q_b.to(int32))


class TorchFakeQuant:
    """`FakeQuant`: torch has the function with its gradient, for one scale; dividing by the scales first makes it one for all."""

    @staticmethod
    def apply(x: Tensor, scale: Tensor | float, zero_point: int, low: int, high: int) -> Any:
        """x in the form that its codes give it, with a straight-through gradient for x alone."""
        scale = scale.detach() if isinstance(scale, Tensor) else scale
        return torch.fake_quantize_per_tensor_affine(x / scale, 1.0, int(zero_point), low, high) * scale
