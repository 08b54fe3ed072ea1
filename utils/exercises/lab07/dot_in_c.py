"""dot_in_c: the loop that takes most of the time, in C."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from utils.exercises.declare import Case, Hints, exercise
from utils.exercises.judges import Judge, Verdict, describe, number, short
from utils.exercises.standins import library

DOT = """#include <stdint.h>

int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += (x[i] - x_zero_point) * w[i];
    return sum;
}
"""
Numbers = list[int]


def dot_source() -> str:
    """The plain loop."""
    return DOT


def dot(x: Numbers, w: Numbers, zero_point: int) -> int:
    """One after the other."""
    return sum((code - zero_point) * weight for code, weight in zip(x, w, strict=True))


def _in_bits(bits: int) -> Callable[[Numbers, Numbers, int], int]:
    return lambda *inputs: (dot(*inputs) + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def _unrolled(by: int) -> Callable[[Numbers, Numbers, int], int]:
    return lambda x, w, zero_point: dot(x[: len(x) // by * by], w[: len(x) // by * by], zero_point)


MADE: dict[str, Callable[[Numbers, Numbers, int], int]] = {
    "point": lambda x, w, _: dot(x, w, 0),
    "all points": lambda x, w, zero_point: dot(x, w, 0) - zero_point,
    "wraps": lambda x, w, zero_point: dot([(code - zero_point) % 256 for code in x], w, 0),
    "int16": _in_bits(16),
    "int8": _in_bits(8),
    "tail of 4": _unrolled(4),
    "tail of 2": _unrolled(2),
    "tail of 8": _unrolled(8),
    "one less": lambda x, w, zero_point: dot(x[:-1], w[:-1], zero_point),
    "unsigned": lambda x, w, zero_point: dot(x, [weight % 256 for weight in w], zero_point),
}


def dot_product(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `called_in_c`. inputs: (x, w, zero point). Verdicts are about the mistake where it is recognized."""
    wanted = dot(*inputs)
    expected = f"{wanted}"
    if type(answer) is not dict or not answer:
        return Verdict(False, expected, describe(answer))
    if set(answer) == {"fault"}:
        return _fault(answer["fault"], inputs, expected)
    values = answer.get("values")
    if set(answer) != {"values"} or type(values) is not list or not values or not all(type(one) is int for one in values):
        said = answer.get("refused") or answer.get("failed") or "no value"
        about = "refused" if "refused" in answer else "nameless" if "no function called" in str(said) else "failed"
        return Verdict(False, expected, short(f"the compiler says: {said}" if "refused" in answer else str(said), 200), about)
    plain, fast = values[: len(values) // 2], values[len(values) // 2 :]
    if values == [wanted] * len(values):
        return Verdict(True, expected, expected)
    if len(set(plain)) > 1 or len(set(fast)) > 1:
        return Verdict(False, f"{expected} at every call", f"{number(plain[0])}, and {number(plain[-1])} at the next call", "state")
    if plain[0] != fast[0]:
        differ = f"{number(plain[0])} without and {number(fast[0])} with optimization (-O2)"
        return Verdict(False, expected, differ, "undefined")
    recognized = (name for name, made in MADE.items() if plain[0] == made(*inputs))
    return Verdict(False, expected, number(plain[0]), next(recognized, ""))


def _fault(fault: Any, inputs: tuple[Any, ...], expected: str) -> Verdict:
    """An array was read outside, or written: the memory around it and in it allows neither."""
    if type(fault) is not list or len(fault) != 2 or fault[0] not in ("x", "w") or type(fault[1]) is not int:
        return Verdict(False, expected, describe(fault))
    array, at = fault
    count = len(inputs[0])
    if 0 <= at < count:
        return Verdict(False, expected, f"the function writes to {array}[{at}], which is const", "changed")
    elements = f"{array} has the elements 0 to {count - 1}" if count else f"{array} has no element"
    return Verdict(False, expected, f"the function reads or writes {array}[{at}]; {elements}", "outside")


def compiles_without_a_word(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `compiled_strictly`: no error and no warning."""
    expected = "C99 that compiles without a warning"
    if type(answer) is not dict or type(answer.get("refused")) is not str:
        return Verdict(False, expected, describe(answer))
    said = answer["refused"]
    return Verdict(not said, expected, short(f"the compiler says: {said}", 200) if said else expected, "refused" if said else "")


def without_a_float(judge: Judge) -> Judge:
    """For the probe `compiled`: nothing that was compiled is a float, and `judge` accepts the rest."""

    def whole(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        expected = "integers only"
        if type(answer) is not dict or type(answer.get("floats")) is not str:
            return Verdict(False, expected, describe(answer))
        if answer["floats"]:
            return Verdict(False, expected, f"{answer['floats']} in what is compiled", "float")
        verdict = judge(answer, inputs)
        return Verdict(verdict.passed, expected, expected if verdict.passed else verdict.got, verdict.about)

    return whole


_LAST: Hints = ("Which is the last element of an array of n?", "x[n - 1]: the loop runs from 0 while i < n.")
_POINT: Hints = ("Which value has the code x_zero_point?", "0.0: subtract it from each x[i].")
_WRAPS: Hints = ("What is 3 - 128 in uint8_t?", "131: put the difference into int32_t, which C computes in anyway.")
_WIDE: Hints = ("How large does the sum become?", "Larger than int16_t holds: accumulator, differences and products are int32_t.")
_SIGN: Hints = ("Which sign have the weights?", "const int8_t *w: as uint8_t -1 becomes 255.")
_TAIL: Hints = (
    "Which products are left over when n is not a multiple of the loop's step?",
    "The last n % step: a second loop adds them one by one.",
)
_REFUSED: Hints = (
    "Read what the compiler says: it names the line.",
    "#include <stdint.h> gives int32_t; every statement ends with a semicolon.",
)
ABOUT: dict[str, Hints] = {
    "refused": _REFUSED,
    "failed": ("When does your loop end?", "It runs from 0 while i < n, and i is an int32_t: a uint8_t never reaches 256."),
    "outside": _LAST,
    "state": (
        "What does your function remember from one call to the next?",
        "A static or global variable keeps its value: declare the sum inside the function, without static, and set it to 0.",
    ),
    "undefined": (
        "Which variable is read before it has a value, or which return is missing?",
        "int32_t sum = 0; a local variable of C holds anything until it is set, and so does the result without a return.",
    ),
    "nameless": (
        "What is your function called?",
        "dot, not static, with the types of the docstring: the caller looks it up by this name.",
    ),
    "point": _POINT,
    "all points": ("How often is the zero point subtracted?", "From each x[i], before it is multiplied with w[i]."),
    "one less": _LAST,
    "wraps": _WRAPS,
    "int16": _WIDE,
    "int8": ("How large does the sum become?", "Larger than int8_t holds: the accumulator is int32_t."),
    "unsigned": _SIGN,
    "changed": ("Does the loop write to x or w?", "Take the difference into a variable of its own: x and w are const."),
    **dict.fromkeys(("tail of 2", "tail of 4", "tail of 8"), _TAIL),
}


@exercise(
    library(dot_source, "the plain loop in C"),
    points=3,
    difficulty=3,
    minutes=15,
    core=False,
    gives_text=True,
    needs="gcc",
    judge=dot_product,
    steps="Include stdint.h; start an int32_t sum at 0; loop over i from 0 while i < n; add the product of the difference "
    "x[i] - x_zero_point and w[i]; return the sum.",
)
def dot_in_c(rng: np.random.Generator) -> Iterator[Case]:
    """dot_in_c() -> str, the source of `int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)`."""
    called: Any = partial(Case, probe="called_in_c", hints_for=ABOUT)

    def layer(count: int, x: tuple[int, int], w: tuple[int, int], zero_point: int) -> tuple[Numbers, Numbers, int]:
        return rng.integers(x[0], x[1] + 1, size=count).tolist(), rng.integers(w[0], w[1] + 1, size=count).tolist(), zero_point

    loop = (
        "Compute the sum for these inputs by hand: which product is missing or wrong?",
        "n products, from i = 0 to n - 1, added to an int32_t that starts at 0.",
    )
    yield called("a few products", layer(9, (1, 5), (1, 3), 0), weight=2, hints=loop)
    yield called("negative weights", layer(9, (1, 5), (-5, -1), 0), hints=_SIGN)
    shifted, wide = "subtracts the zero point", "sums beyond 16 bits"
    yield called(shifted, layer(9, (130, 140), (1, 3), 120), hints=_POINT)
    yield called("codes below the zero point", layer(9, (100, 120), (1, 3), 128), hints=_WRAPS, basis=shifted)
    yield called(wide, layer(50, (200, 255), (90, 127), 0), hints=_WIDE)
    yield called("40,000 extreme codes", ([255] * 40_000, [-128] * 40_000, 0), hints=_WIDE, basis=wide)
    yield called("one product", layer(1, (9, 20), (2, 9), 3), hints=_LAST, basis=shifted)
    nothing = ("What is the sum of nothing?", "0, and nothing may be read: the loop asks i < n first.")
    yield called("no product at all", ([], [], int(rng.integers(1, 99))), hints=nothing)
    strict = (
        "What does the compiler warn of?",
        "Declare what you use, use what you declare, return a value: -std=c99 -Wall -Wextra -Werror.",
    )
    yield Case("compiles without a warning", (), compiles_without_a_word, 1, strict, "compiled_strictly", {"refused": strict})
    whole = ("Is there a float, a double or a number with a point?", "int32_t holds every product and every sum: use integers only.")
    yield Case("no float in it", (), without_a_float(compiles_without_a_word), 1, whole, "compiled", {"refused": _REFUSED, "float": whole})
