"""Lab 02's exercises about codes: from numbers to codes, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from torch import from_numpy, full, inf, int8, int32, nan, tensor, uint8, zeros

from utils.compress import quantization
from utils.exercises.declare import Case, Lab
from utils.exercises.dtypes import of_dtype
from utils.exercises.judges import close_to, equal_to, raises, recognising
from utils.exercises.lab02 import oracles
from utils.exercises.lab02.draws import around_zero, off_borders, step, whole
from utils.exercises.lab02.judges import scale_and_zero_point
from utils.exercises.lab02.standins import torch_codes
from utils.exercises.standins import library, package

lab = Lab("02")

CHANGED = {
    "changed": (
        "Print the inputs before and after.",
        "Methods that end in _, and -= or +=, change a tensor and what shares its memory: detach(), view().",
    )
}
PARAMETER = {"error": ("A layer's weight is a parameter; the error says what it does not allow.", "Call detach() first.")}
ERROR = ("Which error does the docstring name for this?", "raise ValueError, with a sentence that says what was wrong.")
FOR_EACH = (
    "scale has a value for each channel here, and the zero point as well.",
    "Use them as they are: a tensor of shape (channels, 1) broadcasts. float() or item() takes one number only.",
)
_TEN_TO_THE_30 = ("How large a whole number does an integer dtype hold?", "Cut off at the ends before you convert to integers.")


def _params_by(levels: int, widen: bool = True, sign: int = -1) -> Callable[..., tuple[float, int]]:
    """The mistakes that one makes in affine_params."""

    def made(low: float, high: float, bits: int, symmetric: bool) -> tuple[float, int]:
        low, high = (min(float(low), 0.0), max(float(high), 0.0)) if widen else (float(low), float(high))
        top = 2 ** (bits - 1) - 1 if symmetric else 2**bits - 1
        scale = (max(-low, high) if symmetric else high - low) / (top + levels) or 1.0
        return scale, 0 if symmetric else round(sign * low / scale)

    return made


def _cut_off(low: float, high: float, bits: int, symmetric: bool) -> tuple[float, int]:
    """int() in place of round()."""
    scale, _ = oracles.params(low, high, bits, symmetric)
    return scale, 0 if symmetric else int(-min(float(low), 0.0) / scale + 1e-6)


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=package(quantization.affine_params))
def affine_params(rng: np.random.Generator) -> Iterator[Case]:
    """affine_params(low, high, bits, symmetric) -> (scale, zero_point)."""
    judge = scale_and_zero_point({"levels": _params_by(1), "widen": _params_by(0, False), "sign": _params_by(0, sign=1), "cut": _cut_off})

    def far(least: float, most: float) -> float:
        return float(rng.uniform(least, most))

    around = (
        "How many steps lie between the lowest and the highest code?",
        "2**bits codes have 2**bits - 1 steps between them. The zero point is the code of 0.0: round(-low / scale).",
    )
    special = {
        "levels": ("How many steps lie between 2**bits codes?", "One less than there are codes: 255 for 8 bits."),
        "sign": ("The zero point is the code of 0.0. How many steps is that above low?", "round(-low / scale): low is negative."),
        "cut": ("Which whole number is nearest to 92.7?", "93: int() cuts the fraction off, round() goes to the nearest."),
        "shape": ("What is returned?", "Two numbers, in this order: scale, zero point."),
    }
    yield Case("a range around 0", (*around_zero(rng, 8), 8, False), judge, 2, around, hints_for=special)
    low_end = ("0.0 must have a code, and it lies outside this range.", "Widen first: low = min(low, 0), high = max(high, 0).")
    widen = {"widen": low_end}
    yield Case("a range above 0", (far(1, 2), far(3, 4), 8, False), judge, hints=low_end, hints_for=widen)
    yield Case("a range below 0", (-far(3, 4), -far(1, 2), 8, False), judge, hints=low_end, hints_for=widen)
    bits = ("What changes with the number of bits?", "The number of codes, 2**bits: 255 is for 8 bits only.")
    yield Case("4 bits", (*around_zero(rng, 4), 4, False), judge, hints=bits)
    signed = (
        "Symmetric means signed codes with 0.0 at code 0. Which is the largest code?",
        "127 for 8 bits: scale = max(|low|, |high|) / (2**(bits - 1) - 1), and the zero point is 0.",
    )
    high_far, low_far = "symmetric, high is the far end", "symmetric, low is the far end"
    yield Case(high_far, (-far(1, 2), far(3, 4), 8, True), judge, hints=signed)
    sides = ("Which of the two ends is further from 0?", "max(abs(low), abs(high)): low may be the far one.")
    yield Case(low_far, (-far(3, 4), far(1, 2), 8, True), judge, hints=sides, basis=high_far)
    yield Case("symmetric, 4 bits", (-far(1, 2), far(3, 4), 4, True), judge, hints=bits, basis=high_far)
    width = ("This range has no width. What would the scale be?", "It would be 0, and a division by 0 follows: return 1.0 and 0.")
    none = {"error": width}
    yield Case("nothing but 0", (0.0, 0.0, 8, False), judge, hints=width, hints_for=none)
    yield Case("symmetric, nothing but 0", (0.0, 0.0, 8, True), judge, hints=width, hints_for=none, basis=high_far)
    same = ("low and high are equal here, and not 0.", "Widen first, then look whether the range has a width.")
    constant = far(1, 2)
    yield Case("a constant", (constant, constant, 8, False), judge, hints=same, hints_for={"error": same}, basis="a range above 0")
    tiny = ("The scale is about 1e-11 here, and that is right.", "Don't add a small number, and don't round: only a width of 0 is special.")
    yield Case("a very narrow range", (*around_zero(rng, 8, 1e-9), 8, False), judge, hints=tiny)
    ends = ("low and high come as x.min() and x.max() give them.", "float(low) makes a number of either; round() takes no tensor.")
    tensors = (*map(tensor, around_zero(rng, 8)), 8, False)
    yield Case("takes 0-d tensors", tensors, judge, hints=ends, hints_for={"error": ends})
    yield Case("refuses low above high", (1.0, -1.0, 8, False), raises("ValueError"), hints=ERROR, about="refusal")
    missing = ("What does low > high say when one of them is NaN?", "False, as does every comparison: ask math.isnan for both.")
    # symmetric, where no round(nan) raises by itself
    yield Case("refuses NaN as high", (-1.0, nan, 8, True), raises("ValueError"), hints=missing, about="refusal")
    yield Case("refuses NaN as low", (nan, 1.0, 8, True), raises("ValueError"), hints=missing, about="refusal")


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=library(torch_codes, "torch.fake_quantize_per_tensor_affine"))
def quantize(rng: np.random.Generator) -> Iterator[Case]:
    """quantize(x, scale, zero_point, bits, signed) -> integer tensor of x's shape."""
    mistakes = {
        "cut": lambda x, scale, zero_point, *_: np.trunc(x / scale) + zero_point,
        "floor": lambda x, scale, zero_point, *_: np.floor(x / scale) + zero_point,
        "ends": lambda x, scale, zero_point, *_: np.rint(x / scale) + zero_point,
        "signed": lambda x, scale, zero_point, bits, signed: oracles.codes(x, scale, zero_point, bits, not signed),
    }
    judge, scale = recognising(equal_to(oracles.codes), mistakes, rtol=1e-6), step(rng)
    nearest = ("How many steps of size scale is x?", "torch.round(x / scale), plus the zero point.")
    cut = ("Which whole number is nearest to 2.9, and to -2.9?", "torch.round, before you convert: int() and .to() cut the fraction off.")
    x = off_borders(rng, scale, -100, 100, 4, 6)
    special = {"cut": cut, "floor": cut}
    yield Case("the nearest code", (x, scale, 0, 8, True), judge, 2, nearest, hints_for=special)
    even = ("2.5 lies in the middle of two codes.", "torch.round goes to the even one; floor(x + 0.5) always goes up.")
    halves = tensor([0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, -3.5])
    middle = "halves go to the even code"
    yield Case(middle, (halves * 0.25, 0.25, 0, 8, True), judge, hints=even)
    point = ("Which code should 0.0 have?", "The zero point: add it to the rounded number.")
    unsigned = ("Which codes do 8 bits have without a sign?", "0 to 255, both included: look at signed.")
    moved = "adds the zero point"
    zero_point = int(whole(rng, 130, 145))  # no signed code
    shifted = off_borders(rng, scale, -100, 100, 3, 8), scale, zero_point, 8, False
    yield Case(moved, shifted, judge, hints=point, hints_for={"signed": unsigned})
    after = ("Is round(0.5 + 5) the same as round(0.5) + 5?", "It is not: 6 and 5. Round first, then add the zero point.")
    yield Case("adds it after rounding", (halves[:4] * 0.5, 0.5, 5, 8, False), judge, hints=after, basis=moved)
    ends = ("Which codes do 8 bits have?", "Signed: -128 to 127, both included. clamp() before converting: int8 wraps around.")
    yield Case("stops at the ends", (off_borders(rng, scale, -300, 300, 4, 12), scale, 0, 8, True), judge, hints=ends)
    outside = off_borders(rng, scale, -400, 400, 4, 12)
    yield Case("unsigned codes stop at 0 and 255", (outside, scale, zero_point, 8, False), judge, hints=unsigned, basis=moved)
    few = ("How many codes do bits bits have?", "2**bits: with a sign -2**(bits - 1) to 2**(bits - 1) - 1.")
    yield Case("4 bits", (off_borders(rng, scale, -20, 20, 5, 9), scale, 0, 4, True), judge, hints=few)
    many = ("Which dtype holds codes up to 65535?", "int8 does not: choose the dtype by the number of bits, or take int32.")
    large = off_borders(rng, scale, -40000, 40000, 6, 8), scale, 30000, 16, False
    yield Case("16 bits", large, judge, hints=many, basis=moved)
    with_sign = ("Which dtype holds codes from -32768 to 32767?", "int8 does not, with a sign either: above 8 bits take int32.")
    yield Case("16 bits, signed", (off_borders(rng, scale, -40000, 40000, 6, 8), scale, 0, 16, True), judge, hints=with_sign)
    scales = np.array([0.01, 0.5, 3.0, 40.0]).reshape(4, 1, 1)
    channels = off_borders(rng, scales, -60, 60, 4, 3, 5), from_numpy(scales.astype("f4")), from_numpy(whole(rng, -50, 50, 4, 1, 1))
    yield Case("a scale for each channel", (*channels, 8, True), judge, hints=FOR_EACH, hints_for={"error": FOR_EACH}, basis=moved)
    huge = tensor([1e30, -1e30, 3e9, -3e9, inf, -inf])
    yield Case("very large values go to the ends", (huge, 0.5, 0, 8, True), judge, hints=_TEN_TO_THE_30, basis="stops at the ends")
    zero = zeros(5), scale, zero_point, 8, False
    yield Case("0.0 has the zero point's code", zero, judge, hints=point, hints_for={"signed": unsigned})
    nothing = ("There is no value here, so there is no code.", "The shape stays: work on the whole tensor, and look for no largest value.")
    yield Case("no values", (zeros(0, 3), scale, 0, 8, True), judge, hints=nothing, hints_for={"error": nothing})
    dtype = ("What is your result's dtype?", "Whole numbers in float32 take 4 bytes each: .to(torch.int8) makes it one.")
    integers = of_dtype(judge, "an integer dtype", "i", "u")
    yield Case("an integer dtype", (x, scale, 0, 8, True), integers, hints=dtype)
    layer = (off_borders(rng, 0.25, -90, 90, 3, 4), tensor(0.25), 0, 8, True)
    yield Case("takes a layer's parameter", layer, judge, hints_for=PARAMETER, probe="as_parameters", as_given=True)
    yield Case("leaves x as it was", (x + 0.0, scale, 0, 8, True), judge, hints_for=CHANGED, about="inputs")


