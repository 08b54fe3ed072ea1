"""requantize: accumulators to codes, in integers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, int32, tensor, zeros

from utils.compress import quantization
from utils.exercises.draws import integers
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, has_dtype, keeps_inputs, takes_nothing
from utils.exercises.lab02.oracles import rescaled

JUDGE = equal_to(rescaled)
_SCALED = (
    "multiplier / 2**shift is the factor. How does one divide by 2**shift without a division?",
    "(acc * multiplier + half) >> shift, with half = 2**(shift - 1), so that it rounds.",
)
_ROUNDS = ("Does >> round?", "It rounds down: add half a step, 2**(shift - 1), before you shift.")
_HALF = ("2.5 lies in the middle of two codes.", "Halves go up here: adding 2**(shift - 1) before the shift does it.")
_ZERO = ("Which code does an accumulator of 0 get?", "The zero point: add it last.")
_NEGATIVE = (
    "What is -5 >> 1, and what is -5 / 2 truncated?",
    "-3 and -2: >> rounds down, also below 0. With half added first it rounds to the nearest, and halves go up.",
)
_LAST = ("What is clipped, and when?", "The code, last: below 0 the accumulator may become a code above 0 once the zero point is added.")
_ENDS = ("Which codes does uint8 have?", "0 to 255: clamp() before converting.")
_WIDE = ("How large is acc * multiplier?", "Up to 2**62: convert acc to int64 before you multiply.")
_EXACT = ("This product is a hair less than half a step.", "No float holds it: multiply and shift in int64.")


def _by(rounded: Callable[[Any, int], Any], ends: tuple[float, float] = (0, 255)) -> Callable[..., Any]:
    """rounded: (product, shift) -> integers. ends: what the codes are clipped to."""
    return lambda acc, multiplier, shift, point: np.clip(rounded(acc.astype("i8") * multiplier, shift) + point, *ends)


def _nearest(product: Any, shift: int) -> Any:
    return (product + (1 << (shift - 1))) >> shift


def _truncated(product: Any, shift: int) -> Any:
    """As C divides."""
    halved = product + (1 << (shift - 1))
    return np.sign(halved) * (np.abs(halved) >> shift)


STEPS = (
    "Convert to int64; multiply; add half a step, 2**(shift - 1); shift right (`>>`, which rounds down, also below 0); "
    "add the zero point; clip; convert."
)
MISTAKES = (
    Mistake("does not round", _by(lambda product, shift: product >> shift), _ROUNDS),
    Mistake("rounds halves to even", _by(lambda product, shift: np.rint(product / 2.0**shift).astype("i8")), _HALF),
    Mistake("rounds the magnitude", _by(lambda product, shift: np.sign(product) * _nearest(np.abs(product), shift)), _NEGATIVE),
    Mistake("truncates", _by(_truncated), _NEGATIVE),
    Mistake("leaves the zero point out", lambda acc, multiplier, shift, _: rescaled(acc, multiplier, shift, 0), _ZERO),
    Mistake("clips before the zero point", lambda acc, *x: np.clip(rescaled(acc, x[0], x[1], 0) + x[2], 0, 255), _LAST),
    Mistake("signed codes", _by(_nearest, (-128, 127)), _ENDS),
    Mistake("does not clip", _by(_nearest, (-np.inf, np.inf)), _ENDS),
    Mistake("wraps around", lambda *x: _by(_nearest, (-np.inf, np.inf))(*x).astype("i8").astype("u1"), _ENDS),
    Mistake("multiplies in int32", _by(lambda product, shift: _nearest(product.astype("i4").astype("i8"), shift)), _WIDE),
    Mistake("computes in floats", _by(lambda product, shift: np.floor(product / 2.0**shift + 0.5).astype("i8")), _EXACT),
)


def _acc(numbers: Any) -> Tensor:
    return tensor(np.asarray(numbers).tolist(), dtype=int32)


@exercise(quantization.requantize, points=2, difficulty=3, core=False, judge=JUDGE, mistakes=MISTAKES, rtol=0, steps=STEPS)
def requantize(rng: Rng) -> Cases:
    """requantize(acc, multiplier, shift, zero_point) -> uint8 tensor of acc's shape."""
    # 5 / 16 is the factor: 16 k + 3 gives 5 k + 15 / 16, which is rounded up
    steps = from_numpy(16 * integers(rng, 1, 40, 4, 6) + 3).to(int32)
    yield Case("a product and a shift", (steps, 5, 4, 0), weight=2, hints=_SCALED)
    yield Case("halves go up", (_acc(4 * integers(rng, 0, 40, 6) + [1, 3] * 3), 1, 1, 0), hints=_HALF)
    point = "adds the zero point"
    yield Case(point, (steps, 5, 4, int(integers(rng, 20, 50))), hints=_ZERO)
    same = "sums below 0 round the same way"
    numbers = 8 * integers(rng, -9, -1, 8)
    below = _acc(numbers + np.array([-1, -2, -3, -5, -6, -7, 2, -2]))
    yield Case(same, (below, 1, 2, int(integers(rng, 90, 110))), hints=_NEGATIVE, basis=point)
    outside = _acc([-int(integers(rng, 2000, 4000)), -int(integers(rng, 600, 1000)), 3000, 9000])
    yield Case("stops at 0 and 255", (outside, 5, 4, 100), hints=_ENDS, basis=point)
    large = from_numpy(integers(rng, 2_000, 60_000, 5, 5)).to(int32), int(integers(rng, 2**30, 2**31 - 1)), 39, 0
    yield Case("products beyond int32", large, hints=_WIDE, hints_on_error=True)
    less = int(integers(rng, 1, 7))  # the product is 2**60 - less**2
    hair = _acc([2**30 - less, 0]), 2**30 + less, 61, 0
    yield Case("products beyond any float", hair, hints=_EXACT, hints_on_error=True)
    extremes = _acc([2**31 - 1, -(2**31)]), 2**31 - 1 - int(integers(rng, 0, 1000)), 56, 100
    yield Case("the most extreme accumulators", extremes, hints=_WIDE, hints_on_error=True, basis=same)
    yield takes_nothing("no accumulators", zeros(0, 4, dtype=int32), 5, 4, int(integers(rng, 1, 200)))
    yield has_dtype(JUDGE, "uint8", ("u1",), steps, 5, 4, 0)
    yield keeps_inputs(steps, 5, 4, 2)
