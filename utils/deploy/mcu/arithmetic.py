"""Fixed point: a real factor as a whole number and a shift, and sums brought to codes with it (Jacob et al., 2018, section 2.2).

The same arithmetic as `utils.compress.quantization`, with a factor for each channel, and in numpy, so that a device needs
no torch; a test holds that both agree. The C file `runtime/requantize.h` computes it number by number.
"""

from __future__ import annotations

import math

import numpy as np


def fixed_point(factor: float) -> tuple[int, int]:
    """A factor as multiplier / 2^shift, the multiplier in 2^30 .. 2^31 - 1, the shift in 1 .. 62.

    A factor below 2^-32 becomes (0, 62): what any 32-bit sum gives with it rounds to nothing.

    Raises:
        ValueError: a factor that is not positive, not finite, or 2^29 and more.
    """
    if not 0 < factor < 2.0**29:
        raise ValueError(f"the factor must lie in (0, 2^29), got {factor}: it is a ratio of scales")
    if factor < 2.0**-32:
        return 0, 62
    fraction, exponent = math.frexp(factor)  # factor = fraction * 2^exponent, fraction in [1/2, 1)
    multiplier, shift = round(fraction * 2**31), 31 - exponent
    return (multiplier, shift) if multiplier < 1 << 31 else (multiplier // 2, shift - 1)


def fixed_point_pair(a: float, b: float) -> tuple[int, int, int]:
    """Two factors over one power of two: (multiplier of a, multiplier of b, shift); the larger one has all its 31 bits.

    Raises:
        ValueError: as `fixed_point`.
    """
    multiplier, shift = fixed_point(max(a, b))
    other = round(min(a, b) * 2.0**shift)
    return (multiplier, other, shift) if a >= b else (other, multiplier, shift)


def to_codes(product: np.ndarray, shift: np.ndarray | int, zero_point: int) -> np.ndarray:
    """Products of sums and multipliers, int64, to codes: divided by 2^shift, halves up, plus the zero point, cut off at 0 and 255."""
    shift = np.asarray(shift, dtype=np.int64)
    rounded = (product + (np.int64(1) << (shift - 1))) >> shift  # numpy shifts negative numbers arithmetically: towards minus infinity
    return np.clip(rounded + zero_point, 0, 255).astype(np.uint8)


def requantize(acc: np.ndarray, multiplier: np.ndarray | int, shift: np.ndarray | int, zero_point: int) -> np.ndarray:
    """Accumulators to the next layer's codes: acc * multiplier / 2^shift, halves up, plus the zero point, cut off at 0 and 255.

    acc: whole numbers that fit int32; multiplier and shift: one for all, or arrays that broadcast with acc. Returns uint8.
    """
    return to_codes(acc.astype(np.int64) * np.asarray(multiplier, dtype=np.int64), shift, zero_point)
