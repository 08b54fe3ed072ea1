"""Lab 07's extra exercise: the loop that takes most of the time, in C."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.exercises.declare import Case
from utils.exercises.lab07.judges import compiles_without_a_word, dot_product, without_a_float
from utils.exercises.lab07.shipping import lab
from utils.exercises.lab07.standins import dot_source
from utils.exercises.standins import library


def _drawn(rng: np.random.Generator, low: int, high: int, count: int) -> list[int]:
    return rng.integers(low, high + 1, size=count).tolist()


@lab.exercise(
    points=3, difficulty=3, minutes=15, core=False, stand_in=library(dot_source, "the plain loop in C"), gives_text=True, needs="gcc"
)
def dot_in_c(rng: np.random.Generator) -> Iterator[Case]:
    """dot_in_c() -> str, the source of `int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)`."""
    loop = (
        "Which loop adds up n products in C?",
        "int32_t sum = 0; for (int32_t i = 0; i < n; i++) sum += (x[i] - x_zero_point) * w[i]; return sum;",
    )
    last = ("Which is the last element of an array of n?", "x[n - 1]: the loop runs from 0 while i < n.")
    refused = (
        "Read what the compiler says: it names the line.",
        "#include <stdint.h> gives int32_t; every statement ends with a semicolon.",
    )
    special = {
        "refused": refused,
        "failed": ("When does your loop end?", last[1]),
        "outside": last,
        "state": (
            "What does your function remember from one call to the next?",
            "A static or global variable keeps its value: declare the sum inside the function, without static, and set it to 0.",
        ),
        "undefined": (
            "Which variable is read before it has a value?",
            "int32_t sum = 0; a local variable of C holds anything until it is set, and an int32_t that overflows is undefined.",
        ),
        "nameless": (
            "What is your function called?",
            "dot, not static, with the types of the docstring: who calls it looks it up by this name.",
        ),
        "point": ("Which value has the code x_zero_point?", "0.0: subtract it from each x[i]."),
        "all points": ("How often is the zero point subtracted?", "From each x[i], before it is multiplied with w[i]."),
        "one less": last,
        "wraps": ("What is 3 - 128 in uint8_t?", "131: put the difference into int32_t, which C computes in anyway."),
        "int16": ("How large does the sum become?", "Larger than int16_t holds: accumulator, differences and products are int32_t."),
        "int8": ("How large does the sum become?", "Larger than int8_t holds: the accumulator is int32_t."),
        "unsigned": ("Which sign have the weights?", "const int8_t *w: as uint8_t -1 becomes 255."),
        "changed": ("Does the loop write to x or w?", "Take the difference into a variable of its own: x and w are const."),
    }

    def case(
        name: str, x: list[int], w: list[int], zero_point: int, hints: tuple[str, str], weight: float = 1, basis: str | None = None
    ) -> Case:
        return Case(name, (x, w, zero_point), dot_product, weight, hints, "called_in_c", special, basis)

    def layer(count: int, x: tuple[int, int] = (0, 255), w: tuple[int, int] = (-127, 127)) -> tuple[list[int], list[int]]:
        return _drawn(rng, *x, count), _drawn(rng, *w, count)

    yield case("a few products", *layer(9, (1, 5), (1, 3)), 0, loop, weight=2)
    yield case("negative weights", *layer(9, (1, 5), (-5, -1)), 0, special["unsigned"])
    shifted = "subtracts the zero point"
    yield case(shifted, *layer(9, (130, 140), (1, 3)), 120, special["point"])
    yield case("codes below the zero point", *layer(9, (100, 120), (1, 3)), 128, special["wraps"], basis=shifted)
    yield case("sums beyond 16 bits", *layer(50, (200, 255), (90, 127)), 0, special["int16"])
    ones = [255] * 40_000, [-128] * 40_000
    yield case("40,000 extreme codes", *ones, 0, special["int16"], basis="sums beyond 16 bits")
    yield case("one product", *layer(1, (9, 20), (2, 9)), 3, last, basis=shifted)
    yield case("no product at all", [], [], 5, ("What is the sum of nothing?", "0, and nothing may be read: the loop asks i < n first."))
    strict = (
        "What does the compiler warn of?",
        "Declare what you use, use what you declare, return a value: -std=c99 -Wall -Wextra -Werror.",
    )
    hints = {"refused": strict}
    yield Case("compiles without a warning", (), compiles_without_a_word, 1, strict, "compiled_strictly", hints)
    whole = ("Is there a float, a double or a number with a point?", "int32_t holds every product and every sum: use integers only.")
    yield Case("no float in it", (), without_a_float(compiles_without_a_word), 1, whole, "compiled", {"refused": refused, "float": whole})
