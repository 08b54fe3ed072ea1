"""to_fixed_point: a real factor as two integers."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from utils.compress import quantization
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, as_number, describe, exercise, refuses, short

Pair = tuple[int, int]


def fixed_point(scale: float) -> Pair:
    """The multiplier of 31 bits and its shift, in exact fractions; where rounding reaches 2^31, half of it."""
    exact, shift = Fraction(scale), 0
    while exact * 2**shift < 2**30:
        shift += 1
    multiplier = int(exact * 2**shift + Fraction(1, 2))
    return (multiplier, shift) if multiplier < 2**31 else (multiplier // 2, shift - 1)


def multiplier_and_shift(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (scale,). Two integers, and the right ones. Verdicts are about "shape" or "whole", where it is that."""
    wanted = fixed_point(*inputs)
    expected = f"multiplier {wanted[0]}, shift {wanted[1]}"
    if type(answer) not in (list, tuple) or len(answer) != 2:
        return Verdict(False, expected, describe(answer), "shape")
    got = f"multiplier {_in_full(answer[0])}, shift {_in_full(answer[1])}"
    if not all(type(as_number(one)) is int for one in answer):
        return Verdict(False, expected, got, "whole")
    return Verdict(tuple(int(one) for one in answer) == wanted, expected, got)


def _in_full(value: Any) -> str:
    return short(repr(value) if type(value) in (int, float) else describe(value), 40)


def _by_frexp(rounded: Callable[[float], int] = round, largest: int = 2**32) -> Callable[[float], Pair]:
    """The range is looked at before rounding."""

    def made(scale: float) -> Pair:
        fraction, exponent = math.frexp(scale)
        return min(rounded(fraction * 2**31), largest), 31 - exponent

    return made


def _while(goes_on: Callable[[float, int], bool]) -> Callable[[float], Pair]:
    """Doubles as long as this is true. goes_on: (scale * 2**shift, shift) -> bool."""

    def made(scale: float) -> Pair:
        shift = 0
        while goes_on(scale * 2**shift, shift):
            shift += 1
        return round(scale * 2**shift), shift

    return made


_DOUBLE = (
    "How often must you double the factor until it is at least 2**30?",
    "That count is the shift; round(scale * 2**shift) is the multiplier.",
)
_NEAREST = ("Which integer is nearest to 12.8?", "13: int() and // cut the fraction off, round() goes to the nearest.")
_POWER = ("0.5 is 2**30 / 2**31. Which loop stops there?", "The multiplier may be 2**30 itself: stop at >= 2**30, not at > 2**30.")
_SMALL = ("How often can this be doubled until it is 2**30?", "More than 50 times: no limit of 31 or 32 on the shift.")
_CARRY = (
    "What does this factor times 2**shift round to?",
    "To 2**31, which int32 does not hold: then take 2**30 and a shift that is smaller by one.",
)
_DIGITS = ("How many bits has the significand of float32?", "24, and the multiplier has 31: stay with Python's floats, which have 53.")
_FLOAT = ("Is 1073741824.0 an integer in C?", "It is a float: int(...) or round(...) gives an int.")
_TWO = ("What is returned?", "Two integers, in this order: multiplier, shift.")
_ALWAYS_31 = ("How many digits does the multiplier of a small factor keep if the shift is always 31?", _DOUBLE[1])
_SHORT = ("Is the multiplier at least 2**30?", "One more doubling: from 2**29 on a bit of precision is given away.")
_LONG = ("Is the multiplier below 2**31?", "int32 holds it only then: double once less.")
_FIRST = ("What is returned first?", "The multiplier, then the shift.")
_CARRIES = "rounding reaches 2**31; slightly less than 1"
MISTAKES = (
    Mistake("whole", lambda scale: (float(fixed_point(scale)[0]), fixed_point(scale)[1]), _FLOAT),
    Mistake("shape", lambda scale: fixed_point(scale)[0], _TWO),
    Mistake("the largest int32", _by_frexp(largest=2**31 - 1), _CARRY, _CARRIES),
    Mistake("the fraction cut off", _by_frexp(int), _NEAREST),
    Mistake("a shift of 31", lambda scale: (round(scale * 2**31), 31), _ALWAYS_31),
    Mistake("one bit short", _while(lambda value, _: value < 2**29), _SHORT),
    Mistake("no carry", _by_frexp(), _CARRY, _CARRIES),
    Mistake("beyond a power", _while(lambda value, _: value <= 2**30), _POWER),
    Mistake("32 bits", lambda scale: (2 * fixed_point(scale)[0], fixed_point(scale)[1] + 1), _LONG),
    Mistake("the shift first", lambda scale: fixed_point(scale)[::-1], _FIRST),
    Mistake("a factor of float32", lambda scale: fixed_point(float(np.float32(scale))), _DIGITS),
    Mistake("a limit on the shift", _while(lambda value, shift: shift < 45 and round(2 * value) < 2**31), _SMALL),
)
STEPS = (
    "Refuse; count how often the factor must be doubled to reach 2**30; round. Rounding may reach 2**31: then half of it, "
    "with a shift that is smaller by one, is the same factor."
)


