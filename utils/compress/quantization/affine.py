"""Uniform quantization: real numbers to whole ones and back, x ~ (q - zero_point) * scale (Jacob et al., 2018).

Codes of b bits are 0 .. 2^b - 1 (unsigned) or -2^(b-1) .. 2^(b-1) - 1 (signed).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

MAX_BITS = 16
MIN_SCALE = torch.finfo(torch.float32).tiny  # a smaller scale has not all the digits of a float32, or is 0
MAX_SCALE = torch.finfo(torch.float32).max
Number = float | Tensor


def check_bits(bits: int, least: int = 1) -> None:
    """Raise ValueError unless `bits` is a whole number in least .. 16."""
    if type(bits) is not int or not least <= bits <= MAX_BITS:
        raise ValueError(f"bits must be an integer in {least}..{MAX_BITS}, got {bits!r}: use 8 for int8, 4 or 2 for less")


def check_finite(values: Tensor, what: str) -> None:
    """Raise ValueError if a tensor is empty or holds NaN or infinity."""
    if not values.numel():
        raise ValueError(f"{what} is empty: there is nothing to quantize")
    if not torch.isfinite(values).all():
        raise ValueError(f"{what} holds NaN or infinity: find where it comes from before quantizing")


def check_scale(scale: Number) -> None:
    """Raise ValueError unless a scale is positive and finite everywhere."""
    scale = torch.as_tensor(scale)
    if not bool(((scale > 0) & torch.isfinite(scale)).all()):
        raise ValueError("scale must be positive and finite everywhere: a channel of zeros takes scale 1")


def code_range(bits: int, signed: bool) -> tuple[int, int]:
    """The smallest and the largest code.

    Raises:
        ValueError: bits outside 1..16.
    """
    check_bits(bits)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


def affine_params(low: float, high: float, bits: int = 8, symmetric: bool = False) -> tuple[float, int]:
    """Scale and zero point for values between `low` and `high`; the range is widened to hold 0, which must be exact.

    symmetric: signed codes with zero point 0, as for weights; the most negative code is not used.
    Otherwise unsigned codes, as for activations. A range of width 0 gives (1.0, 0), and so does one too narrow for float32.

    Raises:
        ValueError: bits outside 1..16 (symmetric: 2..16), a bound that is not finite, low above high, a range too wide for float32.
    """
    check_bits(bits, 2 if symmetric else 1)
    low, high = float(low), float(high)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"need finite low <= high, got {low} and {high}: take them from values without NaN or infinity")
    low, high = min(low, 0.0), max(high, 0.0)
    top = (1 << bits - 1) - 1 if symmetric else (1 << bits) - 1
    scale = (max(-low, high) if symmetric else high - low) / top
    if scale > MAX_SCALE:
        raise ValueError(f"the range from {low} to {high} is too wide for a scale in float32: bring the values nearer to 1 first")
    if scale < MIN_SCALE:
        return 1.0, 0
    return scale, 0 if symmetric else min(max(round(-low / scale), 0), top)


def quantize(x: Tensor, scale: Number, zero_point: int | Tensor = 0, bits: int = 8, signed: bool = True) -> Tensor:
    """The code nearest to each value, cut off at the ends of the range; halves go to the even code.

    x: any shape, float. scale, zero_point: numbers, or tensors that broadcast against x (one for each channel).
    Returns a tensor of x's shape in the smallest dtype that holds the codes: int8, uint8, int16 or int32.

    Raises:
        ValueError: bits outside 1..16, x empty or not finite, a scale that is not positive and finite.
    """
    lowest, highest = code_range(bits, signed)
    check_finite(x, "x")
    check_scale(scale)
    x = x.detach().to(torch.promote_types(x.dtype, torch.float32))  # half precision can't count to the codes of 16 bits
    codes = (torch.round(x / scale) + zero_point).clamp(lowest, highest)
    if bits <= 8:
        return codes.to(torch.int8 if signed else torch.uint8)
    return codes.to(torch.int16 if signed or bits < 16 else torch.int32)


def dequantize(q: Tensor, scale: Number, zero_point: int | Tensor = 0) -> Tensor:
    """The values that codes stand for: (q - zero_point) * scale, float32, of q's shape.

    Raises:
        ValueError: codes that are no whole numbers.
    """
    codes = q.to(torch.int64)
    if not bool((codes == q).all()):
        raise ValueError("codes must be integers: give dequantize what quantize returned")
    return ((codes - zero_point).to(torch.float32) * scale).to(torch.float32)


def per_channel_scales(weight: Tensor, bits: int = 8, axis: int = 0) -> Tensor:
    """A symmetric scale for each channel: its largest magnitude over the largest code.

    weight: any shape. axis: which one counts the channels. Returns (weight.shape[axis],) float32; a channel of zeros, or of
    numbers too small for a scale in float32, gets 1.

    Raises:
        ValueError: bits outside 2..16, a weight that is empty or not finite, an axis that it does not have.
    """
    check_bits(bits, 2)
    weight = weight.detach().float()
    check_finite(weight, "the weight")
    if not -weight.ndim <= axis < weight.ndim:
        raise ValueError(f"a weight of shape {tuple(weight.shape)} has no axis {axis}: outputs are axis 0")
    scales = weight.movedim(axis, 0).reshape(weight.shape[axis], -1).abs().amax(1) / ((1 << bits - 1) - 1)
    return torch.where(scales >= MIN_SCALE, scales, 1.0)


def broadcast_along(scales: Tensor, weight: Tensor, axis: int = 0) -> Tensor:
    """Shape `scales` (channels,) so that it broadcasts against `weight` along `axis`."""
    shape = [1] * weight.ndim
    shape[axis] = -1
    return scales.view(shape)
