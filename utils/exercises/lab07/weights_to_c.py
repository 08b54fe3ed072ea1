"""weights_to_c: an array as the text of a constant in C."""

from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, float16, from_numpy, int8, int16, int32, tensor, uint8, zeros

from utils.deploy import mcu
from utils.exercises.c.arrays import UnreadableError, read_array
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, exercise, keeps_inputs, refuses, short

TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t"}


def c_array(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (name, array). The text declares this array: type, const, name, count, values; it is never compiled.

    Verdicts are about "text", "unreadable", "type", "const", "name", "count" or "values".
    """
    name, array = inputs
    values = [int(value) for value in array.ravel().tolist()]
    kind, some = TYPES[array.dtype.name], ", ".join(map(str, values[:4])) + (", ..." if len(values) > 4 else "")
    expected = short(f"const {kind} {name}[{len(values)}] = {{{some}}};", 100)
    if type(answer) is not str:
        return Verdict(False, expected, describe(answer), "text")
    try:
        found = read_array(answer)
    except UnreadableError as error:
        return Verdict(False, expected, short(f"not an array in C: {error}", 150), "unreadable")
    count = f"[{'' if found.count is None else found.count}] with {len(found.values)} values"
    faults = {
        "name": (found.name != name, f"the name {short(found.name, 30)}"),
        "type": (found.kind != kind, f"the type {short(found.kind, 30)}"),
        "const": (not found.const, "no const: the array would be copied to RAM"),
        "count": (found.count != len(values) or len(found.values) != len(values), count),
        "values": (found.values != values, _first_difference(found.values, values)),
    }
    for about, (wrong, got) in faults.items():
        if wrong:
            return Verdict(False, expected, got, about)
    return Verdict(True, expected, expected)


def _first_difference(got: list[int], wanted: list[int]) -> str:
    at = next((at for at, (one, other) in enumerate(zip(got, wanted, strict=False)) if one != other), 0)
    return f"{str(got[at])[:20]} at [{at}], expected {wanted[at]}" if at < min(len(got), len(wanted)) else "no values"


def text_of(name: str, array: np.ndarray, kind: str = "", count: int | None = None, const: str = "const ") -> str:
    """The declaration; what is given differs from it."""
    brackets, numbers = array.size if count is None else count, ", ".join(map(str, array.ravel().tolist()))
    return f"static {const}{kind or TYPES[array.dtype.name]} {name}[{brackets}] = {{{numbers}}};\n"


_FORM = (
    "How does C declare an array of constants?",
    'const int8_t name[3] = {1, -2, 3}; as one str: f"const {type} {name}[{count}] = {{{numbers}}};", braces doubled in an f-string. '
    "The numbers are array.flatten().tolist(), with commas between them.",
)
_FLAT = ("In which order do the numbers come?", "Row by row, as array.flatten().tolist() gives them; the count is that of all of them.")
_TYPE = ("What is the array's dtype?", "torch.int8 is int8_t, uint8 is uint8_t, int16 is int16_t, int32 is int32_t.")
_NAME = ("What is the array called?", "By the first argument.")
_CONST = ("Where does a linker put an array that may change?", "Into RAM. const keeps it in flash, where there is room.")
_COUNT = (
    "How many numbers are there, and which count is in the brackets?",
    "array.numel() of them, all written out: len(array) counts rows, and str() leaves some out.",
)
MISTAKES = (
    Mistake("const", partial(text_of, const=""), _CONST),
    Mistake("type", partial(text_of, kind="int8_t"), _TYPE, "uint8; int16; int32, to its ends"),
    Mistake("count", lambda name, array: text_of(name, array, count=len(np.atleast_1d(array))), _COUNT),
    Mistake("name", lambda name, array: text_of("weights", array), _NAME),
    Mistake("values", lambda name, array: text_of(name, array.T), _FLAT),
    Mistake("text", lambda name, array: array.tolist(), ("What is returned?", "A str: return it, do not print it.")),
    Mistake("unreadable", lambda name, array: text_of(name, array).rstrip(";\n"), _FORM),
)
STEPS = (
    "Refuse; look the type up by the dtype; flatten the array and join its numbers with commas; put type, name, count and "
    "numbers into one f-string."
)


def _word(rng: Rng, first: str = "acdeglmp") -> str:
    """A name in C that the seed draws."""
    return str(rng.choice(list(first))) + "".join(rng.choice(list("aeilnort_027ABX"), 5)) + "_w"


@exercise(mcu.weights_to_c, points=3, difficulty=2, minutes=10, judge=c_array, mistakes=MISTAKES, steps=STEPS)
def weights_to_c(rng: Rng) -> Cases:
    """weights_to_c(name, array) -> str, the C text of a constant array."""

    def codes(*shape: int) -> Tensor:
        return from_numpy(rng.integers(-128, 128, size=shape)).to(int8)

    yield Case("five numbers", (_word(rng), tensor(rng.permutation([-128, -7, 0, 3, 127]), dtype=int8)), weight=2, hints=_FORM)
    yield Case("has the name asked for", (_word(rng), codes(6)), hints=_NAME)
    allowed = ("Which names does C allow?", "A letter, large or small, or _ comes first; then letters, digits and _.")
    for what, first in (("a name that begins with a capital", "ABCDEFGXYZ"), ("a name that begins with _", "_")):
        yield Case(what, (_word(rng, first), codes(3)), hints=allowed, hints_on_error=True)
    letter = (str(rng.choice(list("bcdefghkwxy"))), codes(3))
    yield Case("a name of one letter", letter, hints=allowed, hints_on_error=True)
    four = "a filter of four axes"
    yield Case(four, (_word(rng), codes(3, 2, 3, 3)), hints=_FLAT)
    turned = ("This tensor was transposed: how does it lie in memory?", "Not row by row: flatten() puts it in order, its storage does not.")
    yield Case("a transposed matrix", (_word(rng), codes(4, 5).T), hints=turned, basis=four)
    yield Case("uint8", (_word(rng), from_numpy(rng.integers(0, 256, size=9)).to(uint8)), hints=_TYPE)
    yield Case("int16", (_word(rng), from_numpy(rng.integers(-(2**15), 2**15, size=7)).to(int16)), hints=_TYPE)
    biases = tensor([-(2**31), 2**31 - 1, *rng.integers(-(2**30), 2**30, size=3).tolist()], dtype=int32)
    yield Case("int32, to its ends", (_word(rng), biases), hints=_TYPE)
    long = ("Are all numbers there?", "str() of a long array writes ... in its middle: join the numbers yourself.")
    yield Case("2,000 numbers", (_word(rng), codes(20, 100)), hints=long, hints_for={"unreadable": long})
    one = ("This array has one number, and no axis.", "flatten() makes a list of one: [1] = {5}.")
    yield Case("one number", (_word(rng), tensor(int(rng.integers(1, 99)), dtype=int8)), hints=one, hints_on_error=True)
    floats = ("What would C make of a float here?", "int8_t would drop its fraction without a word: raise ValueError.")
    wide = ("Does the docstring name this dtype?", "Weights have 8 bits, biases 32: raise ValueError for any dtype that is not listed.")
    empty = ("C99 has no array of no elements.", "raise ValueError if there is nothing in it.")
    for what, array, hints in (
        ("floats", zeros(3), floats),
        ("float16", zeros(3, dtype=float16), floats),
        ("int64", tensor([1, 2]), wide),
        ("bool", tensor([True, False]), wide),
        ("an empty array", tensor([], dtype=int8), empty),
    ):
        yield refuses(what, (_word(rng), array), hints=hints)
    bad = (
        "Which names does C allow?",
        "A letter or _, then letters, digits and _, all of ASCII: ask str.isidentifier() and str.isascii().",
    )
    word = _word(rng)
    for what, ending in (("a dot", ".weight"), ("a hyphen", "-b"), ("a space", " b"), ("a line end", "\n")):
        yield refuses(f"a name with {what}", (word + ending, codes(3)), hints=bad)
    for what, name in (
        ("that begins with a digit", f"{rng.integers(10)}{word}"),
        ("beyond ASCII", f"{word}größe"),
        ("without a letter", ""),
    ):
        yield refuses(f"a name {what}", (name, codes(3)), hints=bad)
    yield keeps_inputs(_word(rng), codes(3, 4), name="leaves the array as it was")
