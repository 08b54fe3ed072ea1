"""affine_params: the scale and the zero point of a grid over a range."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nan, tensor

from utils.compress import quantization
from utils.exercises.draws import integers
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, exercise, refuses
from utils.exercises.lab02.draws import around_zero
from utils.exercises.lab02.oracles import numbers_of, params

_ABOVE = ("The zero point is the code of 0.0. How many steps is that above low?", "round(-low / scale): low is negative.")
_UNSIGNED = ("Which is the lowest code here?", "0: without symmetric the codes are 0 .. 2**bits - 1, and low has the code 0.")
_WHICH = ("Which branch runs where symmetric is False?", "The one with codes 0 .. 2**bits - 1 and a zero point.")
_INVERSE = ("How wide is one step?", "The width of the range, divided by the number of steps.")
_NEAREST = ("What does int() make of the fraction of -low / scale?", "It drops it. round() goes to the nearest integer.")
_CODE = ("Is your zero point a code?", "A code is an integer: round(-low / scale).")
_AROUND = (
    "How many steps lie between the lowest and the highest code?",
    "2**bits codes have 2**bits - 1 steps between them. The zero point is the code of 0.0: round(-low / scale).",
)
_WIDTH = ("This range has no width. What would the scale be?", "It would be 0, and a division by 0 follows: return 1.0 and 0.")
_SHAPE = ("What is returned?", "Two numbers, in this order: scale, zero point.")
_TENSORS = ("low and high come as x.min() and x.max() give them.", "float(low) makes a number of either; round() takes no tensor.")
_WIDEN = ("0.0 must have a code, and it lies outside this range.", "Widen first: low = min(low, 0), high = max(high, 0).")
_SIGNED = (
    "Symmetric means signed codes with 0.0 at code 0. Which is the largest code?",
    "127 for 8 bits: scale = max(|low|, |high|) / (2**(bits - 1) - 1), and the zero point is 0.",
)
_BITS = ("What changes with the number of bits?", "The number of codes, 2**bits: 255 is for 8 bits only.")
_SAME = ("low and high are equal here, and not 0.", "Widen first, then look whether the range has a width.")
_TINY = ("The scale is about 1e-11 here, and that is right.", "Add no small number and do not round: only a width of 0 is special.")
_SIDES = ("Which of the two ends is further from 0?", "max(abs(low), abs(high)): low may be the far one.")
_NAN = ("What does low > high say when one of them is NaN?", "False, as does every comparison: ask math.isnan for both.")


def _step_count(inputs: tuple[Any, ...], expected: str, got: str) -> str:
    _, _, bits, symmetric = inputs
    if symmetric:
        return f"Which is the largest signed code of {bits} bits? {2 ** (bits - 1) - 1}: the scale is the far end over that code."
    return f"One less than there are codes: {2**bits - 1} for {bits} bits."


_levels: Any = ("Count the steps from one end of the range to the other.", _step_count)


def _pair(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (low, high, bits, symmetric). Two numbers, plain or 0-d; the zero point is an integer, whatever its dtype."""
    scale, zero_point = params(*inputs)
    expected, found = f"scale {scale:.6g}, zero point {zero_point}", numbers_of(answer)
    if found is None:
        return Verdict(False, expected, describe(answer), "shape")
    right = bool(np.isclose(found[0], scale, rtol=1e-5, atol=0) and found[1] == zero_point)
    return Verdict(right, expected, expected if right else f"scale {found[0]:.6g}, zero point {found[1]:.6g}")


def _made(
    levels: int = -1, widen: bool = True, rounded: Callable[[float], float] = round, far: Callable[[float, float], float] | None = None
) -> Callable[..., tuple[float, float]]:
    """affine_params with other levels, without widening, with other rounding, or with another far end."""

    def made(low: Any, high: Any, bits: int, symmetric: bool) -> tuple[float, float]:
        low, high = (min(float(low), 0.0), max(float(high), 0.0)) if widen else (float(low), float(high))
        width = (far or (lambda low, high: max(-low, high)))(low, high) if symmetric else high - low
        scale = width / ((2 ** (bits - 1) if symmetric else 2**bits) + levels) or 1.0
        return scale, 0 if symmetric else rounded(-low / scale)

    return made


