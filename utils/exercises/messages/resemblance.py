"""What a wrong answer has in common with the right one: a list for a tensor, axes turned round, another unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from utils.exercises.messages.differences import is_number
from utils.exercises.messages.differences import near as numbers_near

_FEWEST = 4  # numbers that differ, for a look at where they are to mean something
_DTYPES = ("i1", "u1", "i2", "u2", "i4", "u4")
_FACTORS = (8, 24, 60, 3600)  # of bits and bytes, hours and days, seconds, minutes and hours

# what `resemblance` can say: any exercise has these
RESEMBLANCES = (
    "a list",
    "another order",
    "another shape",
    "another size",
    "another type",
    "another unit",
    "not a dict",
    "not a mask",
    "not a tuple",
    "one number",
    "opposite number",
    "opposite sign",
    "other keys",
    "other places",
    "reciprocal",
    "rounded",
    "several numbers",
    "turned axes",
    "wrapped",
)

Near = Callable[[Any, Any], bool]


def resemblance(answer: Any, expected: Any, rtol: float, atol: float) -> str:
    """What a wrong answer has in common with what was expected, one of RESEMBLANCES; else "".

    expected: an array, a number, a dict, or a tuple or list of numbers.
    """
    if answer is None:
        return ""

    def near(found: Any, wanted: Any) -> bool:
        found, wanted = np.asarray(found), np.asarray(wanted)
        return found.shape == wanted.shape and bool(numbers_near(found, wanted, rtol, atol).all())

    if type(expected) is dict:
        return "not a dict" if type(answer) is not dict else "other keys" if set(answer) != set(expected) else ""
    if type(expected) in (list, tuple):
        return _of_several(answer, expected, near)
    wanted = np.asarray(expected) if is_number(expected) or isinstance(expected, np.ndarray | np.generic) else None
    if wanted is None or wanted.dtype.kind not in "iuf":
        return ""
    if type(answer) in (list, tuple):
        return _of_a_list(answer, wanted, near)
    if not is_number(answer) and type(answer) is not np.ndarray:
        return "another type"
    found = np.asarray(answer)
    if found.dtype.kind not in "biuf" or not found.size:
        return ""
    return _of_the_shape(found, wanted, near) if found.shape != wanted.shape else _of_the_numbers(found, wanted, near)


def _of_several(answer: Any, expected: Any, near: Near) -> str:
    if type(answer) not in (list, tuple):
        return "not a tuple" if type(expected) is tuple and type(answer) in (dict, np.ndarray) else "another type"
    found, wanted = _from_list(answer), _from_list(expected)
    if found is None or wanted is None or found.shape != wanted.shape or wanted.ndim != 1:
        return ""
    if np.unique(wanted).size > 1 and near(np.sort(found), np.sort(wanted)):
        return "another order"
    return _of_the_numbers(found, wanted, near)


def _of_a_list(answer: Any, wanted: np.ndarray, near: Near) -> str:
    found = _from_list(answer)
    if not wanted.ndim:
        return "another type" if found is None or found.size == 1 else "several numbers"
    return "a list" if found is not None and found.size == wanted.size and near(found.reshape(wanted.shape), wanted) else ""


def _of_the_shape(found: np.ndarray, wanted: np.ndarray, near: Near) -> str:
    """For numbers in another shape than the one that is asked for."""
    if not wanted.ndim and found.size > 1:
        return "several numbers"
    if not found.ndim and wanted.size > 1:
        return "one number"
    if found.size != wanted.size:
        return "another size"
    if _are_turned(found, wanted, near):
        return "turned axes"
    return "another shape" if near(found.reshape(wanted.shape), wanted) else "another size"


def _of_the_numbers(found: np.ndarray, wanted: np.ndarray, near: Near) -> str:
    """For other numbers in the right shape."""
    if np.unique(wanted).size >= _FEWEST:
        if _are_turned(found, wanted, near):
            return "turned axes"
        if near(np.sort(found, axis=None), np.sort(wanted, axis=None)):
            return "other places"
    with np.errstate(all="ignore"):
        kinds = {"opposite sign": _is_opposite, "wrapped": _is_wrapped, "rounded": _is_rounded, "another unit": _is_of_another_unit}
        kinds["reciprocal"] = lambda found, wanted, near: bool(wanted.any()) and near(1 / found.astype(float), wanted)
        kind = next((name for name, holds in kinds.items() if holds(found, wanted, near)), "")
    return "opposite number" if kind == "opposite sign" and np.unique(wanted).size < _FEWEST else kind


def _are_turned(found: np.ndarray, wanted: np.ndarray, near: Near) -> bool:
    turns = permutations(range(found.ndim)) if 1 < found.ndim <= 4 and np.unique(wanted).size >= _FEWEST else ()
    return any(near(found.transpose(axes), wanted) for axes in turns)


def _is_opposite(found: np.ndarray, wanted: np.ndarray, near: Near) -> bool:
    return bool(wanted.any()) and near(-found.astype(float), wanted)


def _is_wrapped(found: np.ndarray, wanted: np.ndarray, near: Near) -> bool:
    """Whether an integer dtype that is too small gives these numbers."""
    return wanted.dtype.kind in "iu" and found.dtype.kind in "iu" and any(np.array_equal(found, wanted.astype(dtype)) for dtype in _DTYPES)


def _is_rounded(found: np.ndarray, wanted: np.ndarray, near: Near) -> bool:
    """Whether digits are missing, of which at least one is left: a float of 0 may have any reason."""
    if wanted.dtype.kind != "f" or not np.isfinite(wanted).all() or not (found.any() or found.dtype.kind in "iu"):
        return False
    cut = [np.trunc(wanted), np.floor(wanted), *(np.round(wanted, digits) for digits in range(4))]
    return any(np.allclose(found, one, rtol=1e-7, atol=1e-9) for one in cut)


def _is_of_another_unit(found: np.ndarray, wanted: np.ndarray, near: Near) -> bool:
    """Whether a power of ten, or a factor of other units, makes one of the other."""
    if not wanted.all() or not found.any() or not np.isfinite(found).all():
        return False
    ratio = (found.astype(float) / wanted).ravel()
    factor = abs(ratio[0])
    if not factor or not np.allclose(ratio, ratio[0], rtol=1e-3) or _is_short(wanted):
        return False
    power = math.log10(factor)
    if round(power) and abs(power - round(power)) < 1e-3:
        return True
    return wanted.dtype.kind == "f" and any(np.isclose(max(factor, 1 / factor), other, rtol=1e-3) for other in _FACTORS)


def _is_short(wanted: np.ndarray) -> bool:
    """Whether it is one integer of so few digits that any factor may be chance."""
    return wanted.dtype.kind in "iu" and wanted.size == 1 and len(str(wanted.item()).strip("-0")) < 3


def _from_list(answer: Any) -> np.ndarray | None:
    try:
        found = np.asarray(answer)
    except ValueError:
        return None
    return found if found.dtype.kind in "iuf" else None
