"""What is known of a cell of a matrix before it is coded: its neighbors, and how full its row and its column are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from utils.compress.coding.mixed_bit import Coder, MixedBit
from utils.compress.coding.range_coder import DecodingError

UNARY = 14  # magnitudes up to here are counted up; what is left of larger ones follows in Elias's gamma code
LEVELS = 10  # of fullness


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


class CellContexts:
    """Codes the cells of a matrix, row by row. columns: of the matrix; width: of the image that they may be, or 0."""

    def __init__(self, columns: int, width: int, spent: Spent) -> None:
        self.columns, self.width, self.spent = columns, width, spent
        self.counts, self.sums, self.signs = [0] * columns, [0] * columns, [0] * columns  # of each column so far
        self.rows = 0
        self._zero = MixedBit(LEVELS * 8, LEVELS * LEVELS, columns, LEVELS * 8, LEVELS * 8)
        self._sign = MixedBit(9, 9, 3)
        self._more = MixedBit(9 * (UNARY + 1), LEVELS * (UNARY + 1), LEVELS * (UNARY + 1))
        self.begin([0] * columns)
        self.rows = 0

    def begin(self, row: list[int]) -> None:
        """Go on with a row, which the caller fills."""
        self.row, self.filled, self.seen, self.sum, self.balance = row, 0, 0, 0, 0
        self.rows += 1

    def cell(self, coder: Coder, column: int, known: int | None, certain: bool) -> int:
        """Write or read an integer. certain: it can't be zero."""
        row, width = self.row, self.width
        left = row[column - 1] if column else 0
        above = row[column - width] if width and column >= width else 0
        if not certain and not self._zero.code(coder, known if known is None else int(known != 0), self._of_zero(column, left, above)):
            self.seen += 1
            return 0
        signs = (left > 0) + 2 * (left < 0) + 3 * (above > 0) + 6 * (above < 0)
        balance = (self.balance > 0) + 2 * (self.balance < 0)
        last = self.signs[column]
        negative = self._sign.code(coder, known if known is None else int(known < 0), (signs, 3 * last + balance, balance))
        magnitude = self._magnitude(coder, column, known, min(abs(left), 2) + 3 * min(abs(above), 2))
        self.seen, self.filled = self.seen + 1, self.filled + 1
        self.sum, self.balance = self.sum + magnitude, self.balance + 1 - 2 * negative
        self.counts[column] += 1
        self.sums[column] += magnitude
        self.signs[column] = 1 + negative
        return -magnitude if negative else magnitude

    def _of_zero(self, column: int, left: int, above: int) -> tuple[int, ...]:
        row, counts, width = self.row, self.counts, self.width
        near = (left != 0) + 2 * (above != 0) + 4 * (column > 1 and row[column - 2] != 0)
        around = counts[column - 1] if column else 0
        around += counts[column + 1] if column + 1 < self.columns else 0
        if width:
            around += counts[column - width] if column >= width else 0
            around += counts[column + width] if column + width < self.columns else 0
        by_row = level(self.filled, self.seen)
        by_column = level(counts[column], self.rows)
        by_around = level(around, (4 if width else 2) * self.rows)
        return (8 * by_row + near, LEVELS * by_row + by_column, column, 8 * by_around + near, 8 * by_column + near)

    def _magnitude(self, coder: Coder, column: int, known: int | None, near: int) -> int:
        of_row = level(self.sum, 8 * self.filled)
        of_column = level(self.sums[column], 8 * self.counts[column])
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
