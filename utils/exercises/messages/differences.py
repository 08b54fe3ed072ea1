"""How an answer differs from what was expected, in one phrase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from utils.exercises.messages.values import apart, describe, number, short

_LENGTH = 120  # characters of a difference inside of a list or dict


def difference(answer: Any, expected: Any, rtol: float = 0, atol: float = 0, names: Mapping[str, str] | None = None) -> str | None:
    """How the answer differs from what was expected, in one phrase; None if it does not.

    names: words for the keys of a dict that the student has never seen: {"first": "the gradient of the first call"}.
    """
    where, fault = _first_difference(answer, expected, rtol, atol)
    for key, words in (names or {}).items():
        where = where.replace(f"[{key!r}]", words, 1)
    return short(f"{where}: {fault}", _LENGTH) if where and fault else fault


def near(got: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Which numbers differ by `atol + rtol * |expected|` at most; NaN is near NaN."""
    if not (rtol or atol):
        return np.asarray((got == expected) | ((got != got) & (expected != expected)))
    with np.errstate(all="ignore"):
        return np.isclose(got.astype(complex), expected.astype(complex), rtol=rtol, atol=atol, equal_nan=True)


def _first_difference(answer: Any, expected: Any, rtol: float, atol: float) -> tuple[str, str | None]:
    """Where ("[3]['weight']", "" at the top) and what; None if nothing differs."""
    if type(expected) is dict:
        if type(answer) is not dict or set(answer) != set(expected):
            return "", _other_keys(answer, expected) if type(answer) is dict else describe(answer)
        pairs = [(f"[{key!r}]", answer[key], expected[key]) for key in expected]
    elif type(expected) in (list, tuple):
        if type(answer) not in (list, tuple) or len(answer) != len(expected):
            return "", f"a tensor or array of shape {answer.shape}" if type(answer) is np.ndarray else describe(answer)
        pairs = [(f"[{at}]", got, wanted) for at, (got, wanted) in enumerate(zip(answer, expected, strict=True))]
    elif is_number(expected) or isinstance(expected, np.ndarray | np.generic):
        return "", _array_difference(answer, np.asarray(expected), rtol, atol)
    else:
        return "", None if type(answer) is type(expected) and answer == expected else describe(answer)
    for at, got, wanted in pairs:
        where, fault = _first_difference(got, wanted, rtol, atol)
        if fault is not None:
            return f"{at}{where}", fault if "expected" in fault else f"{fault}, expected {_wanted(got, wanted)}"
    return "", None


def _wanted(got: Any, wanted: Any) -> str:
    return apart(got, wanted)[1] if _is_scalar(got) and _is_scalar(wanted) else describe(wanted)


def _other_keys(answer: dict[Any, Any], expected: dict[Any, Any]) -> str:
    """The answer; of one too long to be shown whole, the keys that are missing or too many."""
    shown = describe(answer)
    if not shown.startswith("dict of "):
        return shown
    words = {"without": [key for key in expected if key not in answer], "with": [key for key in answer if key not in expected]}
    said = " and ".join(f"{word} {', '.join(map(describe, keys[:3]))}" for word, keys in words.items() if keys)
    return f"a dict {said}: {shown}"


def _is_scalar(value: Any) -> bool:
    return is_number(value) or (type(value) is np.ndarray and value.ndim == 0) or isinstance(value, np.generic)


def _array_difference(answer: Any, expected: np.ndarray, rtol: float, atol: float) -> str | None:
    if not is_number(answer) and type(answer) is not np.ndarray:
        return describe(answer)
    got = np.asarray(answer)
    if got.shape != expected.shape:
        return describe(answer) if got.ndim == 0 else f"shape {got.shape}, expected {expected.shape}"
    same = near(got, expected, rtol, atol)
    if same.all():
        return None
    if expected.ndim == 0:
        rounded = type(answer) is np.ndarray and not (rtol or atol) and np.isclose(got, expected, rtol=1e-3)
        shown = apart(got[()], expected[()])
        return f"a tensor or array of {got.dtype}, expected the plain number {number(expected[()])}" if rounded else shown[0]
    at = tuple(int(i) for i in np.argwhere(~same)[0])
    shown = apart(got[at], expected[at])
    many = f" ({int((~same).sum())} of {same.size} numbers differ)" if same.size > 1 else ""
    return f"{shown[0]} at {list(at)}, expected {shown[1]}{many}"


def is_number(value: Any) -> bool:
    """Whether it is one of Python's own numbers."""
    return type(value) in (bool, int, float)
