"""Judges: `(answer, inputs) -> Verdict`. They see plain values and numpy arrays only and run on the trusted side.

A judge takes any plain answer, however odd, and never raises. Here are those that most exercises need; a lab has its
own for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from utils.exercises.messages.differences import difference, is_number
from utils.exercises.messages.resemblance import RESEMBLANCES, resemblance
from utils.exercises.messages.values import apart, describe, number, short

__all__ = [
    "Judge",
    "Oracle",
    "Verdict",
    "answered",
    "as_mask",
    "as_number",
    "close_to",
    "describe",
    "difference",
    "equal_to",
    "knowing",
    "number",
    "raises",
    "recognising",
    "short",
    "untouched",
    "verdict_of",
]

Judge = Callable[[Any, tuple[Any, ...]], "Verdict"]
Oracle = Callable[..., Any]
MISSING = "None (is the return missing?)"


@dataclass(frozen=True)
class Verdict:
    """Whether the case passed, and what to show: `expected` and `got`, one short phrase each.

    about: the mistake, where the judge recognises it; it chooses the hint. "error": there was no answer to judge.
    fits: every mistake that gives this answer; others may give the same one.
    """

    passed: bool
    expected: str
    got: str
    about: str = ""
    fits: tuple[str, ...] = ()


def verdict_of(judge: Judge, answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """The judge's verdict. One that stumbles over the answer is not convinced; a None that fits nowhere may be a missing return."""
    try:
        verdict = judge(answer, inputs)
    except Exception as error:  # a judge is meant never to raise; if one does, the lab goes on
        return Verdict(False, "", f"an answer that could not be compared ({type(error).__name__})", "error")
    if answer is None and not verdict.passed and verdict.got == "None":
        return replace(verdict, got=MISSING)
    return replace(verdict, passed=bool(verdict.passed))


def equal_to(oracle: Oracle) -> Judge:
    """The answer equals what `oracle(*inputs)` gives: the same nesting, shapes and values; dtypes are free."""
    return close_to(oracle, rtol=0, atol=0)


def close_to(oracle: Oracle, rtol: float = 1e-4, atol: float = 1e-6) -> Judge:
    """As `equal_to`, but numbers may differ by `atol + rtol * |expected|`. A number may come as a 0-d array."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        expected = oracle(*inputs)
        fault = difference(answer, expected, rtol, atol)
        if fault is None:
            return Verdict(True, describe(expected), describe(answer))
        shown = apart(answer, expected)[1] if is_number(answer) and is_number(expected) else describe(expected)
        return Verdict(False, shown, fault, resemblance(answer, expected, rtol, atol))

    return judge


def recognising(judge: Judge, mistakes: Mapping[str, Oracle], rtol: float = 1e-4) -> Judge:
    """As `judge`; a wrong answer that equals what a usual mistake gives is about that mistake.

    mistakes: what the verdict is then about -> a function of the inputs that makes the mistake.
    """

    def named(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = judge(answer, inputs)
        if verdict.passed or (verdict.about and verdict.about not in RESEMBLANCES):
            return verdict
        fits = tuple(name for name, made in mistakes.items() if _is_made_by(made, answer, inputs, rtol))
        return replace(verdict, about=next(iter(fits), verdict.about), fits=fits)

    return named


def _is_made_by(made: Oracle, answer: Any, inputs: tuple[Any, ...], rtol: float) -> bool:
    """Whether a mistake gives this answer. It may stumble over inputs that no case of its own has."""
    try:
        with np.errstate(all="ignore"):
            return difference(answer, made(*inputs), rtol) is None
    except Exception:
        return False


def untouched(judge: Judge) -> Judge:
    """For a case about the inputs: they are as they were, and `judge` accepts the answer."""

    def both(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        if type(answer) is not dict or set(answer) != {"answer", "inputs"}:
            return Verdict(False, "inputs as they were", describe(answer))
        if difference(answer["inputs"], inputs) is not None:
            return Verdict(False, "inputs as they were", "the function changed its inputs", "changed")
        return verdict_of(judge, answer["answer"], inputs)

    return both


def answered(judge: Judge) -> Judge:
    """For a case with somebody `outside`: `judge` sees the answer alone."""
    return lambda answer, inputs: verdict_of(judge, answer["answer"], inputs)


def knowing(judge: Judge, *whole: Any) -> Judge:
    """`judge` sees these inputs, of which a part stayed outside."""
    return lambda answer, inputs: judge(answer, whole)


def raises(kind: str) -> Judge:
    """For a case about a refusal: an exception of the class of this name, or of a subclass. About "another error" if it is one."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        if type(answer) is dict and type(answer.get("raised")) is list and answer["raised"]:
            passed = kind in answer["raised"]
            return Verdict(passed, kind, describe(answer["raised"][0]).strip("'"), "" if passed else "another error")
        got = answer["returned"] if type(answer) is dict and "returned" in answer else answer
        return Verdict(False, kind, f"no error; it returns {describe(got)}")

    return judge


def as_number(value: Any) -> Any:
    """A number that came as an array without axes, as Python's own; anything else as it is."""
    return value.item() if type(value) is np.ndarray and value.ndim == 0 else value


def as_mask(answer: Any, shape: tuple[int, ...]) -> tuple[np.ndarray | None, str]:
    """The answer as a bool array of this shape: bools, or numbers that are all 0 or 1; else None and what is wrong."""
    if type(answer) is not np.ndarray:
        return None, describe(answer)
    if answer.shape != shape:
        return None, f"a mask of shape {answer.shape}, expected {shape}"
    if not np.isin(answer, (0, 1)).all():
        odd = answer[~np.isin(answer, (0, 1))].flat[0]
        return None, f"a mask with {number(odd)} in it"
    return answer.astype(bool), ""
