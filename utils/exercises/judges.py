"""Judges: `(answer, inputs) -> Verdict`. They see plain values and numpy arrays only and run on the trusted side.

A judge takes any plain answer, however odd, and never raises. Here are the ones that most
exercises need; a lab's own stand in its judges.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

Judge = Callable[[Any, tuple[Any, ...]], "Verdict"]
Oracle = Callable[..., Any]
_LENGTH = 90  # characters of a value that is shown


@dataclass(frozen=True)
class Verdict:
    """Whether the case passed, and what to show: `expected` and `got`, one short phrase each.

    about: the mistake, where the judge recognises it; it chooses the hint. "error": there was no answer to judge.
    """

    passed: bool
    expected: str
    got: str
    about: str = ""


def equal_to(oracle: Oracle) -> Judge:
    """The answer equals what `oracle(*inputs)` gives: the same nesting, shapes and values; dtypes are free."""
    return close_to(oracle, rtol=0, atol=0)


def close_to(oracle: Oracle, rtol: float = 1e-4, atol: float = 1e-6) -> Judge:
    """As `equal_to`, but numbers may differ by `atol + rtol * |expected|`. A number may come as a 0-d array."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        expected = oracle(*inputs)
        fault = difference(answer, expected, rtol, atol)
        return Verdict(fault is None, describe(expected), fault or describe(answer))

    return judge


def recognising(judge: Judge, mistakes: Mapping[str, Oracle], rtol: float = 1e-4) -> Judge:
    """As `judge`; a wrong answer that equals what a usual mistake gives is about that mistake.

    mistakes: what the verdict is then about -> a function of the inputs that makes the mistake.
    """

    def named(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = judge(answer, inputs)
        if verdict.passed or verdict.about:
            return verdict
        about = (name for name, made in mistakes.items() if _is_made_by(made, answer, inputs, rtol))
        return replace(verdict, about=next(about, ""))

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
        return judge(answer["answer"], inputs)

    return both


def answered(judge: Judge) -> Judge:
    """For a case with somebody `outside`: `judge` sees the answer alone."""
    return lambda answer, inputs: judge(answer["answer"], inputs)


def knowing(judge: Judge, *whole: Any) -> Judge:
    """`judge` sees these inputs, of which a part stayed outside."""
    return lambda answer, inputs: judge(answer, whole)


def raises(kind: str) -> Judge:
    """For a case about a refusal: an exception of the class of this name, or of a subclass."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        if type(answer) is dict and type(answer.get("raised")) is list and answer["raised"]:
            return Verdict(kind in answer["raised"], kind, describe(answer["raised"][0]))
        got = describe(answer["returned"]) if type(answer) is dict and "returned" in answer else describe(answer)
        return Verdict(False, kind, f"no error, but {got}")

    return judge


def difference(answer: Any, expected: Any, rtol: float = 0, atol: float = 0) -> str | None:
    """How the answer differs from what was expected, in one phrase; None if it does not."""
    where, fault = _first_difference(answer, expected, rtol, atol)
    return short(f"{where}: {fault}", 120) if where and fault else fault


def _first_difference(answer: Any, expected: Any, rtol: float, atol: float) -> tuple[str, str | None]:
    """Where ("[3]['weight']", "" at the top) and what; None if nothing differs."""
    if type(expected) is dict:
        if type(answer) is not dict or set(answer) != set(expected):
            return "", describe(answer)
        pairs = [(f"[{key!r}]", answer[key], expected[key]) for key in expected]
    elif type(expected) in (list, tuple):
        if type(answer) not in (list, tuple) or len(answer) != len(expected):
            return "", f"a tensor or array of shape {answer.shape}" if type(answer) is np.ndarray else describe(answer)
        pairs = [(f"[{at}]", got, wanted) for at, (got, wanted) in enumerate(zip(answer, expected, strict=True))]
    elif _is_number(expected) or isinstance(expected, np.ndarray | np.generic):
        return "", _array_difference(answer, np.asarray(expected), rtol, atol)
    else:
        return "", None if type(answer) is type(expected) and answer == expected else describe(answer)
    for at, got, wanted in pairs:
        where, fault = _first_difference(got, wanted, rtol, atol)
        if fault is not None:
            return f"{at}{where}", fault if "expected" in fault else f"{fault}, expected {describe(wanted)}"
    return "", None


def _array_difference(answer: Any, expected: np.ndarray, rtol: float, atol: float) -> str | None:
    if not _is_number(answer) and type(answer) is not np.ndarray:
        return describe(answer)
    got = np.asarray(answer)
    if got.shape != expected.shape:
        return describe(answer) if got.ndim == 0 else f"shape {got.shape}, expected {expected.shape}"
    if rtol or atol:
        with np.errstate(all="ignore"):
            same = np.isclose(got.astype(complex), expected.astype(complex), rtol=rtol, atol=atol, equal_nan=True)
    else:
        same = (got == expected) | ((got != got) & (expected != expected))
    if same.all():
        return None
    if expected.ndim == 0:
        rounded = type(answer) is np.ndarray and not (rtol or atol) and np.isclose(got, expected, rtol=1e-3)
        return f"a tensor or array of {got.dtype}, expected the plain number {number(expected[()])}" if rounded else describe(answer)
    at = tuple(int(i) for i in np.argwhere(~same)[0])
    return f"{number(got[at])} at {list(at)}, expected {number(expected[at])}"


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


def _is_number(value: Any) -> bool:
    return type(value) in (bool, int, float)


def number(value: Any) -> str:
    """A number, to four digits."""
    return f"{value:.4g}" if np.asarray(value).dtype.kind in "fc" else str(value)[:20]


def describe(value: Any) -> str:
    """A plain value in a few words."""
    if value is None:
        return "None (is the return missing?)"
    if isinstance(value, np.ndarray | np.generic):
        if value.ndim == 0:
            return number(value.item())
        few = ", ".join(number(item) for item in value.flat[:6])
        return f"shape {value.shape}: {few}{', ...' if value.size > 6 else ''}"
    if type(value) is dict:
        return short(f"dict of {len(value)}: {', '.join(map(repr, islice(value, 4)))}".removesuffix(": "))
    if type(value) in (list, tuple):
        begin = value[:_LENGTH]  # of a long one no more can be shown
        if all(type(item) in (int, tuple) and all(type(one) is int for one in (item if type(item) is tuple else ())) for item in begin):
            return short(repr(begin))  # numbers and shapes
        return short(f"{type(value).__name__} of {len(value)}: {', '.join(describe(item) for item in value[:4])}".removesuffix(": "))
    return number(value) if _is_number(value) else short(repr(value))


def short(text: str, length: int = _LENGTH) -> str:
    """The text, cut to a length."""
    return text if len(text) <= length else text[: length - 3] + "..."
