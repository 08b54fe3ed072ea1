"""int8_conv2d: a convolution without floats."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor, cat, from_numpy, int8, int32, int64, tensor, uint8, zeros_like
from torch.nn.functional import conv2d

from utils.compress.quantization import requantize
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, has_dtype, keeps_inputs, takes_nothing, without_floats
from utils.exercises.lab07.to_fixed_point import fixed_point

Layer = tuple[Tensor, Tensor, Tensor, dict[str, Any]]


def _halves_up(sums: Any, multipliers: Any, shifts: Any) -> Any:
    return (sums * multipliers + (np.int64(1) << (shifts - 1))) >> shifts


def convolution(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    params: Mapping[str, Any],
    *,
    border: int | None = None,
    bias: Literal["in the sum", "left out", "after the factor"] = "in the sum",
    held: Callable[[np.ndarray, int], np.ndarray] = np.subtract,
    first: bool = False,
    scaled: Callable[[Any, Any, Any], Any] = _halves_up,
    coded: Callable[[np.ndarray, int], np.ndarray] = lambda rounded, zero: np.clip(rounded + zero, 0, 255),
) -> np.ndarray:
    """The layer in int64; each keyword makes a mistake. It calls nothing of the course: an error there would be judged right.

    border: the code outside the image. held: (codes, zero point) -> values. first: one factor for all filters.
    scaled: (sums, multipliers, shifts) -> rounded. coded: (rounded, the output's zero point) -> codes, modulo 256.
    """
    pad, stride, kernel, zero_point = params["padding"], params["stride"], w.shape[2], params["x_zero_point"]
    around = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    padded = np.pad(x.astype(np.int64), around, constant_values=zero_point if border is None else border)
    windows = sliding_window_view(held(padded, zero_point), (kernel, kernel), (2, 3))[:, :, ::stride, ::stride]
    sums = np.einsum("nchwij,ocij->nohw", windows, w.astype(np.int64))
    biases = b.astype(np.int64)[:, None, None]
    factors = [np.asarray(params[name], dtype=np.int64)[: 1 if first else None, None, None] for name in ("multipliers", "shifts")]
    rounded = scaled(sums + biases * (bias == "in the sum"), *factors) + biases * (bias == "after the factor")
    return coded(rounded, params["y_zero_point"]) % 256


def _wrapping(sums: Any, multipliers: Any, shifts: Any, added: Any = np.int64) -> Any:
    """Products in int32. added: the dtype in which half a step is added."""
    products, shifts = (sums.astype(np.int32) * multipliers.astype(np.int32)).astype(added), shifts.astype(added)
    return ((products + (added(1) << (shifts - 1))) >> shifts).astype(np.int64)


def _with(**changed: int) -> Callable[..., np.ndarray]:
    return lambda x, w, b, params: convolution(x, w, b, {**params, **changed})


_SUMS = (
    "Compute one code by hand: which products are under the window?",
    "Their sum plus the bias, times multiplier / 2**shift, rounded, plus the output's zero point.",
)
_POINT = ("Which value has the code x_zero_point?", "0.0: leave uint8, then subtract it, before you multiply.")
_HALF = ("Does >> round?", "It rounds down: add half a step, 1 << (shift - 1), before you shift.")
_UP = ("A factor of a half makes 2.5 of 5.", "Halves go up, also below 0: -2.5 becomes -2. (acc * multiplier + half) >> shift does both.")
_FIRST = ("How many multipliers are there?", "One for each filter: give them the shape (o, 1, 1), so that they broadcast.")
_BORDER = (
    "Which value is beyond the border, and which code has it?",
    "0.0, whose code is x_zero_point: subtract the zero point first and pad with 0, or pad x with x_zero_point.",
)
_OUTPUT = ("Which code does a sum of 0 get?", "y_zero_point: add it after the shift, before you clamp.")
_BIAS = ("What is missing is the same all over a channel.", "Add b to the sums, before the factor: b[:, None, None].")
_LATE = ("In which unit is the bias?", "In units of a sum: add b before the factor, which scales both.")
_STEP = ("How far does the window move?", "By stride places, down and to the right.")
_BELOW = ("What is 3 - 128 in uint8?", "131: it has no negative numbers. Leave uint8 first.")
_ENDS = ("Which codes does uint8 have?", "0 to 255: clamp() before converting, as uint8 wraps around.")
_SIGNED = ("Which codes does uint8 have?", "0 to 255: from -128 to 127 are the codes of int8.")
_WIDE = (
    "How large is a sum times its multiplier?",
    "Up to 2**62: convert sums and multipliers to int64 before you multiply. int32 wraps around.",
)
_KEEP_TO = "Keep to conv2d on integers, +, *, >> and clamp: / and torch.zeros give floats."
_EARLY = ("What is clamped to 0 .. 255?", "The code: add y_zero_point first, for a sum below 0 has a code below the zero point.")
_TURNED = ("Is the kernel turned round?", "In neural networks it is not: w[o, c, i, j] meets x[c, top + i, left + j].")
_PADDED = ("How large is the output?", "h + 2 * padding - k places more than one: pad the image on all sides.")
MISTAKES = (
    Mistake("stays in int32", partial(convolution, scaled=partial(_wrapping, added=np.int32)), _WIDE),
    Mistake("products in int32", partial(convolution, scaled=_wrapping), _WIDE),
    Mistake("the border has code 0", partial(convolution, border=0), _BORDER),
    Mistake("leaves the input's zero point out", partial(convolution, held=lambda codes, _: codes, border=0), _POINT),
    Mistake("subtracts in uint8", partial(convolution, held=lambda codes, zero: (codes - zero) % 256), _BELOW),
    Mistake("leaves the bias out", partial(convolution, bias="left out"), _BIAS),
    Mistake("bias after the factor", partial(convolution, bias="after the factor"), _LATE),
    Mistake("wraps around", partial(convolution, coded=np.add), _ENDS),
    Mistake("clamps to int8", partial(convolution, coded=lambda rounded, zero: np.clip(rounded + zero, -128, 127)), _SIGNED),
    Mistake("returns int8", lambda *layer: (convolution(*layer) + 128) % 256 - 128, _SIGNED),
    Mistake("clamps early", partial(convolution, coded=lambda rounded, zero: np.clip(rounded, 0, 255) + zero), _EARLY),
    Mistake("rounds down", partial(convolution, scaled=lambda sums, factors, shifts: (sums * factors) >> shifts), _HALF),
    Mistake("halves away from 0", partial(convolution, scaled=lambda sums, *by: np.sign(sums) * _halves_up(np.abs(sums), *by)), _UP),
    Mistake("halves to even", partial(convolution, scaled=lambda sums, by, shifts: np.rint(sums * by / 2.0**shifts).astype(int)), _UP),
    Mistake("the first factor for all", partial(convolution, first=True), _FIRST),
    Mistake("turned kernels", lambda x, w, *others: convolution(x, w[:, :, ::-1, ::-1], *others), _TURNED),
    Mistake("leaves the output's zero point out", _with(y_zero_point=0), _OUTPUT),
    Mistake("a stride of 1", _with(stride=1), _STEP),
    Mistake("no padding", _with(padding=0), _PADDED),
)
STEPS = (
    "Leave uint8 and int8, then subtract the zero point; torch.nn.functional.conv2d takes int32 (or add up the windows "
    "yourself); add b; int64 from here, for the product takes 62 bits; add half a step, 1 << (shift - 1); shift right (`>>`); add "
    "y_zero_point, clamp, convert."
)


def torch_conv2d(x: Tensor, w: Tensor, b: Tensor, params: Mapping[str, Any]) -> Tensor:
    """torch convolves integers too, and lab 02's function rescales each channel."""
    values = x.to(torch.int32) - params["x_zero_point"]  # so that the zeros of the padding are zeros
    acc = conv2d(values, w.to(torch.int32), b.to(torch.int32), params["stride"], params["padding"])
    factors = zip(params["multipliers"].tolist(), params["shifts"].tolist(), strict=True)
    codes = [requantize(channel, *factor, params["y_zero_point"]) for channel, factor in zip(acc.unbind(1), factors, strict=True)]
    return torch.stack(codes, 1)


def drawn_layer(
    rng: Rng,
    x: tuple[int, int, int, int],
    w: tuple[int, int],
    *,
    points: tuple[int, int] = (0, 0),
    stride: int = 1,
    padding: int = 0,
    bias: bool = False,
) -> Layer:
    """A layer's inputs: x: (n, c, h, w), w: (o, k). Its factors are such that codes lie on both sides of the output's zero point."""
    out, kernel = w
    codes, weight = rng.integers(0, 256, size=x), rng.integers(-127, 128, size=(out, x[1], kernel, kernel))
    spread = np.sqrt((weight.astype(float) ** 2).sum((1, 2, 3))) * 255 / 3.5
    biases = (rng.choice([-1, 1], size=out) * spread).astype(int) if bias else np.zeros(out, dtype=int)
    factors = [fixed_point(float(8 / one * rng.uniform(0.5, 1.5))) for one in spread]
    params = _params(factors, points, stride=stride, padding=padding)
    return from_numpy(codes).to(uint8), from_numpy(weight).to(int8), from_numpy(biases).to(int32), params


def _params(factors: list[tuple[int, int]], points: tuple[int, int], stride: int = 1, padding: int = 0) -> dict[str, Any]:
    multipliers, shifts = (tensor(part, dtype=int64) for part in zip(*factors, strict=True))
    points_and_factors = {"x_zero_point": points[0], "y_zero_point": points[1], "multipliers": multipliers, "shifts": shifts}
    return points_and_factors | {"stride": stride, "padding": padding}


def _by_hand(x: list[int], w: int, b: int, factor: tuple[int, int], points: tuple[int, int]) -> Layer:
    """One row of codes through a single weight."""
    codes, weight = tensor(x, dtype=uint8).view(1, 1, 1, -1), tensor([[[[w]]]], dtype=int8)
    return codes, weight, tensor([b], dtype=int32), _params([factor], points)


def _beyond_floats(x: Tensor, w: Tensor, b: Tensor, params: dict[str, Any]) -> Layer:
    """The layer with one more filter, whose sums are 2^30 - 1 everywhere: times 2^30 + 1 that is just less than half a step.

    float64 makes it half a step, which is rounded up, and float32 as well. To forget the bias, or the clamp, changes no code.
    """
    more = {name: cat([params[name], tensor([factor])]) for name, factor in (("multipliers", 2**30 + 1), ("shifts", 61))}
    return x, cat([w, zeros_like(w[:1])]), cat([b, tensor([2**30 - 1], dtype=int32)]), params | more


@exercise(torch_conv2d, points=5, difficulty=4, minutes=25, judge=equal_to(convolution), mistakes=MISTAKES, rtol=0, steps=STEPS)
def int8_conv2d(rng: Rng) -> Cases:
    """int8_conv2d(x, w, b, params) -> (n, o, h_out, w_out) uint8 tensor."""
    layer, zero = partial(drawn_layer, rng), int(rng.integers(20, 60))
    meet = (
        "Which dtypes meet there?",
        "Convert first, x.to(torch.int32) and w.to(torch.int32): torch's operations want one dtype, and F.conv2d takes integers.",
    )
    yield Case("one filter over one image", layer((1, 1, 6, 6), (1, 3), points=(0, 128)), weight=2, hints=_SUMS, hints_for={"error": meet})
    row = [int(value) for value in rng.permutation(8)]
    yield Case("halves go up", _by_hand(row, 1, 0, (2**30, 31), (4, 100)), hints=_UP)
    yield Case("channels and filters", layer((2, 3, 5, 5), (4, 3), points=(0, 128)), weight=2, hints=_FIRST)
    shifted, biased, border = "subtracts the zero point", "adds the bias", "the border has the code of 0.0"
    yield Case(shifted, layer((1, 2, 5, 5), (3, 3), points=(128, 120)), hints=_BELOW)
    yield Case(biased, layer((1, 2, 5, 5), (3, 3), points=(0, 128), bias=True), hints=_BIAS)
    yield Case("adds the output's zero point", layer((1, 2, 5, 5), (3, 1), points=(0, 128)), hints=_OUTPUT)
    yield Case(border, layer((1, 2, 4, 4), (3, 3), points=(90, 120), padding=1), weight=2, hints=_BORDER, basis=shifted)
    yield Case("a stride of 2", layer((1, 2, 7, 7), (3, 3), points=(100, 120), stride=2), hints=_STEP)
    both = layer((2, 1, 8, 8), (4, 3), points=(73, 0), stride=2, padding=1, bias=True)
    yield Case("as the first layer has it", both, hints=_STEP, basis=border)
    sides = ("Is the image a square?", "h and w differ here: (h + 2 * padding - k) // stride + 1 for each.")
    yield Case("an image that is not a square", layer((1, 1, 4, 9), (2, 3), points=(100, 120), padding=1), hints=sides, basis=border)
    ends = _by_hand([0, zero, 120, 140, 250], 100, 0, (2**30, 34), (128, 100))
    yield Case("stops at 0 and 255", ends, hints=_ENDS, basis=shifted)
    far = _by_hand([1, zero, 120, 200, 255], 127, 2_000_001 + zero, (2**31 - 1, 45), (0, 0))
    yield Case("products beyond int32", far, hints=_WIDE)
    exact = ("float32 holds no odd number beyond 2**24, float64 none beyond 2**53.", "Multiply and shift in int64: `>>`, no division.")
    hair = _by_hand([0, 1], 1, 2**30 - 1, (2**30 + 1, 61), (0, zero))  # 2^60 - 1: just less than half a step
    yield Case("products beyond any float", hair, hints=exact, hints_for={"leaves the bias out": exact}, basis=biased)
    yield takes_nothing(
        "no image", *layer((0, 2, 5, 5), (3, 3)), hints=("There is no image here.", "The shape is (0, o, h, w): work on the whole tensor.")
    )
    small = layer((1, 2, 4, 4), (2, 3), points=(100, 120), padding=1)
    yield has_dtype(equal_to(convolution), "uint8", ("u1",), *small)
    yield without_floats(equal_to(convolution), _KEEP_TO, *_beyond_floats(*small))
    yield keeps_inputs(*small, basis=border)
