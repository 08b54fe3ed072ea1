"""What usual mistakes of lab 07 give: a judge that recognises one shows the hint that helps.

Each is a function of an exercise's inputs, by the name that a verdict is then about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from utils.exercises.lab07.oracles import fixed_point


def _cut_off(scale: float) -> tuple[int, int]:
    multiplier, shift = math.frexp(scale)
    return int(multiplier * 2**31), 31 - shift


def _of_31_bits(scale: float) -> tuple[int, int]:
    return round(scale * 2**31), 31


def _half(scale: float) -> tuple[int, int]:
    multiplier, shift = fixed_point(scale)
    return (multiplier + 1) // 2, shift - 1


def _other_way(scale: float) -> tuple[int, int]:
    multiplier, shift = fixed_point(scale)
    return shift, multiplier


def _of_32_bits(scale: float) -> tuple[int, int]:
    multiplier, shift = fixed_point(scale)
    return 2 * multiplier, shift + 1


FIXED: Mapping[str, Callable[[float], tuple[int, int]]] = {
    "cut": _cut_off,
    "shift": _of_31_bits,
    "half": _half,
    "order": _other_way,
    "bits": _of_32_bits,
}


def convolved(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    params: Mapping[str, Any],
    *,
    border: int | None = None,
    bias: bool = True,
    point: bool = True,
    half: bool = True,
    first: bool = False,
    turned: bool = False,
    wraps: bool = False,
    cut: str = "last",
) -> np.ndarray:
    """The layer; each keyword makes one mistake. border: the code outside the image; first: one factor for all filters.

    wraps: the zero point is subtracted in uint8; cut: "last", "never", or "early", before the zero point is added.
    """
    pad, stride, kernel = params["padding"], params["stride"], w.shape[2]
    zero_point = params["x_zero_point"]
    around = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    held = np.pad(x.astype(np.int64), around, constant_values=zero_point if border is None else border)
    held = held - zero_point if point else held
    held = held % 256 if wraps else held
    windows = sliding_window_view(held, (kernel, kernel), (2, 3))[:, :, ::stride, ::stride]
    acc = np.einsum("nchwij,ocij->nohw", windows, (w[:, :, ::-1, ::-1] if turned else w).astype(np.int64))
    acc = acc + b.astype(np.int64)[:, None, None] if bias else acc
    multipliers, shifts = (np.asarray(params[name], dtype=np.int64)[:, None, None] for name in ("multipliers", "shifts"))
    if first:
        multipliers, shifts = multipliers[:1], shifts[:1]
    rounded = (acc * multipliers + (np.int64(1) << (shifts - 1) if half else 0)) >> shifts
    rounded = np.clip(rounded, 0, 255) if cut == "early" else rounded
    codes = rounded + params["y_zero_point"]
    return np.clip(codes, 0, 255) if cut == "last" else codes % 256


CONVOLVED: Mapping[str, Callable[..., np.ndarray]] = {
    "border": lambda *inputs: convolved(*inputs, border=0),
    "bias": lambda *inputs: convolved(*inputs, bias=False),
    "point": lambda *inputs: convolved(*inputs, point=False, border=0),
    "wraps": lambda *inputs: convolved(*inputs, wraps=True),
    "cut": lambda *inputs: convolved(*inputs, cut="never"),
    "early": lambda *inputs: convolved(*inputs, cut="early"),
    "floor": lambda *inputs: convolved(*inputs, half=False),
    "first": lambda *inputs: convolved(*inputs, first=True),
    "turned": lambda *inputs: convolved(*inputs, turned=True),
    "output": lambda x, w, b, params: convolved(x, w, b, params | {"y_zero_point": 0}),
}


def _memory(flash: tuple[str, ...], ram: tuple[str, ...]) -> Callable[..., dict[str, Any]]:
    """Counts these sections, and the rest as asked."""

    def counted(sizes: Mapping[str, int], device: Mapping[str, int]) -> dict[str, Any]:
        needs = {"flash": sum(sizes[name] for name in flash), "ram": sum(sizes[name] for name in ram)}
        share = {name: needs[name] / device[f"{name}_bytes"] for name in needs}
        worst = max(share, key=lambda name: share[name])
        breaks = worst if share[worst] > 1 else None
        excess = needs[worst] - device[f"{worst}_bytes"] if breaks else 0
        return {**needs, "fits": breaks is None, "breaks": breaks, "excess": excess}

    return counted


MEMORY: Mapping[str, Callable[..., dict[str, Any]]] = {
    "data in flash": _memory(("text",), ("data", "bss", "stack")),
    "data in ram": _memory(("text", "data"), ("bss", "stack")),
    "stack": _memory(("text", "data"), ("data", "bss")),
    "bss in flash": _memory(("text", "data", "bss"), ("data", "bss", "stack")),
}

DOTS: Mapping[str, Callable[[list[int], list[int], int], int]] = {
    "point": lambda x, w, _: sum(a * b for a, b in zip(x, w, strict=True)),
    "wraps": lambda x, w, zero_point: sum(((a - zero_point) % 256) * b for a, b in zip(x, w, strict=True)),
    "int16": lambda x, w, zero_point: (sum((a - zero_point) * b for a, b in zip(x, w, strict=True)) + 2**15) % 2**16 - 2**15,
    "int8": lambda x, w, zero_point: (sum((a - zero_point) * b for a, b in zip(x, w, strict=True)) + 2**7) % 2**8 - 2**7,
    "one less": lambda x, w, zero_point: sum((a - zero_point) * b for a, b in zip(x[:-1], w[:-1], strict=True)),
    "unsigned": lambda x, w, zero_point: sum((a - zero_point) * (b % 256) for a, b in zip(x, w, strict=True)),
    "all points": lambda x, w, zero_point: sum(a * b for a, b in zip(x, w, strict=True)) - zero_point,
}