@lab.exercise(points=2, difficulty=1, minutes=5, stand_in=package(quantization.dequantize))
def dequantize(rng: np.random.Generator) -> Iterator[Case]:
    """dequantize(q, scale, zero_point) -> float32 tensor of q's shape."""
    mistakes = {"first": lambda q, scale, zero_point: q * scale - zero_point, "sign": lambda q, scale, zero_point: (q + zero_point) * scale}
    judge, scale = recognising(close_to(oracles.values), mistakes), step(rng)
    q = from_numpy(whole(rng, -90, 90, 3, 5)).to(int32)
    steps = ("A code counts steps. How large is one?", "Multiply by the scale.")
    yield Case("steps times the scale", (q, scale, 0), judge, 2, steps)
    order = ("Which value has the code zero_point?", "0.0: subtract the zero point first, then multiply by the scale.")
    point = "subtracts the zero point first"
    yield Case(point, (q, scale, int(whole(rng, 20, 40))), judge, hints=order, hints_for={"first": order, "sign": order})
    below = ("What is 3 - 128 in uint8?", "131: it has no negative numbers. Convert to int32 or float before you subtract.")
    unsigned = from_numpy(whole(rng, 0, 100, 4, 6)).to(uint8)
    yield Case("uint8 codes below the zero point", (unsigned, scale, 128), judge, hints=below, basis=point)
    wraps = ("What is -100 - 100 in int8?", "56: it ends at -128 and begins anew. Convert to int32 or float before you subtract.")
    signed = from_numpy(whole(rng, -128, -60, 4, 6)).to(int8)
    yield Case("int8 codes far from the zero point", (signed, scale, 100), judge, hints=wraps, basis=point)
    exact = ("Which of float32, float16 and int16 holds 50001?", "float32 does: float16 rounds it to 50016, int16 ends at 32767.")
    wide = tensor([0, 1, 49_990, 50_000, 50_001, 65_535], dtype=int32), scale, 49_998
    yield Case("codes of 16 bits", wide, judge, hints=exact, basis=point)
    scales, points = tensor([[0.01], [0.5], [3.0], [40.0]]), from_numpy(whole(rng, -9, 9, 4, 1)).to(int32)
    channels = from_numpy(whole(rng, -90, 90, 4, 5)).to(int32), scales, points
    yield Case("a scale for each channel", channels, judge, hints=FOR_EACH, hints_for={"error": FOR_EACH}, basis=point)
    yield Case("the zero point stands for 0.0", (full((2, 3), 77, dtype=int32), scale, 77), judge, hints=order)
    nothing = ("There is no code here, so there is no value.", "The shape stays: work on the whole tensor.")
    yield Case("no codes", (zeros(0, 4, dtype=int8), scale, 0), judge, hints=nothing, hints_for={"error": nothing})
    dtype = ("What is your result's dtype?", "float32, as layers take it: they refuse float64.")
    yield Case("float32 comes out", (q, scale, 0), of_dtype(judge, "float32", "f4"), hints=dtype)
    yield Case("leaves the codes as they were", (q + 0, scale, 3), judge, hints_for=CHANGED, about="inputs", basis=point)


