"""quantize: map values to codes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, from_numpy, inf, int8, int16, int32, tensor, uint8, zeros

from utils.exercises.draws import integers
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, has_dtype, keeps_inputs, takes_nothing, takes_parameter
from utils.exercises.lab02.draws import halves, off_borders, step
from utils.exercises.lab02.oracles import codes, ends

JUDGE = equal_to(codes)
FOR_EACH = (
    "scale has a value for each channel here, and the zero point as well.",
    "Use them as they are: a tensor of shape (channels, 1) broadcasts. float() or item() takes one number only.",
)
_NEAREST = ("Which integer is nearest to 2.9, and to -2.9?", "Use torch.round before you convert: int() and .to() truncate.")
EVEN = ("2.5 lies in the middle of two codes.", "torch.round goes to the even one; floor(x + 0.5) always goes up.")
_POINT = ("Which code should 0.0 have?", "The zero point: add it to the rounded number.")
_AFTER = ("Is round(0.5 + 5) the same as round(0.5) + 5?", "It is not: 6 and 5. Round first, then add the zero point.")
_ENDS = ("Which codes do 8 bits have?", "Signed: -128 to 127, both included. clamp() before converting: int8 wraps around.")
_UNSIGNED = ("Which codes do 8 bits have without a sign?", "0 to 255, both included: look at signed.")
_NEGATIVE = ("Your smallest code is 0. Which codes has signed=True?", "-2**(bits - 1) to 2**(bits - 1) - 1: look at signed.")
_LAST = ("The zero point is added. What comes last?", "Clipping: a value below 0.0 may have a code above 0 once the zero point is added.")
_FEW = ("How many codes do `bits` bits have?", "2**bits: with a sign -2**(bits - 1) to 2**(bits - 1) - 1.")
_WIDE = ("Which dtype holds codes from -32768 to 32767?", "int8 does not, with a sign either: above 8 bits take int32.")
_FAR = 1 << 20  # further out than any code, near enough for float32 to count to


def _by(rounded: Callable[..., Any], bounds: Callable[[int, bool], Any] = ends) -> Callable[..., Any]:
    """quantize with other rounding, or other ends."""
    return lambda x, scale, zero_point, bits, signed: np.clip(rounded(x, scale, zero_point), *bounds(bits, signed))


def _wrapped(x: Any, scale: Any, zero_point: Any, bits: int, signed: bool) -> Any:
    unclipped = (np.rint(x / scale) + zero_point).clip(-(2**40), 2**40).astype(np.int64)
    return unclipped.astype("i4" if bits > 8 else "i1" if signed else "u1")


def _clipped_first(x: Any, scale: Any, zero_point: Any, bits: int, signed: bool) -> Any:
    low, high = ends(bits, signed)
    return np.clip(np.clip(np.rint(x / scale), low, high) + zero_point, low, high)


def _right(x: Any, scale: Any, zero_point: Any) -> Any:
    return np.rint(x / scale) + zero_point


STEPS = (
    "Count x in steps of size scale; round to the nearest, halves to the even one, as torch.round does; "
    "add the zero point; clip at both ends; convert to integers last."
)
MISTAKES = (
    Mistake("truncates", _by(lambda x, scale, point: np.trunc(x / scale) + point), _NEAREST),
    Mistake("rounds down", _by(lambda x, scale, point: np.floor(x / scale) + point), _NEAREST),
    Mistake("rounds halves up", _by(lambda x, scale, point: np.floor(x / scale + 0.5) + point), EVEN),
    Mistake("adds the zero point first", _by(lambda x, scale, point: np.rint(x / scale + point)), _AFTER, "adds it after rounding"),
    Mistake("leaves the zero point out", _by(lambda x, scale, point: np.rint(x / scale)), _POINT),
    Mistake("multiplies", _by(lambda x, scale, point: np.rint(x * scale) + point), ("How many steps of size scale is x?", "x / scale.")),
    Mistake("always signed", _by(_right, lambda bits, signed: ends(bits, True)), _UNSIGNED),
    Mistake("never signed", _by(_right, lambda bits, signed: ends(bits, False)), _NEGATIVE),
    Mistake("clips before the zero point", _clipped_first, _LAST),
    Mistake("always 8 bits", _by(_right, lambda bits, signed: ends(8, signed)), _FEW),
    Mistake("without the lowest code", _by(_right, lambda bits, signed: (ends(bits, signed)[0] + signed, ends(bits, signed)[1])), _ENDS),
    Mistake("wraps around", _wrapped, _ENDS),
    Mistake("int8 for all signed codes", lambda *x: codes(*x).astype("i1") if x[4] else codes(*x), _WIDE, "16 bits, signed"),
)


def torch_codes(x: Tensor, scale: Tensor | float, zero_point: Tensor | int, bits: int, signed: bool) -> Tensor:
    """torch rounds to whole steps, and the range is clipped here."""
    steps = torch.fake_quantize_per_tensor_affine((x.detach() / scale).float(), 1.0, 0, -_FAR, _FAR)
    low, high = ends(bits, signed)
    dtype = (int8 if signed else uint8) if bits <= 8 else (int16 if signed or bits < 16 else int32)
    return (steps.int() + zero_point).clamp(low, high).to(dtype)


@exercise(torch_codes, difficulty=2, judge=JUDGE, mistakes=MISTAKES, rtol=1e-6, steps=STEPS)
def quantize(rng: Rng) -> Cases:
    """quantize(x, scale, zero_point, bits, signed) -> integer tensor of x's shape."""
    scale, zero_point = step(rng), int(integers(rng, 130, 145))  # no signed code
    x, middles = off_borders(rng, scale, -100, 100, 4, 6), halves(rng)
    nearest = ("How many steps of size scale is x?", "torch.round(x / scale), plus the zero point.")
    yield Case("the nearest code", (x, scale, 0, 8, True), weight=2, hints=nearest)
    yield Case("halves go to the even code", (middles * 0.25, 0.25, 0, 8, True), hints=EVEN)
    moved = "adds the zero point"
    yield Case(moved, (off_borders(rng, scale, -100, 100, 3, 8), scale, zero_point, 8, False), hints=_POINT)
    odd = 2 * int(integers(rng, 15, 30)) + 1
    yield Case("adds it after rounding", (middles * 0.5, 0.5, odd, 8, False), hints=_AFTER, basis=moved)
    yield Case("stops at the ends", (off_borders(rng, scale, -300, 300, 4, 12), scale, 0, 8, True), hints=_ENDS)
    outside = off_borders(rng, scale, -400, 400, 4, 12), scale, zero_point, 8, False
    yield Case("unsigned codes stop at 0 and 255", outside, hints=_UNSIGNED, basis=moved)
    yield Case("4 bits", (off_borders(rng, scale, -20, 20, 5, 9), scale, 0, 4, True), hints=_FEW)
    many = ("Which dtype holds codes up to 65535?", "int8 does not: choose the dtype by the number of bits, or take int32.")
    yield Case("16 bits", (off_borders(rng, scale, -40000, 40000, 6, 8), scale, 30000, 16, False), hints=many, basis=moved)
    yield Case("16 bits, signed", (off_borders(rng, scale, -40000, 40000, 6, 8), scale, 0, 16, True), hints=_WIDE)
    scales = np.array([0.01, 0.5, 3.0, 40.0]).reshape(4, 1, 1)
    channels = off_borders(rng, scales, -60, 60, 4, 3, 5), from_numpy(scales.astype("f4")), from_numpy(integers(rng, -50, 50, 4, 1, 1))
    yield Case("a scale for each channel", (*channels, 8, True), hints=FOR_EACH, hints_on_error=True, basis=moved)
    far = ("How large an integer does an integer dtype hold?", "Clip before you convert to integers.")
    huge = tensor([1.0, -1.0, inf, -inf]) * float(rng.uniform(1e25, 1e35)), scale, 0, 8, True
    yield Case("very large values go to the ends", huge, hints=far, basis="stops at the ends")
    yield Case("0.0 has the zero point's code", (zeros(5), scale, zero_point, 8, False), hints=_POINT)
    yield takes_nothing("no values", zeros(0, 3), scale, 0, 8, True)
    yield has_dtype(JUDGE, "an integer dtype", ("i", "u"), x, scale, 0, 8, True)
    yield takes_parameter(off_borders(rng, 0.25, -90, 90, 3, 4), tensor(0.25), 0, 8, True)
    yield keeps_inputs(x + 0.0, scale, 0, 8, True)
