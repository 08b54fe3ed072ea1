"""Lab 07's judges: a factor and its shift, an array as C text, a C function by what it gives. Plain values only."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Verdict, describe, number, short
from utils.exercises.lab07.ctext import UnreadableError, read_array
from utils.exercises.lab07.mistakes import DOTS, FIXED
from utils.exercises.lab07.oracles import dot, fixed_point

TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t"}


def _is_whole(value: Any) -> bool:
    return type(value) is int or (type(value) is np.ndarray and value.ndim == 0 and value.dtype.kind in "iu")


def multiplier_and_shift(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (scale,). Two whole numbers, and the right ones."""
    wanted = fixed_point(*inputs)
    expected = f"multiplier {wanted[0]}, shift {wanted[1]}"
    if type(answer) not in (list, tuple) or len(answer) != 2:
        return Verdict(False, expected, describe(answer), "shape")
    got = f"multiplier {number_of(answer[0])}, shift {number_of(answer[1])}"
    if not all(map(_is_whole, answer)):
        return Verdict(False, expected, got, "whole")
    pair = tuple(int(one) for one in answer)
    about = (name for name, made in FIXED.items() if pair == made(*inputs))
    return Verdict(pair == wanted, expected, got, "" if pair == wanted else next(about, ""))


def number_of(value: Any) -> str:
    """A number in full, whatever else in a few words."""
    return short(repr(value) if type(value) in (int, float) else describe(value), 40)


def c_array(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (name, array). The text declares this array: type, const, name, count, values; it is never compiled.

    Verdicts are about "text", "unreadable", "type", "const", "name", "count" or "values".
    """
    name, array = inputs
    values = [int(value) for value in array.ravel().tolist()]
    kind = TYPES[array.dtype.name]
    expected = short(
        f"const {kind} {name}[{len(values)}] = {{{', '.join(map(str, values[:4]))}{', ...' if len(values) > 4 else ''}}};", 100
    )
    if type(answer) is not str:
        return Verdict(False, expected, describe(answer), "text")
    try:
        found = read_array(answer)
    except UnreadableError as error:
        return Verdict(False, expected, short(f"no array in C: {error}", 150), "unreadable")
    faults = {
        "name": (found.name != name, f"the name {short(found.name, 30)}"),
        "type": (found.kind != kind, f"the type {short(found.kind, 30)}"),
        "const": (not found.const, "no const: the array would be copied to RAM"),
        "count": (
            found.count not in (None, len(values)) or len(found.values) != len(values),
            f"{'' if found.count is None else f'[{found.count}] with '}{len(found.values)} values",
        ),
        "values": (found.values != values, _first_difference(found.values, values)),
    }
    for about, (wrong, got) in faults.items():
        if wrong:
            return Verdict(False, expected, got, about)
    return Verdict(True, expected, expected)


def _first_difference(got: list[int], wanted: list[int]) -> str:
    at = next((at for at, (one, other) in enumerate(zip(got, wanted, strict=False)) if one != other), 0)
    return f"{str(got[at])[:20]} at [{at}], expected {wanted[at]}" if at < min(len(got), len(wanted)) else "no values"


def dot_product(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `called_in_c`. inputs: (x, w, zero point). Verdicts are about the mistake where it is recognised."""
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
    recognised = (name for name, made in DOTS.items() if plain[0] == made(*inputs))
    return Verdict(False, expected, number(plain[0]), next(recognised, ""))


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
    """For the probe `compiled_strictly`: nothing that was compiled is a float, and `judge` accepts the rest."""

    def whole(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        expected = "integers only"
        if type(answer) is not dict or type(answer.get("floats")) is not str:
            return Verdict(False, expected, describe(answer))
        if answer["floats"]:
            return Verdict(False, expected, f"{answer['floats']} in what is compiled", "float")
        verdict = judge(answer, inputs)
        return Verdict(verdict.passed, expected, expected if verdict.passed else verdict.got, verdict.about)

    return whole
