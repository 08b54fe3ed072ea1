"""Lab 07's exercises about the program: weights as C text, and whether flash and RAM hold it all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor, from_numpy, int8, int16, int32, tensor, uint8, zeros

from utils.deploy import mcu
from utils.exercises.declare import Case
from utils.exercises.judges import equal_to, raises, recognising
from utils.exercises.lab07 import oracles
from utils.exercises.lab07.arithmetic import CHANGED, lab
from utils.exercises.lab07.judges import c_array
from utils.exercises.lab07.mistakes import MEMORY
from utils.exercises.lab07.standins import sections
from utils.exercises.standins import library, package


def _codes(rng: np.random.Generator, *shape: int) -> Tensor:
    return from_numpy(rng.integers(-128, 128, size=shape)).to(int8)


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=package(mcu.weights_to_c))
def weights_to_c(rng: np.random.Generator) -> Iterator[Case]:
    """weights_to_c(name, array) -> str, the C text of a constant array."""
    form = (
        "How does C declare an array of constants?",
        'const int8_t name[3] = {1, -2, 3}; as one str: f"const {type} {name}[{count}] = {{{numbers}}};", braces doubled in an f-string.',
    )
    flat = ("In which order do the numbers stand?", "Row by row, as array.flatten().tolist() gives them; the count is that of all of them.")
    flash = ("Where does a linker put an array that may change?", "Into RAM. const keeps it in flash, where there is room.")
    special = {
        "const": flash,
        "unreadable": form,
        "count": (
            "How many numbers are there?",
            "array.numel() of them, all written out: len(array) counts rows, and str() leaves some out.",
        ),
        "type": ("What is the array's dtype?", "torch.int8 is int8_t, uint8 is uint8_t, int16 is int16_t, int32 is int32_t."),
        "text": ("What is returned?", "A str: return it, do not print it."),
        "values": flat,
    }
    numbers = tensor(rng.permutation([-128, -7, 0, 3, 127]), dtype=int8)
    yield Case("five numbers", ("weights", numbers), c_array, 2, form, hints_for=special)
    name = ("What is the array called?", "By the first argument.")
    yield Case("has the name asked for", ("conv_1_w", _codes(rng, 6)), c_array, hints=name, hints_for=special)
    yield Case("a filter of four axes", ("w", _codes(rng, 3, 2, 3, 3)), c_array, hints=flat, hints_for=special)
    turned = ("This tensor was transposed: how does it lie in memory?", "Not row by row: flatten() puts it in order, its storage does not.")
    yield Case("a transposed matrix", ("w", _codes(rng, 4, 5).T), c_array, hints=turned, hints_for=special, basis="a filter of four axes")
    kinds = special["type"]
    unsigned = from_numpy(rng.integers(0, 256, size=9)).to(uint8)
    yield Case("uint8", ("codes", unsigned), c_array, hints=kinds, hints_for=special)
    yield Case("int16", ("table", from_numpy(rng.integers(-(2**15), 2**15, size=7)).to(int16)), c_array, hints=kinds, hints_for=special)
    biases = tensor([-(2**31), 2**31 - 1, *rng.integers(-(2**30), 2**30, size=3).tolist()], dtype=int32)
    yield Case("int32, to its ends", ("bias", biases), c_array, hints=kinds, hints_for=special)
    long = ("Are all numbers there?", "str() of a long array writes ... in its middle: join the numbers yourself.")
    long_special = special | {"unreadable": long}
    yield Case("5,000 numbers", ("w", _codes(rng, 50, 100)), c_array, hints=long, hints_for=long_special)
    one = ("This array has one number, and no axis.", "flatten() makes a list of one: [1] = {5}.")
    yield Case("one number", ("w", tensor(int(rng.integers(1, 99)), dtype=int8)), c_array, hints=one, hints_for=special | {"error": one})
    floats = ("What would C make of a float here?", "int8_t cuts it off without a word: refuse it, raise ValueError.")
    yield Case("refuses floats", ("w", zeros(3)), raises("ValueError"), hints=floats, about="refusal")
    wide = ("Does the docstring name int64?", "Weights have 8 bits, biases 32: raise ValueError for any other dtype.")
    yield Case("refuses int64", ("w", tensor([1, 2])), raises("ValueError"), hints=wide, about="refusal")
    empty = ("C99 has no array of no elements.", "raise ValueError if there is nothing in it.")
    yield Case("refuses an empty array", ("w", tensor([], dtype=int8)), raises("ValueError"), hints=empty, about="refusal")
    bad = (
        "Which names does C allow?",
        "A letter or _, then letters, digits and _, all of ASCII: ask str.isidentifier() and str.isascii().",
    )
    yield Case("refuses a name with a dot", ("conv1.weight", _codes(rng, 3)), raises("ValueError"), hints=bad, about="refusal")
    yield Case("refuses a name that begins with a digit", ("1w", _codes(rng, 3)), raises("ValueError"), hints=bad, about="refusal")
    yield Case("refuses a name beyond ASCII", ("größe", _codes(rng, 3)), raises("ValueError"), hints=bad, about="refusal")
    yield Case("leaves the array as it was", ("w", _codes(rng, 3, 4)), c_array, hints_for=CHANGED, about="inputs")


def _sizes(text: int, data: int, bss: int, stack: int) -> dict[str, int]:
    return {"text": text, "data": data, "bss": bss, "stack": stack}


@lab.exercise(points=2, difficulty=1, minutes=10, stand_in=library(sections, "the linker's definition of its sections"))
def fits_flash_and_ram(rng: np.random.Generator) -> Iterator[Case]:
    """fits_flash_and_ram(sizes, device) -> dict with flash, ram, fits, breaks, excess."""
    judge = recognising(equal_to(oracles.memory), MEMORY, rtol=0)

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    board = {"flash_bytes": 32_768, "ram_bytes": 16_384}
    counted = (
        "Which sections lie in flash, and which in RAM?",
        "flash: text and data (its first values are kept there). ram: data (it may change), bss and stack.",
    )
    data = (
        "Variables that start with a value lie twice: why?",
        "In RAM they change, and in flash are the values that they start with: data counts in both.",
    )
    special = {
        "data in flash": data,
        "data in ram": data,
        "stack": ("Where do the calls of functions keep their variables?", "On the stack, which is RAM."),
        "bss in flash": ("What are the first values of bss?", "Zeros, which nobody stores: bss takes no flash."),
    }
    fitting = _sizes(between(9_000, 20_000), between(50, 400), between(3_000, 9_000), between(300, 900))
    yield Case("a program that fits", (fitting, board), judge, 2, counted, hints_for=special)
    flash = ("What breaks here, and by how much?", 'breaks is "flash", excess the bytes above its limit.')
    yield Case("too large for flash", (_sizes(between(40_000, 60_000), 128, 4_000, 512), board), judge, hints=flash, hints_for=special)
    ram = ("What breaks here, and by how much?", 'breaks is "ram", excess the bytes above its limit.')
    yield Case("too large for RAM", (_sizes(20_000, 96, between(17_000, 40_000), 512), board), judge, hints=ram, hints_for=special)
    worst = ("Both are too large: which by the larger share?", "The largest needed / available breaks first, not the most bytes.")
    both = _sizes(between(50_000, 60_000), 64, between(50_000, 60_000), 512)  # 1.5 to 1.8 times the flash, above 3 times the RAM
    yield Case("both, RAM by the larger share", (both, board), judge, hints=worst, hints_for=special)
    other = _sizes(between(98_000, 99_000), 64, between(20_000, 30_000), 512)
    yield Case("both, flash by the larger share", (other, board), judge, hints=worst, hints_for=special)
    few = _sizes(between(131_000, 140_000), 0, between(3_200, 3_300), 100), {"flash_bytes": 65_536, "ram_bytes": 1_024}
    yield Case("both, the larger share has fewer bytes", few, judge, hints=worst, hints_for=special, basis="both, RAM by the larger share")
    exact = ("How many bytes are left here?", "None, and none are missing: what is equal to the limit fits.")
    stack = between(100, 500)
    yield Case("full to the last byte", (_sizes(32_700, 68, 16_316 - stack, stack), board), judge, hints=exact, hints_for=special)
    one = ("By how many bytes?", "By one: it does not fit.")
    yield Case("one byte too many", (_sizes(32_701, 68, 5_000, stack), board), judge, hints=one, hints_for=special)
    yield Case("data alone breaks RAM", (_sizes(2_000, between(17_000, 20_000), 0, 0), board), judge, hints=data, hints_for=special)
    kept = (_sizes(900, 10, 20, 30), dict(board))
    yield Case("leaves its inputs as they were", kept, judge, hints_for=CHANGED, about="inputs")