def _factor(rng: Rng, shift: int, after: float) -> float:
    """A factor that needs this shift, its product with 2^shift that far above an integer."""
    return (int(rng.integers(2**30 + 2**29, 2**31 - 2**20)) // 128 * 128 + 85 + after) / 2.0**shift  # more digits than float32 has


@exercise(
    quantization.to_fixed_point, points=3, difficulty=2, minutes=10, judge=multiplier_and_shift, mistakes=MISTAKES, rtol=0, steps=STEPS
)
def to_fixed_point(rng: Rng) -> Cases:
    """to_fixed_point(scale) -> (multiplier, shift)."""
    yield Case("a factor of about 1/300", (_factor(rng, 39, 0.3),), weight=2, hints=_DOUBLE)
    yield Case("rounds to the nearest", (_factor(rng, 36, 0.8),), hints=_NEAREST)
    power = int(rng.integers(2, 28))
    yield Case("a power of two", (2.0**-power,), hints=_POWER)
    large = ("0.9 * 2**31 is just below 2**31.", "The shift is 31 from 0.5 on: the largest multiplier is 2**31 - 1.")
    yield Case("a factor near 1", (_factor(rng, 31, 0.3),), hints=large)
    yield Case("a very small factor", (_factor(rng, 57, 0.3),), hints=_SMALL)
    bound = ("Which bounds does the docstring give?", "2**-32 <= scale < 1: 2**-32 itself is a factor.")
    yield Case("the smallest factor", (2.0**-32,), weight=0.2, hints=_SMALL, hints_for={"error": bound})
    yield Case("rounding reaches 2**31", (2.0**-power - 2.0 ** -(power + 34),), hints=_CARRY, basis="a power of two")
    yield Case("slightly less than 1", (1 - 2.0 ** -int(rng.integers(34, 50)),), hints=_CARRY, basis="a power of two")
    endless = (
        "How often can 0 be doubled until it is 2**30?",
        "It stays 0, and a loop that waits for it never ends: refuse before the loop.",
    )
    loops: dict[str, Any] = {"hints": endless, "hints_on_error": True}
    yield refuses("1", (1.0,), weight=0.2)
    yield refuses("more than 1", (float(rng.uniform(1.1, 9)),), weight=0.2)
    yield refuses("0", (0.0,), weight=0.2, **loops)
    yield refuses("a negative factor", (-float(rng.uniform(0.1, 0.9)),), weight=0.2, **loops)
    yield refuses("what is below 2**-32", (2.0**-32 * float(rng.uniform(0.1, 0.9)),), weight=0.2)
    missing = ("What does NaN < 1 say?", "False, as every comparison: write not low <= scale < high.")
    yield refuses("NaN", (math.nan,), hints=missing, weight=0.2)
