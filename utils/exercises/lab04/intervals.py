"""Arithmetic coding with exact numbers: a message is an interval of [0, 1), and any number in it stands for the message."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from utils.exercises.lab04.draws import TOTAL


def decoded(data: bytes, chances: np.ndarray, count: int) -> list[int]:
    """The decoder of the docstring: which symbol's part of the interval has the number in it? Exact integers, however long."""
    begins = np.concatenate([[0], np.cumsum(chances * TOTAL)]).astype(int).tolist()
    place, width, found = int.from_bytes(data, "big"), 1 << 8 * len(data), []  # the number is place / width
    for _ in range(count):
        symbol = int(np.searchsorted(begins, place * TOTAL // width, side="right")) - 1
        place, width = place * TOTAL - begins[symbol] * width, width * (begins[symbol + 1] - begins[symbol])
        found.append(symbol)
    return found


def interval(symbols: np.ndarray, chances: np.ndarray, exact: Callable[[Any], Any] = Fraction) -> tuple[Any, Any]:
    """Where the interval of all symbols begins, and its width. exact: the arithmetic."""
    begins = [exact(0), *map(exact, np.cumsum(chances.astype(float)).tolist())]
    low, width = exact(0), exact(1)
    for symbol in symbols.tolist():
        low, width = low + width * begins[symbol], width * (begins[symbol + 1] - begins[symbol])
    return low, width


def shortest(low: Any, width: Any, up: Callable[[Any], int] = math.ceil, spare: int = 0) -> np.ndarray:
    """The fewest bytes whose number is in the interval. spare: so many more."""
    low, width = Fraction(low), Fraction(width)
    size = max(0, width.denominator.bit_length() - width.numerator.bit_length() - 1) // 8  # a smaller one is impossible, or nearly so
    while math.ceil(low * 256**size) >= (low + width) * 256**size and size < 2000:
        size += 1
    place = min(up(low * 256 ** (size + spare)), 256 ** (size + spare) - 1)
    return np.array(list(place.to_bytes(size + spare, "big")), dtype=np.uint8)
