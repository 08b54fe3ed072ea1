"""dot_in_c: the loop that takes most of the time, in C."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from utils.exercises.c.judges import compiles_without_a_word, returns, without_a_float
from utils.exercises.kit import Case, Cases, Hints, Mistake, Rng, exercise

Numbers = list[int]


def source(
    add: str = "sum += (x[i] - x_zero_point) * w[i];",
    *,
    start: str = "int32_t sum = 0;",
    loop: str = "i < n; i++",
    end: str = "return sum;",
) -> str:
    """The plain loop; each argument replaces a part of it."""
    return f"""#include <stdint.h>

int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)
{{
    {start}
    for (int32_t i = 0; {loop})
        {add}
    {end}
}}
"""


def dot(x: Numbers, w: Numbers, zero_point: int) -> int:
    """One after the other."""
    return sum((code - zero_point) * weight for code, weight in zip(x, w, strict=True))


@dataclass(frozen=True)
class _Returns:
    """What a wrong loop returns in all four calls. value: (x, w, zero point) -> a number. source: the loop."""

    value: Callable[[Numbers, Numbers, int], int]
    source: str

    def __call__(self, x: Numbers, w: Numbers, zero_point: int) -> dict[str, Any]:
        return {"values": [self.value(x, w, zero_point)] * 4}


def _in_bits(bits: int) -> _Returns:
    half = 2 ** (bits - 1)
    return _Returns(lambda *inputs: (dot(*inputs) + half) % 2**bits - half, source(start=f"int{bits}_t sum = 0;"))


def _unrolled(by: int) -> _Returns:
    products = " + ".join(f"(x[i + {at}] - x_zero_point) * w[i + {at}]" for at in range(by))
    loop = source(f"sum += {products};", loop=f"i + {by} <= n; i += {by}")
    return _Returns(lambda x, w, zero: dot(x[: len(x) // by * by], w[: len(x) // by * by], zero), loop)


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
_ABOUT: dict[str, Hints] = {
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
    "nameless": ("What is your function called?", "dot, not static, with the types of the docstring: the caller looks it up by this name."),
    "changed": ("Does the loop write to x or w?", "Take the difference into a variable of its own: x and w are const."),
}
_NARROW: Hints = ("How large does the sum become?", "Larger than int8_t holds: the accumulator is int32_t.")
_EACH: Hints = ("How often is the zero point subtracted?", "From each x[i], before it is multiplied with w[i].")
_PLAIN = "sum += x[i] * w[i];"
MISTAKES = (
    Mistake("point", _Returns(lambda x, w, _: dot(x, w, 0), source(_PLAIN)), _POINT, "*zero point; one product; compiles*"),
    Mistake(
        "all points",
        _Returns(lambda x, w, zero: dot(x, w, 0) - zero, source(_PLAIN, end="return sum - x_zero_point;")),
        _EACH,
        "*zero point; one product; no product at all",
    ),
    Mistake(
        "wraps",
        _Returns(
            lambda x, w, zero: dot([(code - zero) % 256 for code in x], w, 0), source("sum += (uint8_t)(x[i] - x_zero_point) * w[i];")
        ),
        _WRAPS,
        "codes below the zero point",
    ),
    Mistake("int16", _in_bits(16), _WIDE, "sums beyond 16 bits; 40,000 extreme codes"),
    Mistake("int8", _in_bits(8), _NARROW, "*zero point; sums beyond 16 bits; 40,000 extreme codes"),
    *(
        Mistake(f"tail of {step}", _unrolled(step), _TAIL, f"all but {also}40,000 extreme codes; no *; compiles*")
        for step, also in ((4, ""), (2, "sums beyond 16 bits; "), (8, ""))
    ),
    Mistake(
        "one less",
        _Returns(lambda x, w, zero: dot(x[:-1], w[:-1], zero), source(start="int32_t sum = 0; n -= 1;")),
        _LAST,
        "all but no *; compiles*",
    ),
    Mistake(
        "unsigned",
        _Returns(lambda x, w, zero: dot(x, [weight % 256 for weight in w], zero), source("sum += (x[i] - x_zero_point) * (uint8_t)w[i];")),
        _SIGN,
        "negative weights; 40,000 extreme codes",
    ),
)
JUDGE = returns(dot, ("x", "w"))
STEPS = (
    "Include stdint.h; start an int32_t sum at 0; loop over i from 0 while i < n; add the product of the difference "
    "x[i] - x_zero_point and w[i]; return the sum."
)


@exercise(
    source,
    difficulty=3,
    minutes=15,
    core=False,
    gives_text=True,
    needs="gcc",
    judge=JUDGE,
    mistakes=MISTAKES,
    answer_of=lambda made: lambda: made.source,
    steps=STEPS,
)
def dot_in_c(rng: Rng) -> Cases:
    """dot_in_c() -> str, the source of `int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)`."""
    called: Any = partial(Case, probe="called_in_c", hints_for=_ABOUT)

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
    yield Case("no float in it", (), without_a_float, 1, whole, "compiled", {"refused": _REFUSED, "float": whole})
