"""What is known of a cell of a matrix before it is coded: its neighbors, and how full its row and its column are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from utils.compress.coding.mixed_bit import Coder, MixedBit
from utils.compress.coding.range_coder import DecodingError

UNARY = 14  # magnitudes up to here are counted up; what is left of larger ones follows in Elias's gamma code
LEVELS = 10  # of fullness
_DOUBLINGS = 1 << np.arange(LEVELS)


@dataclass
class Spent:
    """How many decisions the magnitudes have taken: a hostile file could ask for dozens in each cell at no cost."""

    count: int = 0
    limit: float = math.inf

    @staticmethod
    def allowed(size_bytes: int) -> int:
        """More than any file of so many bytes needs whose integers are not all equal and large."""
        return (1 << 14) + 256 * size_bytes

    def one(self) -> None:
        """Count one.

        Raises:
            DecodingError: more than the limit.
        """
        self.count += 1
        if self.count > self.limit:
            raise DecodingError("the data has larger integers than its length allows")


def level(some: int, of: int) -> int:
    """How full: 0 for empty, 9 for full, a level more for each doubling.

    >>> [level(some, 1000) for some in (0, 1, 10, 100, 500, 1000)]
    [0, 1, 3, 6, 8, 9]
    """
    return min(max((512 * some // (of + 1)).bit_length(), 1), LEVELS - 1) if some else 0


def levels(some: np.ndarray, of: int) -> list[int]:
    """The `level` of each of many."""
    found = np.minimum(np.searchsorted(_DOUBLINGS, 512 * some // (of + 1), side="right"), LEVELS - 1)
    return np.where(some > 0, np.maximum(found, 1), 0).tolist()


class CellContexts:
    """Codes the cells of a matrix, row by row. columns: of the matrix; width: of the image that they may be, or 0."""

    def __init__(self, columns: int, width: int, spent: Spent) -> None:
        self.columns, self.width, self.spent, self.rows = columns, width, spent, 0
        self.counts, self.sums, self.signs = np.zeros(columns, dtype=np.int64), [0] * columns, [0] * columns  # of each column so far
        self._zero = MixedBit(LEVELS * 8, LEVELS * LEVELS, columns, LEVELS * 8, LEVELS * 8)
        self._sign = MixedBit(9, 9, 3)
        self._more = MixedBit(9 * (UNARY + 1), LEVELS * (UNARY + 1), LEVELS * (UNARY + 1))

    def row(self, coder: Coder, cells: list[int], known: list[int] | None) -> list[int]:
        """Write or read the integers of a row in these columns, of which one at least is not zero; zeros elsewhere."""
        self.sum = self.balance = 0
        self.rows += 1
        row, width, last = [0] * (self.columns + 2), self.width, cells[-1]  # two zeros, which column -1 and -2 find
        by_column, by_around = levels(self.counts, self.rows), levels(self._around(), (4 if width else 2) * self.rows)
        zero, filled, by_row = self._zero.code, 0, 0
        for seen, column in enumerate(cells):
            left, above = row[column - 1], row[column - width] if width and column >= width else 0
            near = (left != 0) + 2 * (above != 0) + 4 * (row[column - 2] != 0)
            if filled:
                by_row = level(filled, seen)
            if filled or column != last:
                there = by_column[column]
                contexts = (8 * by_row + near, LEVELS * by_row + there, column, 8 * by_around[column] + near, 8 * there + near)
                if not zero(coder, known if known is None else known[column] != 0, contexts):
                    continue
            row[column] = self._integer(coder, column, known if known is None else known[column], (left, above), filled)
            filled += 1
        del row[self.columns :]
        self.counts += np.array(row) != 0
        return row

    def _around(self) -> np.ndarray:
        """How many integers there have been in the neighbors of each column."""
        around = np.zeros(self.columns + 2 * max(self.width, 1), dtype=np.int64)
        for by in {1, self.width} - {0}:
            start = max(self.width, 1)
            around[start - by : start - by + self.columns] += self.counts
            around[start + by : start + by + self.columns] += self.counts
        return around[max(self.width, 1) :][: self.columns]

    def _integer(self, coder: Coder, column: int, known: int | None, near: tuple[int, int], filled: int) -> int:
        """Write or read an integer that is not zero. near: to the left and above. filled: how many the row has so far."""
        left, above = near
        signs = (left > 0) + 2 * (left < 0) + 3 * (above > 0) + 6 * (above < 0)
        balance = (self.balance > 0) + 2 * (self.balance < 0)
        contexts = (signs, 3 * self.signs[column] + balance, balance)
        negative = self._sign.code(coder, known if known is None else known < 0, contexts)
        magnitude = self._magnitude(coder, column, known, min(abs(left), 2) + 3 * min(abs(above), 2), filled)
        self.sum, self.balance = self.sum + magnitude, self.balance + 1 - 2 * negative
        self.sums[column] += magnitude
        self.signs[column] = 1 + negative
        return -magnitude if negative else magnitude

    def _magnitude(self, coder: Coder, column: int, known: int | None, near: int, filled: int) -> int:
        of_row = level(self.sum, 8 * filled)
        of_column = level(self.sums[column], 8 * int(self.counts[column]))
        size = known if known is None else abs(known)
        magnitude = 1
        while magnitude <= UNARY:
            at = magnitude - 1
            contexts = (9 * at + near, LEVELS * at + of_row, LEVELS * at + of_column)
            self.spent.one()
            if not self._more.code(coder, size if size is None else int(size > magnitude), contexts):
                return magnitude
            magnitude += 1
        return UNARY + self._gamma(coder, size if size is None else size - UNARY)

    def _gamma(self, coder: Coder, known: int | None) -> int:
        """A positive integer in Elias's gamma code: its length in zeros, then its bits; each at an even chance."""
        length = 0 if known is None else known.bit_length() - 1
        if known is None:
            while not self._even(coder, None):
                length += 1
                if length > 15:
                    raise DecodingError("an integer is larger than any that is written")
        else:
            for at in range(length + 1):
                self._even(coder, int(at == length))
        found = 1
        for at in reversed(range(length)):
            found = 2 * found + self._even(coder, None if known is None else known >> at & 1)
        if found + UNARY > 32767:
            raise DecodingError("an integer is larger than any that is written")
        return found

    def _even(self, coder: Coder, bit: int | None) -> int:
        self.spent.one()
        return coder.code(bit, 32768)
