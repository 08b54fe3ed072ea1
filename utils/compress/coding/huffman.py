"""Canonical Huffman codes: frequent symbols get short code words, and the lengths alone describe the code (Huffman, 1952)."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import chain

import numpy as np

from utils.compress.coding.range_coder import DecodingError

MAX_LENGTH = 31  # of a code word: 2 million symbols can't make a longer one; five bits in a file
_BITS = [tuple(byte >> at & 1 for at in reversed(range(8))) for byte in range(256)]


def code_lengths(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    """Bits of each symbol's code word: int64, of the counts' length; 0 for a symbol that does not occur, 1 for the only one.

    counts: how often each symbol occurs, at least 0.

    >>> code_lengths([4, 1, 0, 1]).tolist()
    [1, 2, 0, 2]

    Raises:
        ValueError: no symbol occurs, a count that is negative, or a code word that would be too long.
    """
    counts = np.asarray(counts)
    if counts.ndim != 1 or not np.issubdtype(counts.dtype, np.integer) or (counts < 0).any() or not counts.any():
        raise ValueError("need counts of at least one symbol, integers of at least 0: count the symbols with numpy.bincount")
    lengths = np.zeros(len(counts), dtype=np.int64)
    heap: list[tuple[int, int, list[int]]] = [(int(counts[at]), at, [at]) for at in np.flatnonzero(counts).tolist()]
    if len(heap) == 1:
        lengths[heap[0][1]] = 1
    heapq.heapify(heap)
    while len(heap) > 1:
        (few, first, some), (more, _, others) = heapq.heappop(heap), heapq.heappop(heap)
        lengths[some + others] += 1
        heapq.heappush(heap, (few + more, first, some + others))
    if lengths.max() > MAX_LENGTH:
        raise ValueError(f"a code word of {lengths.max()} bits is longer than {MAX_LENGTH}: count fewer symbols")
    return lengths


def canonical_codes(lengths: np.ndarray) -> np.ndarray:
    """The code words of given lengths, as integers: ordered by length, then by symbol, each one more than the last.

    >>> [format(code, f"0{length}b") for code, length in zip(canonical_codes(np.array([1, 2, 2])), (1, 2, 2))]
    ['0', '10', '11']

    Raises:
        DecodingError: lengths that belong to no code, since some word would begin another.
    """
    codes, code, before = np.zeros(len(lengths), dtype=np.int64), 0, 0
    for symbol in sorted(np.flatnonzero(lengths).tolist(), key=lambda at: (lengths[at], at)):
        length = int(lengths[symbol])
        code <<= length - before
        if code >> length:
            raise DecodingError("the lengths of the code words belong to no code")
        codes[symbol], code, before = code, code + 1, length
    return codes


class HuffmanCode:
    """A canonical code. lengths: bits of each symbol's code word, 0 for symbols that have none.

    >>> code = HuffmanCode.of_counts([4, 1, 1])
    >>> data = code.encode([0, 0, 1, 2, 0])
    >>> len(data), code.decode(data, 5).tolist()
    (1, [0, 0, 1, 2, 0])
    """

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.codes = canonical_codes(self.lengths)

    @classmethod
    def of_counts(cls, counts: Sequence[int] | np.ndarray) -> HuffmanCode:
        """The shortest code for symbols that occur so often."""
        return cls(code_lengths(counts))

    def bits(self, counts: Sequence[int] | np.ndarray) -> int:
        """Bits that symbols with these counts take."""
        return int((np.asarray(counts) * self.lengths).sum())

    def encode(self, symbols: Sequence[int] | np.ndarray) -> bytes:
        """The code words one behind the other, the first bit of a byte the highest; the last byte is filled with zeros.

        Raises:
            ValueError: a symbol without a code word.
        """
        symbols = np.asarray(symbols, dtype=np.int64)
        if symbols.size and (symbols.min() < 0 or symbols.max() >= len(self.lengths) or not self.lengths[symbols].all()):
            raise ValueError("a symbol has no code word: make the code from the counts of all symbols")
        lengths = self.lengths[symbols]
        place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        bits = np.repeat(self.codes[symbols], lengths) >> (np.repeat(lengths, lengths) - 1 - place) & 1
        return np.packbits(bits.astype(np.uint8)).tobytes()

    def decode(self, data: bytes, count: int) -> np.ndarray:
        """The first `count` symbols of the data: int64.

        Raises:
            DecodingError: data that is too short, that is longer than the symbols need, or that has no symbol's code word.
        """
        described = zip(self.lengths.tolist(), self.codes.tolist(), strict=True)
        words = {word: symbol for symbol, word in enumerate(described) if word[0]}
        if count > 8 * len(data):
            raise DecodingError("the data ends before the last symbol")
        found: list[int] = []
        code = length = used = 0
        bits = chain.from_iterable(map(_BITS.__getitem__, data))
        while len(found) < count:
            bit = next(bits, None)
            if bit is None:
                raise DecodingError("the data ends before the last symbol")
            code, length, used = 2 * code + bit, length + 1, used + 1
            symbol = words.get((length, code))
            if symbol is not None:
                found.append(symbol)
                code = length = 0
            elif length > MAX_LENGTH:
                raise DecodingError("the data has a code word that no symbol has")
        if len(data) != -(-used // 8) or any(bits):
            raise DecodingError("the data goes on after the last symbol")
        return np.array(found, dtype=np.int64)
