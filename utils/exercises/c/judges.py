"""Judges of a C function: what it returned, whether it kept to its arrays, and what the compiler said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from utils.exercises.judges import Judge, Verdict, describe, number, short


def returns(oracle: Callable[..., int], arrays: tuple[str, ...]) -> Judge:
    """For a probe that calls the function: every call returned `oracle(*inputs)`.

    arrays: the names of those that the first inputs are.
    Verdicts are about "refused" (by the compiler), "nameless", "failed", "outside", "changed" (an array), "state" (calls
    differ) or "undefined" (optimization changes the value), where it is that.
    """

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        wanted = oracle(*inputs)
        expected = f"{wanted}"
        if type(answer) is not dict or not answer:
            return Verdict(False, expected, describe(answer))
        if set(answer) == {"fault"}:
            return _fault(answer["fault"], dict(zip(arrays, inputs, strict=False)), expected)
        values = answer.get("values")
        if set(answer) != {"values"} or type(values) is not list or not values or not all(type(one) is int for one in values):
            return _not_called(answer, expected)
        plain, fast = values[: len(values) // 2], values[len(values) // 2 :]
        if values == [wanted] * len(values):
            return Verdict(True, expected, expected)
        if len(set(plain)) > 1 or len(set(fast)) > 1:
            return Verdict(False, f"{expected} at every call", f"{number(plain[0])}, and {number(plain[-1])} at the next call", "state")
        if plain[0] != fast[0]:
            differ = f"{number(plain[0])} without and {number(fast[0])} with optimization (-O2)"
            return Verdict(False, expected, differ, "undefined")
        return Verdict(False, expected, number(plain[0]))

    return judge


def _not_called(answer: dict[Any, Any], expected: str) -> Verdict:
    said = answer.get("refused") or answer.get("failed") or "no value"
    if "refused" in answer:
        return Verdict(False, expected, short(f"the compiler says: {said}", 200), "refused")
    return Verdict(False, expected, short(str(said), 200), "nameless" if "no function called" in str(said) else "failed")


def _fault(fault: Any, arrays: dict[str, Any], expected: str) -> Verdict:
    """An array was read outside, or written: the memory around it and in it allows neither."""
    if type(fault) is not list or len(fault) != 2 or fault[0] not in tuple(arrays) or type(fault[1]) is not int:
        return Verdict(False, expected, describe(fault))
    array, at = fault
    count = len(arrays[array])
    if 0 <= at < count:
        return Verdict(False, expected, f"the function writes to {array}[{at}], which is const", "changed")
    elements = f"{array} has the elements 0 to {count - 1}" if count else f"{array} has no element"
    return Verdict(False, expected, f"the function reads or writes {array}[{at}]; {elements}", "outside")


def compiles_without_a_word(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `compiled_strictly`: no error and no warning. About "refused" if there is one."""
    expected = "C99 that compiles without a warning"
    if type(answer) is not dict or type(answer.get("refused")) is not str:
        return Verdict(False, expected, describe(answer))
    said = answer["refused"]
    return Verdict(not said, expected, short(f"the compiler says: {said}", 200) if said else expected, "refused" if said else "")


def without_a_float(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `compiled`: it compiles, and nothing that was compiled is a float. About "refused" or "float"."""
    expected = "integers only"
    if type(answer) is not dict or type(answer.get("floats")) is not str:
        return Verdict(False, expected, describe(answer))
    if answer["floats"]:
        return Verdict(False, expected, f"{answer['floats']} in what is compiled", "float")
    verdict = compiles_without_a_word(answer, inputs)
    return Verdict(verdict.passed, expected, expected if verdict.passed else verdict.got, verdict.about)
