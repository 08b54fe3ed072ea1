"""Values as text: four significant digits for reading, every digit for running again. Knows arrays by their shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

ROOM = 90  # characters of a value that is shown
SMALL = 16  # numbers of an array that are all shown
FEW = 6  # numbers of a larger array that are shown
EXACT = 400  # numbers of an argument that is written out in full
_DIGITS = (4, 6, 9, 12, 17)


def short(text: str, length: int = ROOM) -> str:
    """The text, cut to a length."""
    return text if len(text) <= length else text[: length - 3] + "..."


def number(value: Any, digits: int = 4) -> str:
    """A number with this many significant digits; an integer in full, also one that a float holds."""
    if np.asarray(value).dtype.kind not in "fc":
        return str(value)[:20]
    if np.iscomplexobj(value):
        return f"{value:.{digits}g}"
    value = float(value)  # float16 ends below 1e7
    if not math.isfinite(value) or value != int(value) or abs(value) >= 1e7:
        return f"{value:.{digits}g}"
    return str(int(value))


def apart(got: Any, expected: Any) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    for digits in _DIGITS:
        pair = number(got, digits), number(expected, digits)
        if pair[0] != pair[1]:
            break
    return pair


def describe(value: Any, room: int = ROOM) -> str:
    """A plain value in a few words; small arrays, lists and dicts with all that is in them."""
    if is_array(value):
        return _array(value)
    if type(value) is dict:
        return _held(value, [f"{key!r}: {_inner(item, room)}" for key, item in _first(value.items(), room)], "{}", room)
    if type(value) in (list, tuple):
        return _held(value, [_inner(item, room) for item in value[:room]], "[]" if type(value) is list else "()", room)
    return number(value) if type(value) in (bool, int, float) else short(repr(value), room)


def is_array(value: Any) -> bool:
    """Whether it is an array, a numpy scalar or a tensor."""
    return hasattr(value, "shape") and hasattr(value, "dtype") and hasattr(value, "tolist")


def exact(value: Any) -> str:
    """Python that makes this value again, every digit included; "..." for what is too long."""
    if is_array(value):
        name = "np.array" if isinstance(value, np.ndarray | np.generic) else "torch.tensor"
        values = _exact_numbers(value.tolist(), str(value.dtype)) if math.prod(value.shape) <= EXACT else "..."
        kind = str(value.dtype).removeprefix("torch.")
        plain = kind in ("float32", "int64", "bool") if name == "torch.tensor" else kind in ("float64", "int64", "bool")
        full = kind if name == "torch.tensor" else f'"{kind}"'
        return f"{name}({values})" if plain else f"{name}({values}, dtype={'torch.' if name == 'torch.tensor' else ''}{full})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {exact(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        items = ", ".join(map(exact, value)) if len(value) <= EXACT else "..."
        return f"[{items}]" if isinstance(value, list) else f"({items}{',' * (len(value) == 1)})"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _array(value: Any) -> str:
    shape, size = tuple(value.shape), math.prod(value.shape)
    if not shape:
        return number(value.item())
    if size and size <= SMALL and len(shape) == 2:
        return f"shape {shape}: {nested(value.tolist())}"
    shown = SMALL if size <= SMALL else FEW
    few = ", ".join(map(number, value.reshape(-1)[:shown].tolist()))
    return f"shape {shape}: {few}{', ...' if size > shown else ''}" if size else f"shape {shape}, no numbers"


def nested(values: Any) -> str:
    """Numbers in lists of lists, to four digits."""
    return f"[{', '.join(map(nested, values))}]" if isinstance(values, list) else number(values)


def _inner(value: Any, room: int) -> str:
    """A value inside of another: a small array as a list, of a large one only the shape."""
    if is_array(value) and value.shape:
        return nested(value.tolist()) if 0 < math.prod(value.shape) <= SMALL else f"shape {tuple(value.shape)}"
    return describe(value, room)


def _held(value: Any, items: list[str], brackets: str, room: int) -> str:
    """Items in brackets; where there is no room for all, how many there are and the first."""
    comma = "," if type(value) is tuple and len(value) == 1 else ""
    whole = f"{brackets[0]}{', '.join(items)}{comma}{brackets[1]}"
    if len(items) == len(value) and len(whole) <= room:
        return whole
    return short(f"{type(value).__name__} of {len(value)}: {', '.join(items)}", room)


def _first(items: Any, count: int) -> list[Any]:
    return [item for item, _ in zip(items, range(count), strict=False)]


def _exact_numbers(values: Any, dtype: str) -> str:
    if isinstance(values, list):
        return f"[{', '.join(_exact_numbers(item, dtype) for item in values)}]"
    if isinstance(values, float) and not math.isfinite(values):
        return f'float("{values}")'
    return str(np.float32(values)) if "float32" in dtype else repr(values)
