"""Quantized weights in a file: b bits for each code, one scale for each channel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Codes:
    """A weight as whole numbers.

    values: signed codes of `bits` bits, in an integer dtype. scale: (channels,) float32, one for each output channel.
    axis: which axis of the values counts the output channels: 0, or 1 of a transposed convolution.
    """

    values: Tensor
    scale: Tensor
    bits: int
    axis: int = 0

    def values_as_float(self) -> Tensor:
        """The weight that the codes stand for: float32, of their shape, the same to the last bit each time.

        >>> Codes(torch.tensor([[3], [-1]], dtype=torch.int8), torch.tensor([0.5, 2.0]), 4).values_as_float().tolist()
        [[1.5], [-2.0]]
        """
        return self.values.float() * self.scale.view([-1 if at == self.axis else 1 for at in range(self.values.ndim)])


def pack_codes(codes: Codes) -> Tensor:
    """The codes one behind the other, `bits` bits each: uint8 of ceil(n * bits / 8).

    Raises:
        ValueError: bits outside 1..16, codes that are no integers, or one that does not fit its bits.
    """
    values = codes.values.cpu()
    if values.is_floating_point() or type(codes.bits) is not int or not 1 <= codes.bits <= 16:
        raise ValueError(f"need codes of 1 to 16 bits in an integer dtype, got {codes.bits} bits in {values.dtype}: use quantize")
    half = 1 << codes.bits - 1
    if values.numel() and not -half <= int(values.min()) <= int(values.max()) < half:
        raise ValueError(f"a code does not fit {codes.bits} bits: quantize with as many bits as you store")
    raised = (values.numpy().astype(np.int32).ravel() + half).astype(">u2")  # the highest bit first
    bits = np.unpackbits(raised.view(np.uint8).reshape(-1, 2), axis=1)[:, 16 - codes.bits :]
    return torch.from_numpy(np.packbits(bits))


def unpack_codes(packed: Tensor, scale: Tensor, bits: int, shape: list[int], axis: int = 0) -> Codes:
    """The inverse of `pack_codes`.

    Raises:
        ValueError: a packed tensor or scales that do not belong to this shape.
    """
    count = math.prod(shape)
    if packed.dtype != torch.uint8 or packed.shape != (packed_bytes(count, bits),) or scale.shape != tuple(shape[axis : axis + 1]):
        raise ValueError(f"{packed.numel()} packed bytes and {scale.numel()} scales are not a weight of shape {shape} in {bits} bits")
    each = np.pad(np.unpackbits(packed.numpy(), count=count * bits).reshape(count, bits), ((0, 0), (16 - bits, 0)))
    raised = np.packbits(each, axis=1).view(">u2").astype(np.int32)
    values = torch.from_numpy(raised - (1 << bits - 1)).to(torch.int8 if bits <= 8 else torch.int16).view(shape)
    return Codes(values, scale, bits, axis)


def packed_bytes(count: int, bits: int) -> int:
    """Bytes that `count` codes take."""
    return -(-count * bits // 8)
