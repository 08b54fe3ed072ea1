"""Lab 07's exercises about arithmetic: a real factor as two whole numbers, a convolution without floats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, cat, from_numpy, int8, int32, int64, tensor, uint8, zeros_like

from utils.compress import quantization
from utils.exercises.declare import Case, Lab
from utils.exercises.dtypes import no_floats, of_dtype
from utils.exercises.judges import equal_to, raises, recognising
from utils.exercises.lab07 import oracles
from utils.exercises.lab07.judges import multiplier_and_shift
from utils.exercises.lab07.mistakes import CONVOLVED
from utils.exercises.lab07.standins import torch_conv2d
from utils.exercises.standins import library, package

lab = Lab("07")

CHANGED = {
    "changed": (
        "Print the inputs before and after.",
        "Methods that end in _, and -= or +=, change a tensor; pop() and update() change a dict.",
    )
}
ERROR = ("Which error does the docstring name for this?", "raise ValueError, with a sentence that says what was wrong.")


def _factor(rng: np.random.Generator, shift: int, after: float) -> float:
    """A factor that needs this shift, its product with 2^shift that far above a whole number."""
    return (int(rng.integers(2**30 + 2**29, 2**31 - 2**20)) // 128 * 128 + 85 + after) / 2.0**shift  # more digits than float32 has


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=package(quantization.to_fixed_point))
def to_fixed_point(rng: np.random.Generator) -> Iterator[Case]:
    """to_fixed_point(scale) -> (multiplier, shift)."""
    judge = multiplier_and_shift
    find = (
        "How often must you double the factor until it is at least 2**30?",
        "That count is the shift; round(scale * 2**shift) is the multiplier.",
    )
    special = {
        "cut": ("Which whole number is nearest to 12.8?", "13: int() and // cut the fraction off, round() goes to the nearest."),
        "shift": ("How many digits does the multiplier of a small factor keep if the shift is always 31?", find[1]),
        "half": ("Is the multiplier at least 2**30?", "One more doubling: from 2**29 on a bit of precision is given away."),
        "bits": ("Is the multiplier below 2**31?", "int32 holds it only then: double once less."),
        "order": ("What is returned first?", "The multiplier, then the shift."),
        "whole": ("Is 1073741824.0 a whole number to C?", "It is a float: int(...) or round(...) gives an int."),
        "shape": ("What is returned?", "Two whole numbers, in this order: multiplier, shift."),
    }
    yield Case("a factor of about 1/300", (_factor(rng, 39, 0.3),), judge, 2, find, hints_for=special)
    yield Case("rounds to the nearest", (_factor(rng, 36, 0.8),), judge, hints=special["cut"], hints_for=special)
    power = ("0.5 is 2**30 / 2**31. Which loop stops there?", "The multiplier may be 2**30 itself: stop at >= 2**30, not at > 2**30.")
    exactly = special | {"bits": power}
    yield Case("one half", (0.5,), judge, hints=power, hints_for=exactly)
    large = ("0.9 * 2**31 is just below 2**31.", "The shift is 31 from 0.5 on: the largest multiplier is 2**31 - 1.")
    yield Case("a factor near 1", (_factor(rng, 31, 0.3),), judge, hints=large, hints_for=special)
    small = ("How often can this be doubled until it is 2**30?", "More than 50 times: no limit of 31 or 32 on the shift.")
    yield Case("a very small factor", (_factor(rng, 57, 0.3),), judge, hints=small, hints_for=special)
    bound = ("Which bounds does the docstring give?", "2**-32 <= scale < 1: 2**-32 itself is a factor.")
    yield Case("the smallest factor", (2.0**-32,), judge, hints=small, hints_for=exactly | {"error": bound})
    carry = (
        "What does this factor times 2**shift round to?",
        "To 2**31, which int32 does not hold: then take 2**30 and a shift that is smaller by one.",
    )
    special = special | {"bits": carry, "shift": carry}
    yield Case("rounding reaches 2**31", (0.25 - 2.0**-36,), judge, hints=carry, hints_for=special, basis="one half")
    yield Case("1 but for a hair", (1 - 2.0**-40,), judge, hints=carry, hints_for=special, basis="one half")
    yield Case("refuses 1 and more", (1.0,), raises("ValueError"), hints=ERROR, about="refusal")
    yield Case("refuses 0", (0.0,), raises("ValueError"), hints=ERROR, about="refusal")
    yield Case("refuses a negative factor", (-0.25,), raises("ValueError"), hints=ERROR, about="refusal")
    yield Case("refuses what is below 2**-32", (2.0**-33,), raises("ValueError"), hints=ERROR, about="refusal")
    missing = ("What does NaN < 1 say?", "False, as every comparison: write not low <= scale < high.")
    yield Case("refuses NaN", (float("nan"),), raises("ValueError"), hints=missing, about="refusal")


def _whole(rng: np.random.Generator, low: int, high: int, *shape: int) -> np.ndarray:
    return rng.integers(low, high + 1, size=shape)


def _layer(
    rng: np.random.Generator,
    x: tuple[int, int, int, int],
    w: tuple[int, int],
    *,
    points: tuple[int, int] = (0, 0),
    stride: int = 1,
    padding: int = 0,
    bias: bool = False,
    x_range: tuple[int, int] = (0, 255),
) -> tuple[Tensor, Tensor, Tensor, dict[str, Any]]:
    """A layer's inputs: x: (n, c, h, w), w: (o, k). Its factors are such that codes lie on both sides of the output's zero point."""
    codes, (out, kernel) = _whole(rng, *x_range, *x), w
    weight = _whole(rng, -127, 127, out, x[1], kernel, kernel)
    spread = np.sqrt((weight.astype(float) ** 2).sum((1, 2, 3))) * (x_range[1] - x_range[0]) / 3.5
    bias_codes = (rng.choice([-1, 1], size=out) * spread).astype(int) if bias else np.zeros(out, dtype=int)
    factors = [oracles.fixed_point(float(8 / one * rng.uniform(0.5, 1.5))) for one in spread]
    params = {
        "x_zero_point": points[0],
        "y_zero_point": points[1],
        "multipliers": tensor([multiplier for multiplier, _ in factors], dtype=int64),
        "shifts": tensor([shift for _, shift in factors], dtype=int64),
        "stride": stride,
        "padding": padding,
    }
    return from_numpy(codes).to(uint8), from_numpy(weight).to(int8), from_numpy(bias_codes).to(int32), params


def _by_hand(
    x: list[int], w: int, b: int, factor: tuple[int, int], points: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor, dict[str, Any]]:
    """One row of codes through a single weight."""
    params: dict[str, Any] = {"x_zero_point": points[0], "y_zero_point": points[1], "stride": 1, "padding": 0}
    params |= {"multipliers": tensor([factor[0]]), "shifts": tensor([factor[1]])}
    return tensor(x, dtype=uint8).view(1, 1, 1, -1), tensor([w], dtype=int8).view(1, 1, 1, 1), tensor([b], dtype=int32), params


def _beyond_floats(x: Tensor, w: Tensor, b: Tensor, params: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor, dict[str, Any]]:
    """The layer with one more filter, whose sums are 2^30 - 1 everywhere: times 2^30 + 1 that is just less than half a step.

    float64 makes it half a step, which is rounded up, and float32 as well. To forget the bias, or to cut off at the ends, changes no code.
    """
    more = {"multipliers": cat([params["multipliers"], tensor([2**30 + 1])]), "shifts": cat([params["shifts"], tensor([61])])}
    return x, cat([w, zeros_like(w[:1])]), cat([b, tensor([2**30 - 1], dtype=int32)]), params | more


@lab.exercise(points=5, difficulty=4, minutes=25, stand_in=library(torch_conv2d, "torch.nn.functional.conv2d"))
def int8_conv2d(rng: np.random.Generator) -> Iterator[Case]:
    """int8_conv2d(x, w, b, params) -> (n, o, h_out, w_out) uint8 tensor."""
    judge = recognising(equal_to(oracles.convolution), CONVOLVED, rtol=0)
    sums = (
        "What is one number of the output?",
        "The sum of the products under the window, plus the bias, times multiplier / 2**shift, rounded, plus the output's zero point.",
    )
    point = ("Which value has the code x_zero_point?", "0.0: leave uint8, then subtract it, before you multiply.")
    half = ("Does >> round?", "It rounds down: add half a step, 1 << (shift - 1), before you shift.")
    first = ("How many multipliers are there?", "One for each filter: give them the shape (o, 1, 1), so that they broadcast.")
    outside = (
        "Which value lies beyond the border, and which code has it?",
        "0.0, whose code is x_zero_point: subtract the zero point first and pad with 0, or pad x with x_zero_point.",
    )
    out_point = ("Which code does a sum of 0 get?", "y_zero_point: add it after the shift, before you cut off.")
    added = ("What is missing is the same all over a channel.", "Add b to the sums, before the factor: b[:, None, None].")
    meet = (
        "Which dtypes meet there?",
        "Convert first, x.to(torch.int32) and w.to(torch.int32): torch's operations want one dtype, and F.conv2d takes whole numbers.",
    )
    turned = ("Is the kernel turned round?", "In neural networks it is not: w[o, c, i, j] meets x[c, top + i, left + j].")
    below = ("What is 3 - 128 in uint8?", "131: it has no negative numbers. Leave uint8 first.")
    ends = ("Which codes has uint8?", "0 to 255: clamp() before converting, as uint8 wraps around.")
    special = {
        "point": point,
        "wraps": below,
        "cut": ends,
        "early": ("What is cut off at 0 and 255?", "The code: add y_zero_point first, for a sum below 0 has a code below the zero point."),
        "floor": half,
        "first": first,
        "border": outside,
        "output": out_point,
        "bias": added,
        "turned": turned,
        "error": meet,
        "float": ("Which line makes a float?", "Keep to conv2d on integers, +, *, >> and clamp: / and torch.zeros give floats."),
        "numpy": ("Does this need numpy?", "It does not: tensors do all of it, and the check watches torch's operations alone."),
    }
    yield Case("one filter over one image", _layer(rng, (1, 1, 6, 6), (1, 3), points=(0, 128)), judge, 2, sums, hints_for=special)
    middle = (
        "A factor of a half makes 2.5 of 5.",
        "Halves go up, also below 0: -2.5 becomes -2. (acc * multiplier + half) >> shift does both.",
    )
    halves = _by_hand([0, 1, 2, 3, 4, 5, 6, 7], 1, 0, (2**30, 31), (4, 100))
    yield Case("halves go up", halves, judge, hints=middle, hints_for=special)
    many = _layer(rng, (2, 3, 5, 5), (4, 3), points=(0, 128))
    yield Case("channels and filters", many, judge, 2, first, hints_for=special)
    shifted, biased = "subtracts the zero point", "adds the bias"
    yield Case(shifted, _layer(rng, (1, 2, 5, 5), (3, 3), points=(128, 120)), judge, hints=below, hints_for=special)
    yield Case(biased, _layer(rng, (1, 2, 5, 5), (3, 3), points=(0, 128), bias=True), judge, hints=added, hints_for=special)
    yield Case(
        "adds the output's zero point", _layer(rng, (1, 2, 5, 5), (3, 1), points=(0, 128)), judge, hints=out_point, hints_for=special
    )
    border = "the border has the code of 0.0"
    yield Case(border, _layer(rng, (1, 2, 4, 4), (3, 3), points=(90, 120), padding=1), judge, 2, outside, hints_for=special, basis=shifted)
    step = ("How far does the window move?", "stride places at once, down and to the right.")
    yield Case("a stride of 2", _layer(rng, (1, 2, 7, 7), (3, 3), points=(100, 120), stride=2), judge, hints=step, hints_for=special)
    both = _layer(rng, (2, 1, 8, 8), (4, 3), points=(73, 0), stride=2, padding=1, bias=True)
    yield Case("as the first layer has it", both, judge, hints=step, hints_for=special, basis=border)
    sides = ("Is the image a square?", "h and w differ here: (h + 2 * padding - k) // stride + 1 for each.")
    oblong = _layer(rng, (1, 1, 4, 9), (2, 3), points=(100, 120), padding=1)
    yield Case("an image that is no square", oblong, judge, hints=sides, basis=border)
    cut = _by_hand([0, 20, 120, 140, 250], 100, 0, (2**30, 34), (128, 100))
    yield Case("stops at 0 and 255", cut, judge, hints=ends, hints_for=special, basis=shifted)
    wide = ("How large is a sum times its multiplier?", "Up to 2**62: convert the sums to int64 before you multiply. int32 wraps around.")
    far = _by_hand([1, 60, 120, 200, 255], 127, 2_000_001, (2**31 - 1, 45), (0, 0))
    yield Case("products beyond int32", far, judge, hints=wide, hints_for=special)
    exact = ("float32 holds no odd number beyond 2**24, float64 none beyond 2**53.", "Multiply and shift in int64: `>>`, no division.")
    hair = _by_hand([0, 1], 1, 2**30 - 1, (2**30 + 1, 61), (0, 0))  # 2^60 - 1: just less than half a step
    yield Case("products beyond any float", hair, judge, hints=exact, hints_for=special | {"bias": exact}, basis=biased)
    nothing = ("There is no image here.", "The shape is (0, o, h, w): work on the whole tensor.")
    yield Case("no image", _layer(rng, (0, 2, 5, 5), (3, 3)), judge, hints=nothing, hints_for={"error": nothing})
    dtype = ("What is your result's dtype?", "uint8 is asked for: .to(torch.uint8) at the end.")
    small = _layer(rng, (1, 2, 4, 4), (2, 3), points=(100, 120), padding=1)
    yield Case("uint8 comes out", small, of_dtype(judge, "a tensor of uint8", "u1"), hints=dtype, hints_for=special)
    exactly = _beyond_floats(*small)  # so that who gets past the probe has still computed exactly
    yield Case("no float on the way", exactly, no_floats(judge), hints=special["float"], hints_for=special, probe="without_floats")
    yield Case("leaves its inputs as they were", small, judge, hints_for=CHANGED, about="inputs", basis=border)
