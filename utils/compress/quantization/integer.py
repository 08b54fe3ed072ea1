"""Arithmetic on codes alone, as an integer-only device does it (Jacob et al., 2018, sections 2.2 and 2.3)."""

from __future__ import annotations

import torch
from torch import Tensor


def integer_linear(q_x: Tensor, q_w: Tensor, q_b: Tensor | None, x_zero_point: int) -> Tensor:
    """Accumulators of a linear layer: sum over inputs of (q_x - x_zero_point) * q_w, plus q_b. No float anywhere.

    q_x: (n, in) codes, uint8 or another integer. q_w: (out, in) symmetric codes, int8. q_b: (out,) int32 in units of
    scale_x * scale_w, or None. Returns (n, out) int32; times scale_x * scale_w they are the layer's output.

    Raises:
        ValueError: a float tensor, a zero point that is no whole number, shapes that do not fit, or a sum that int32 can't hold.
    """
    for name, tensor in {"q_x": q_x, "q_w": q_w, "q_b": q_b}.items():
        if tensor is not None and (tensor.is_floating_point() or tensor.is_complex()):
            raise ValueError(f"{name} must hold integers, got {tensor.dtype}: quantize it first")
    if q_x.ndim != 2 or q_w.ndim != 2 or q_x.shape[1] != q_w.shape[1]:
        raise ValueError(f"need q_x (n, in) and q_w (out, in), got {tuple(q_x.shape)} and {tuple(q_w.shape)}")
    if q_b is not None and q_b.shape != q_w.shape[:1]:
        raise ValueError(f"q_b must be ({len(q_w)},), one for each output, got shape {tuple(q_b.shape)}")
    if x_zero_point != int(x_zero_point):
        raise ValueError(f"x_zero_point must be an integer, got {x_zero_point}: it is a code")
    sums = (q_x.long() - int(x_zero_point)) @ q_w.long().T
    if q_b is not None:
        sums = sums + q_b.long()
    if not _fits_int32(sums):
        raise ValueError("an accumulator does not fit int32: use fewer inputs or fewer bits")
    return sums.int()


def _fits_int32(numbers: Tensor) -> bool:
    bounds = torch.iinfo(torch.int32)
    return not numbers.numel() or bounds.min <= int(numbers.min()) <= int(numbers.max()) <= bounds.max


def to_fixed_point(scale: float) -> tuple[int, int]:
    """A real factor as multiplier / 2^shift with a multiplier of 31 bits: what `requantize` takes.

    Raises:
        ValueError: a factor outside (0, 1), which is where ratios of scales lie, or one below 2^-32.
    """
    if not 2.0**-32 <= scale < 1:
        raise ValueError(f"the factor must lie in [2^-32, 1), got {scale}: it is scale_x * scale_w / scale_y")
    shift = 0
    while round(scale * 2.0 ** (shift + 1)) < 1 << 31:
        shift += 1
    return round(scale * 2.0**shift), shift


def requantize(acc: Tensor, multiplier: int, shift: int, zero_point: int) -> Tensor:
    """Accumulators to the next layer's codes by whole numbers: (acc * multiplier) / 2^shift, halves up, plus the zero point.

    acc: any shape, int32. multiplier: in 1 .. 2^31 - 1; shift: in 1 .. 62; zero_point: a code, in 0 .. 255. Returns uint8 of
    acc's shape, cut off at 0 and 255.

    Raises:
        ValueError: accumulators that are no integers of 32 bits, a multiplier, a shift or a zero point out of bounds.
    """
    if acc.is_floating_point() or acc.is_complex():
        raise ValueError(f"acc must hold integers, got {acc.dtype}: use integer_linear")
    if not 1 <= multiplier < 1 << 31 or not 1 <= shift <= 62:
        raise ValueError(f"need a multiplier in 1..2^31 - 1 and a shift in 1..62, got {multiplier} and {shift}: use to_fixed_point")
    if not 0 <= zero_point <= 255 or zero_point != int(zero_point):
        raise ValueError(f"zero_point must be a code in 0..255, got {zero_point}: take it from affine_params")
    if not _fits_int32(acc):
        raise ValueError("an accumulator does not fit int32: use integer_linear")
    rounded = (acc.long() * multiplier + (1 << shift - 1)) >> shift  # below 2^62 + 2^61, so int64 holds it
    return (rounded + zero_point).clamp(0, 255).to(torch.uint8)
