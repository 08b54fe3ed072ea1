"""What is right in lab 07, slowly and in whole numbers without end, or exact fractions.

None of it calls `utils.compress` or `utils.deploy`: an error there would be judged right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np


def fixed_point(scale: float) -> tuple[int, int]:
    """The multiplier of 31 bits and its shift; the one mended where rounding reaches 2^31."""
    exact, shift = Fraction(scale), 0
    while exact * 2**shift < 2**30:
        shift += 1
    multiplier = int(exact * 2**shift + Fraction(1, 2))
    return (multiplier, shift) if multiplier < 2**31 else (multiplier // 2, shift - 1)


def accumulator(x: np.ndarray, w: np.ndarray, bias: int, zero_point: int, top: int, left: int) -> int:
    """One place of one image and filter: x (c, h, w) and w (c, k, k) as Python's whole numbers; outside is the zero point."""
    total = bias
    for channel in range(x.shape[0]):
        for row in range(w.shape[1]):
            for column in range(w.shape[2]):
                at, beside = top + row, left + column
                if 0 <= at < x.shape[1] and 0 <= beside < x.shape[2]:
                    total += (int(x[channel, at, beside]) - zero_point) * int(w[channel, row, column])
    return total


def convolution(x: np.ndarray, w: np.ndarray, b: np.ndarray, params: Mapping[str, Any]) -> np.ndarray:
    """Place by place; the fraction is rounded half up, the zero point added, the ends cut off."""
    stride, padding, kernel = params["stride"], params["padding"], w.shape[2]
    height, width = ((side + 2 * padding - kernel) // stride + 1 for side in x.shape[2:])
    out = np.zeros((len(x), len(w), height, width), dtype=np.int64)
    for image, channel, row, column in np.ndindex(*out.shape):
        top, left = row * stride - padding, column * stride - padding
        total = accumulator(x[image], w[channel], int(b[channel]), params["x_zero_point"], top, left)
        out[image, channel, row, column] = code(total, int(params["multipliers"][channel]), int(params["shifts"][channel]), params)
    return out


def code(total: int, multiplier: int, shift: int, params: Mapping[str, Any]) -> int:
    """floor(total * multiplier / 2^shift + 1/2) + zero point, in fractions."""
    rounded = (Fraction(total * multiplier, 2**shift) + Fraction(1, 2)).__floor__()
    return min(max(rounded + params["y_zero_point"], 0), 255)


def memory(sizes: Mapping[str, int], device: Mapping[str, int]) -> dict[str, Any]:
    """What a program needs of a device, by the definition of its sections."""
    flash, ram = sizes["text"] + sizes["data"], sizes["data"] + sizes["bss"] + sizes["stack"]
    over = {"flash": flash - device["flash_bytes"], "ram": ram - device["ram_bytes"]}
    share = {"flash": Fraction(flash, device["flash_bytes"]), "ram": Fraction(ram, device["ram_bytes"])}
    first = max(over, key=lambda name: share[name])
    breaks = first if over[first] > 0 else None
    return {"flash": flash, "ram": ram, "fits": breaks is None, "breaks": breaks, "excess": over[first] if breaks else 0}


def dot(x: Sequence[int], w: Sequence[int], zero_point: int) -> int:
    """One after the other."""
    total = 0
    for code, weight in zip(x, w, strict=True):
        total += (code - zero_point) * weight
    return total
