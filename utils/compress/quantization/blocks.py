"""Four bits in small blocks, each block with a scale of its own: MXFP4's little floats against plain integers.

Source: Open Compute Project, Microscaling Formats (MX) Specification v1.0 (2023), sections 5.2, 5.3 and 6.3.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.compress.quantization.affine import check_finite

E2M1 = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])  # magnitudes of a float of 1 + 2 + 1 bits; its largest is 1.5 * 2^2
LARGEST_EXPONENT = 2
EXPONENTS = (-127, 127)  # of a block's shared scale, 8 bits (E8M0); its 256th code stands for NaN


def mxfp4(weight: Tensor, block: int = 32) -> Tensor:
    """The weight as MXFP4 stores it: a sign, two bits of exponent and one of mantissa, and a power of two for each block.

    weight: any shape, float; blocks run along its flattened order, the last may be shorter. Costs 4 + 8 / block bits a weight.
    Returns the stored values, float32, of weight's shape. Ties go to the even code, magnitudes above 6 scales become 6 scales.

    Raises:
        ValueError: a weight that is empty or not finite, a block that is not at least 1.
    """
    rows = _blocks(weight, block)
    scale = torch.exp2(_exponent(rows.abs().amax(1, keepdim=True)) - LARGEST_EXPONENT)
    size = (rows.abs() / scale).double()
    above = torch.bucketize(size, E2M1.double()).clamp(1, len(E2M1) - 1)
    low, high = E2M1.double()[above - 1], E2M1.double()[above]
    middle = (low + high) / 2
    upward = (size > middle) | ((size == middle) & (above % 2 == 0))
    return _like(weight, torch.where(upward, high, low).float() * rows.sign() * scale)


def int4_blocks(weight: Tensor, block: int = 64) -> Tensor:
    """The weight as symmetric 4-bit integers, -7 .. 7, with a float16 scale for each block.

    weight, block: as in `mxfp4`; costs 4 + 16 / block bits a weight, so blocks of 64 cost what MXFP4's blocks of 32 cost.
    Returns the stored values, float32, of weight's shape.

    Raises:
        ValueError: a weight that is empty, not finite or too large for float16 scales, a block that is not at least 1.
    """
    rows = _blocks(weight, block)
    scale = (rows.abs().amax(1, keepdim=True) / 7).half().float()
    if not torch.isfinite(scale).all():
        raise ValueError("the weight is too large for a scale in float16: bring the values nearer to 1 first")
    scale = torch.where(scale > 0, scale, 1.0)
    return _like(weight, torch.round(rows / scale).clamp(-7, 7) * scale)


def _blocks(weight: Tensor, block: int) -> Tensor:
    """(number of blocks, block) float32, the last one filled with zeros."""
    if type(block) is not int or block < 1:
        raise ValueError(f"block must be an integer of at least 1, got {block!r}: MX formats use 32")
    check_finite(weight, "the weight")
    flat = weight.detach().float().flatten()
    return F.pad(flat, (0, -flat.numel() % block)).view(-1, block)


def _exponent(largest: Tensor) -> Tensor:
    """floor(log2(largest)), exactly, within what a block's scale can say after LARGEST_EXPONENT is taken off."""
    exponent = torch.frexp(torch.where(largest > 0, largest, 1.0)).exponent - 1
    return exponent.clamp(EXPONENTS[0] + LARGEST_EXPONENT, EXPONENTS[1]).float()


def _like(weight: Tensor, rows: Tensor) -> Tensor:
    return rows.flatten()[: weight.numel()].view(weight.shape)