MISTAKES = (
    Mistake("counts the codes", _made(levels=0), _levels),
    Mistake("takes the zero point from high", lambda *x: (params(*x)[0], round(max(float(x[1]), 0.0) / params(*x)[0])), _ABOVE),
    Mistake("has a signed zero point", lambda *x: (params(*x)[0], params(*x)[1] - (not x[3]) * 2 ** (x[2] - 1)), _UNSIGNED),
    Mistake("divides by the width", lambda *x: (1 / params(*x)[0], round(-min(float(x[0]), 0.0) * params(*x)[0])), _INVERSE),
    Mistake("has the sign of low", _made(rounded=lambda steps: -round(steps)), _ABOVE),
    Mistake("does not widen", _made(widen=False), _WIDEN),
    Mistake("truncates", _made(rounded=lambda steps: int(steps + 1e-6)), _NEAREST),
    Mistake("does not round", _made(rounded=lambda steps: round(steps, 6)), _CODE),
    Mistake("is always for 8 bits", lambda low, high, bits, symmetric: params(low, high, 8, symmetric), _BITS),
    Mistake("is never symmetric", lambda low, high, bits, symmetric: params(low, high, bits, False), _SIGNED),
    Mistake("is symmetric the wrong way round", lambda low, high, bits, symmetric: params(low, high, bits, not symmetric), _WHICH),
    Mistake("takes high for the far end", _made(far=lambda low, high: high), _SIDES, "symmetric, low is the far end"),
    Mistake("divides the whole width", _made(far=lambda low, high: 2 * max(-low, high) * (2**7 - 1) / (2**8 - 1)), _SIGNED),
    Mistake("takes a constant for 0", lambda *x: (1.0, 0) if x[0] == x[1] else params(*x), _SAME, "a constant"),
    Mistake("has a smallest scale", lambda *x: (max(_made()(*x)[0] if x[1] - x[0] else 0.0, 1e-8), params(*x)[1]), _TINY),
    Mistake("returns zero point and scale", lambda *x: params(*x)[::-1], ("In which order are the two?", "Scale, zero point.")),
)


@exercise(quantization.affine_params, points=3, difficulty=2, minutes=10, judge=_pair, mistakes=MISTAKES, rtol=1e-5)
def affine_params(rng: Rng) -> Cases:
    """affine_params(low, high, bits, symmetric) -> (scale, zero_point)."""

    def far(least: float, most: float) -> float:
        return float(rng.uniform(least, most))

    yield Case("a range around 0", (*around_zero(rng, 8), 8, False), weight=2, hints=_AROUND, hints_for={"shape": _SHAPE})
    yield Case("a range above 0", (far(1, 2), far(3, 4), 8, False), hints=_WIDEN)
    yield Case("a range below 0", (-far(3, 4), -far(1, 2), 8, False), hints=_WIDEN)
    yield Case("4 bits", (*around_zero(rng, 4), 4, False), hints=_BITS)
    high_far = "symmetric, high is the far end"
    yield Case(high_far, (-far(1, 2), far(3, 4), 8, True), hints=_SIGNED)
    yield Case("symmetric, low is the far end", (-far(3, 4), far(1, 2), 8, True), hints=_SIDES, basis=high_far)
    yield Case("symmetric, 4 bits", (-far(1, 2), far(3, 4), 4, True), hints=_BITS, basis=high_far)
    flat: dict[str, Any] = {"weight": 0.5, "hints": _WIDTH, "hints_on_error": True}
    yield Case("nothing but 0", (0.0, 0.0, int(integers(rng, 2, 16)), False), **flat)
    yield Case("symmetric, nothing but 0", (0.0, 0.0, int(integers(rng, 2, 16)), True), basis=high_far, **flat)
    constant = far(1, 2)
    yield Case("a constant", (constant, constant, 8, False), hints=_SAME, hints_on_error=True, basis="a range above 0")
    yield Case("a very narrow range", (*around_zero(rng, 8, 1e-9), 8, False), hints=_TINY)
    yield Case("takes 0-d tensors", (*map(tensor, around_zero(rng, 8)), 8, False), hints=_TENSORS, hints_on_error=True)
    yield refuses("low above high", (far(1, 2), -far(1, 2), int(integers(rng, 2, 16)), False), weight=0.5)
    # symmetric, where no round(nan) raises by itself
    yield refuses("NaN as high", (-far(1, 2), nan, int(integers(rng, 2, 16)), True), weight=0.5, hints=_NAN)
    yield refuses("NaN as low", (nan, far(1, 2), int(integers(rng, 2, 16)), True), weight=0.5, hints=_NAN)
