"""dequantize: the values that codes stand for."""

from typing import Any

import numpy as np
from torch import from_numpy, full, int8, int32, tensor, uint8, zeros

from utils.compress import quantization
from utils.exercises.draws import integers
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, has_dtype, keeps_inputs, takes_nothing
from utils.exercises.lab02.draws import step
from utils.exercises.lab02.oracles import values
from utils.exercises.lab02.quantize import FOR_EACH

JUDGE = close_to(values)
_STEPS = ("A code counts steps. How large is one?", "Multiply by the scale.")
_ORDER = ("Which value has the code zero_point?", "0.0: subtract the zero point first, then multiply by the scale.")
_BELOW = ("What is 3 - 128 in uint8?", "131: it has no negative numbers. Convert to int32 or float before you subtract.")
_WRAPS = ("What is -100 - 100 in int8?", "56: int8 ends at -128 and wraps around. Convert to int32 or float before you subtract.")
_FRACTIONS = ("Where are the fractions?", "An integer dtype cuts them off: the values are float32.")
_HALF = ("How many digits has your dtype?", "float16 has three, float32 has seven.")
_PRODUCTS = ("How exact is the difference of two large products?", "Subtract the zero point first: integers are exact.")
_EXACT = ("Which of float32, float16 and int16 holds 50001?", "float32 does: float16 rounds it to 50016, int16 ends at 32767.")


def _wrapped(dtype: str | None) -> Any:
    """The difference in a small dtype; None: that of the codes."""
    return lambda q, scale, point: (q.astype("i8") - point).astype(dtype or q.dtype) * scale


def _single(codes: Any, scale: Any) -> Any:
    return np.float32(np.float32(codes) * np.float32(scale))


def _half(q: np.ndarray) -> np.ndarray:
    return q.clip(-60_000, 60_000).astype("f2")


MISTAKES = (
    Mistake("subtracts in int8", _wrapped("i1"), _WRAPS),
    Mistake("subtracts in the dtype of the codes", _wrapped(None), _BELOW),
    Mistake("subtracts in int16", _wrapped("i2"), _EXACT, "codes of 16 bits"),
    Mistake("scales first", lambda q, scale, point: q * scale - point, _ORDER),
    Mistake("adds the zero point", lambda q, scale, point: (q.astype(float) + point) * scale, _ORDER),
    Mistake("leaves the zero point out", lambda q, scale, point: q * scale, _ORDER),
    Mistake("divides by the scale", lambda q, scale, point: (q.astype(float) - point) / scale, _STEPS),
    Mistake("computes in float16", lambda q, scale, point: (_half(q) - np.float16(point)).astype("f4") * scale, _EXACT),
    Mistake("subtracts two products", lambda q, scale, point: _single(q, scale) - _single(point, scale), _PRODUCTS),
    Mistake("rounds the values", lambda q, scale, point: np.trunc(values(q, scale, point)), _FRACTIONS),
    Mistake("gives float16", lambda q, scale, point: values(q, scale, point).astype("f2"), _HALF),
)


@exercise(quantization.dequantize, points=2, difficulty=1, minutes=5, judge=JUDGE, mistakes=MISTAKES)
def dequantize(rng: Rng) -> Cases:
    """dequantize(q, scale, zero_point) -> float32 tensor of q's shape."""
    scale, q, point = step(rng), from_numpy(integers(rng, -90, 90, 3, 5)).to(int32), "subtracts the zero point first"
    yield Case("steps times the scale", (q, scale, 0), weight=2, hints=_STEPS)
    yield Case(point, (q, scale, int(integers(rng, 20, 40))), hints=_ORDER)
    unsigned = from_numpy(integers(rng, 0, 100, 4, 6)).to(uint8)
    yield Case("uint8 codes below the zero point", (unsigned, scale, 128), hints=_BELOW, basis=point)
    signed = from_numpy(integers(rng, -128, -60, 4, 6)).to(int8)
    yield Case("int8 codes far from the zero point", (signed, scale, 100), hints=_WRAPS, basis=point)
    middle = 2 * int(integers(rng, 22_000, 28_000))  # a neighbor of an even number up there is none of float16's
    wide = tensor([0, 1, middle - 8, middle + 2, middle + 3, 65_535], dtype=int32), scale, middle
    yield Case("codes of 16 bits", wide, hints=_EXACT, basis=point)
    scales, points = tensor([[0.01], [0.5], [3.0], [40.0]]), from_numpy(integers(rng, -9, 9, 4, 1)).to(int32)
    channels = from_numpy(integers(rng, -90, 90, 4, 5)).to(int32), scales, points
    yield Case("a scale for each channel", channels, hints=FOR_EACH, hints_on_error=True, basis=point)
    zero = int(integers(rng, 60, 90))
    yield Case("the zero point stands for 0.0", (full((2, 3), zero, dtype=int32), scale, zero), hints=_ORDER)
    yield takes_nothing("no codes", zeros(0, 4, dtype=int8), scale, 0)
    yield has_dtype(JUDGE, "float32", ("f4",), q, scale, 0, hints=("What is your result's dtype?", "float32: layers refuse float64."))
    yield keeps_inputs(q + 0, scale, 3, basis=point)