@lab.exercise(points=2, difficulty=2, minutes=10, stand_in=package(quantization.per_channel_scales))
def per_channel_scales(rng: np.random.Generator) -> Iterator[Case]:
    """per_channel_scales(weight, bits, axis) -> (weight.shape[axis],) tensor."""

    def over(top: Callable[[int], float]) -> Callable[..., np.ndarray]:
        """The mistake of dividing by another largest code."""
        return lambda weight, bits, axis: oracles.channel_scales(weight, bits, axis) * (2 ** (bits - 1) - 1) / top(bits)

    mistakes = {"levels": over(lambda bits: 2 ** (bits - 1)), "all": over(lambda bits: 2 ** (bits - 1) - 0.5)}
    judge = recognising(close_to(oracles.channel_scales, atol=0), mistakes)
    gains = np.array([0.1, 3.0, 0.5, 10.0, 1.0, 0.02]).reshape(6, 1, 1, 1)
    weight = from_numpy((gains * rng.uniform(0.1, 1.0, size=(6, 4, 3, 3))).astype(np.float32))
    largest = (
        "Which weight of a channel must still have a code?",
        "The largest in magnitude: divide it by the largest signed code, 2**(bits - 1) - 1.",
    )
    code = ("Which is the largest signed code of 8 bits?", "127: the scale is symmetric, and -128 is not used.")
    yield Case("a convolution's outputs", (weight, 8, 0), judge, 2, largest, hints_for={"levels": code, "all": code})
    axis = ("Which axis counts the channels here?", "Take the largest over all other axes: move this one to the front, then flatten(1).")
    yield Case("a convolution's inputs", (weight.transpose(0, 1), 8, 1), judge, hints=axis, hints_for={"error": axis})
    yield Case("the inputs of a linear layer", (weight[:, :, 0, 0] + 0, 8, 1), judge, hints=axis, hints_for={"error": axis})
    third = from_numpy((gains[:5, :, :, 0] * rng.uniform(0.1, 1.0, size=(5, 3, 4))).astype(np.float32)).transpose(0, 2)
    yield Case("the last axis of three", (third, 8, 2), judge, hints=axis, hints_for={"error": axis})
    sign = ("The largest weight of these channels is negative.", "Take magnitudes first: -3 needs as large a step as 3.")
    yield Case("negative weights count", (-weight, 8, 0), judge, hints=sign)
    bits = ("What changes with the number of bits?", "The largest code: 7 for 4 bits.")
    yield Case("4 bits", (weight, 4, 0), judge, hints=bits)
    dead = weight.clone()
    dead[2] = 0
    zero = ("A scale of 0 would be divided by.", "Where the largest is 0 the scale is 1.0: torch.where.")
    yield Case("a channel of zeros gets 1.0", (dead, 8, 0), judge, hints=zero)
    one = ("What is the shape of your result?", "(weight.shape[axis],), also for one channel: squeeze() takes too much.")
    yield Case("a single channel", (weight[3:4] + 0, 8, 0), judge, hints=one, hints_for={"error": one})
    yield Case("one weight a channel", (weight[:, :1, 0, 0] + 0, 8, 0), judge, hints=one, hints_for={"error": one})
    tiny = ("These weights are about 1e-12, and so is their scale.", "Only a channel of zeros is special: add no small number.")
    yield Case("very small weights", (weight * 1e-12, 8, 0), judge, hints=tiny)
    yield Case("takes a layer's parameter", (weight, 8, 0), judge, hints_for=PARAMETER, probe="as_parameters", as_given=True)
    mixed = weight.clone()
    mixed[:, 0, 0, 0] *= -0.01  # a sign to lose, which no maximum depends on
    yield Case("leaves the weight as it was", (mixed, 8, 0), judge, hints_for=CHANGED, about="inputs")
