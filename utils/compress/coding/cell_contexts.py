"""What is known of a cell of a matrix before it is coded: its neighbors, and how full its row and its column are."""

from __future__ import annotations

import numpy as np

from utils.compress.coding.decisions import Decisions
from utils.compress.coding.logistic_bit import LIMIT, RATE, Coder, LogisticBit, squash_table, stretch_table
from utils.compress.coding.range_coder import DecodingError

UNARY = 14  # magnitudes up to here are counted up; what is left of larger ones follows in Elias's gamma code
LEVELS = 10  # of fullness
ROW_COST = 16  # decisions that take as long as what is computed for each row
FIRST_WEIGHTS, MAX_WEIGHT = (30_000, 20_000), 1 << 20  # 65536 is 1
WEIGHT_RATE = 19  # how slowly they learn: bits that an error is shifted by
_DOUBLINGS = 1 << np.arange(LEVELS)


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

    def __init__(self, columns: int, width: int, decisions: Decisions) -> None:
        self.columns, self.width, self.decisions, self.rows = columns, width, decisions, 0
        self.counts, self.sums, self.signs = np.zeros(columns, dtype=np.int64), [0] * columns, [0] * columns  # of each column so far
        self._weights, self._stretch = np.array(FIRST_WEIGHTS), np.array(stretch_table())
        self._offsets = [0] * (LEVELS * 8), [0] * (LEVELS * 8), [0] * LEVELS**2  # in 65536ths of a logit of 1
        self._sign = LogisticBit(9, 9, 3)
        self._more = LogisticBit(9 * (UNARY + 1), LEVELS * (UNARY + 1), LEVELS * (UNARY + 1))

    def row(self, coder: Coder, cells: list[int], known: list[int] | None) -> list[int]:
        """Write or read the integers of a row in these columns, of which one at least is not zero; zeros elsewhere.

        Whether a cell is zero is the most frequent decision, so it has a quick model, a logistic regression: what the rows before
        say of each column, computed at once for all, and three offsets for what is known of this row. All learn from the error.
        """
        self.sum = self.balance = filled = 0
        self.rows += 1
        self.decisions.add(len(cells) + ROW_COST)
        opinions, fullness = self._opinions(), levels(self.counts, self.rows)
        guesses = (self._weights @ opinions >> 16).tolist()
        of_row, of_column, of_both = self._offsets
        squash, code, errors = squash_table(), coder.code, []
        row, width, last = [0] * (self.columns + 2), self.width, cells[-1]  # two zeros, which column -1 and -2 find
        for seen, column in enumerate(cells):
            left, above = row[column - 1], row[column - width] if width and column >= width else 0
            bit, error = 1, 0
            if filled or column != last:
                full, there = (512 * filled // (seen + 1)).bit_length(), fullness[column]
                near = (1 if left else 0) + (2 if above else 0) + (4 if row[column - 2] else 0)
                by_row, by_column, by_both = 8 * full + near, 8 * there + near, LEVELS * full + there
                logit = guesses[column] + (of_row[by_row] + of_column[by_column] + of_both[by_both] >> 8)
                probability = squash[LIMIT + (LIMIT if logit > LIMIT else -LIMIT if logit < -LIMIT else logit)]
                bit = code(None if known is None else known[column] != 0, probability)
                error = 65536 - probability if bit else -probability
                change = error >> RATE
                of_row[by_row] += change
                of_column[by_column] += change
                of_both[by_both] += change
            errors.append(error)
            if bit:
                row[column] = self._integer(coder, column, None if known is None else known[column], (left, above), filled)
                filled += 1
        self._weights = np.clip(self._weights + (opinions[:, cells] @ np.array(errors) >> WEIGHT_RATE), -MAX_WEIGHT, MAX_WEIGHT)
        del row[self.columns :]
        self.counts += np.array(row) != 0
        return row

    def _opinions(self) -> np.ndarray:
        """(2, columns) logits: how often each column has had an integer in the rows before, and its neighbors."""
        neighbors = 4 if self.width else 2
        counts = np.stack([self.counts, self._around()])
        probabilities = 4096 * (2 * counts + 1) // np.array([[2 * self.rows + 1], [2 * neighbors * self.rows + 1]])
        return self._stretch[np.minimum(probabilities, 4095)]

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
            self.decisions.add(1)
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
        self.decisions.add(1)
        return coder.code(bit, 32768)
