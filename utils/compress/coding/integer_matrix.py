"""A matrix of small integers, mostly zeros, as the bytes of a range coder.

First come the rows and the columns that are not all zero, then the cells where they cross, row by row: is it zero, its sign, its
magnitude. The probabilities adapt to how full the row, the column and the neighborhood have been so far. Columns may be the
pixels of an image `width` wide: then the pixel above counts as near, too.
"""

from __future__ import annotations

import math

import numpy as np

from utils.compress.coding.cell_contexts import CellContexts
from utils.compress.coding.decisions import Decisions
from utils.compress.coding.logistic_bit import Coder, LogisticBit
from utils.compress.coding.range_coder import DecodingError, RangeDecoder, RangeEncoder

MAX_MAGNITUDE = 32767


def encode_integers(matrix: np.ndarray) -> bytes:
    """The bytes of an integer matrix; the width of the image that its columns may be is chosen and stored in the first.

    matrix: (rows, columns), integers of at most 32767 in magnitude.

    >>> matrix = np.zeros((300, 784), dtype=np.int64)
    >>> matrix[7, 400:404] = 1, -1, 2, 1
    >>> data = encode_integers(matrix)
    >>> len(data) < 16, np.array_equal(decode_integers(data, 300, 784), matrix)
    (True, True)

    Raises:
        ValueError: another shape, no integers, one that is too large, or more than a reader takes.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or not matrix.size or not np.issubdtype(matrix.dtype, np.integer):
        raise ValueError(f"need a matrix of integers, got {matrix.dtype} of shape {matrix.shape}: round and reshape it first")
    if np.abs(matrix.astype(np.int64)).max() > MAX_MAGNITUDE:
        raise ValueError(f"an integer is larger than {MAX_MAGNITUDE} in magnitude: take a larger step")
    rows = matrix.tolist()
    return min((_encoded(rows, width) for width in widths(matrix.shape[1])), key=len)


def widths(columns: int) -> list[int]:
    """Which widths of an image an encoder tries: none and the side of a square, or kernels of 3 and 5 and maps of 4.

    >>> widths(784), widths(800)
    ([0, 28], [0, 4, 5])
    """
    square = math.isqrt(columns)
    tried = [square] if square * square == columns and 5 < square < 256 else []
    return [0, *(tried or (width for width in (3, 4, 5) if columns % width**2 == 0))]


def _encoded(rows: list[list[int]], width: int) -> bytes:
    encoder, decisions = RangeEncoder(), Decisions()
    _walk(encoder, len(rows), len(rows[0]), width, rows, decisions)
    data = bytes([width]) + encoder.finish()
    if decisions.count > Decisions.of_bytes(len(data)).limit:
        raise ValueError("these integers are so regular that a reader would refuse them: store them with a Huffman code")
    return data


def decode_integers(data: bytes, rows: int, columns: int, decisions: Decisions | None = None) -> np.ndarray:
    """The inverse of `encode_integers`: (rows, columns) int16.

    decisions: how many have been read of the same file, and how many may be; those of this data alone unless given.

    Raises:
        DecodingError: data that is too short, too long, or not from an encoder of ours.
    """
    if not data:
        raise DecodingError("a matrix of integers has no data")
    decoder = RangeDecoder(data[1:])
    found = _walk(decoder, rows, columns, data[0], None, decisions or Decisions.of_bytes(len(data)))
    decoder.finish()
    return np.array(found, dtype=np.int16).reshape(rows, columns)


def _walk(coder: Coder, rows: int, columns: int, width: int, known: list[list[int]] | None, decisions: Decisions) -> list[list[int]]:
    """Write the integers that are known, or read them: both take the same way. Returns them."""
    decisions.add(rows + columns)
    filled = [any(row) for row in known] if known else None
    full_rows = _flags(coder, rows, 0, filled)
    full_columns = _flags(coder, columns, width, [any(column) for column in zip(*known, strict=True)] if known else None)
    cells = [at for at, full in enumerate(full_columns) if full]
    contexts, found = CellContexts(columns, width, decisions), []
    for at, full in enumerate(full_rows):
        if full and not cells:
            raise DecodingError("a row has an integer, and no column has one")
        found.append(contexts.row(coder, cells, known[at] if known else None) if full else [0] * columns)
    return found


def _flags(coder: Coder, count: int, width: int, known: list[bool] | None) -> list[int]:
    """Write or read which of so many rows or columns have integers; near are the two before and the one above."""
    bits, found = LogisticBit(4, 8, 1), [0, 0]
    for at in range(count):
        above = found[at + 2 - width] if width and at >= width else 0
        before = 2 * found[-1] + found[-2]
        found.append(bits.code(coder, known[at] if known else None, (before, 2 * before + above, 0)))
    return found[2:]
