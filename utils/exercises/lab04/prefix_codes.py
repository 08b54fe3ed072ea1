"""Prefix codes: the shortest possible length, the canonical words of given lengths, words as bytes."""

import heapq
from bisect import insort
from collections.abc import Iterable, Mapping
from fractions import Fraction

import numpy as np
from torch import Tensor, from_numpy

from utils.exercises.kit import Rng

Code = dict[int, str]


def shortest_bits(counts: Iterable[int]) -> int:
    """Bits of the shortest prefix code, without its words: each merge of two groups adds a bit to all symbols in them."""
    groups, bits = sorted(counts), 0
    if len(groups) == 1:
        return groups[0]
    while len(groups) > 1:
        both = groups.pop(0) + groups.pop(0)
        bits += both
        insort(groups, both)
    return bits


def lengths_by_heap(counts: Mapping[int, int]) -> dict[int, int]:
    """The lengths of a shortest prefix code, for the symbols that occur: symbol -> bits."""
    heap: list[tuple[int, int, tuple[int, ...]]] = [(count, at, (symbol,)) for at, (symbol, count) in enumerate(counts.items()) if count]
    lengths = {group[0]: int(len(heap) == 1) for _, _, group in heap}
    heapq.heapify(heap)
    while len(heap) > 1:
        (few, at, some), (more, _, others) = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in some + others:
            lengths[symbol] += 1
        heapq.heappush(heap, (few + more, at, some + others))
    return lengths


def canonical_words(lengths: Mapping[int, int]) -> Code:
    """Words as intervals of [0, 1), side by side, ordered by length and then by symbol; a word is where its interval begins."""
    words: Code = {}
    begin = Fraction(0)
    for symbol, length in sorted(lengths.items(), key=lambda item: (item[1], item[0])):
        words[symbol] = format(int(begin * 2**length), f"0{length}b")
        begin += Fraction(1, 2**length)
    return words


def random_code(rng: Rng, count: int) -> Code:
    """A canonical Huffman code of the symbols -2 to count - 3, of uneven frequencies."""
    counts = rng.permutation(2 ** np.arange(count) + rng.integers(0, 2, count))
    return canonical_words(lengths_by_heap({symbol - 2: int(each) for symbol, each in enumerate(counts)}))


def message(rng: Rng, code: Code, count: int, rest: int | None = None) -> Tensor:
    """Symbols of a code, each at least once. rest: how many bits the last byte has, 0 for a full one."""
    drawn = [*code, *rng.choice(list(code), count - len(code)).tolist()]
    one = min(code, key=lambda symbol: len(code[symbol]))  # the only word of one bit, if there is any
    while rest is not None and sum(len(code[symbol]) for symbol in drawn) % 8 != rest:
        drawn.append(one)
    return from_numpy(rng.permutation(np.array(drawn, dtype=np.int64)))


def bits_as_bytes(bits: str) -> np.ndarray:
    """The first bit is the highest of the first byte; zeros fill the last one."""
    size = -(-len(bits) // 8)
    number = int(bits.ljust(8 * size, "0") or "0", 2)
    return np.array(list(number.to_bytes(size, "big")), dtype=np.uint8)


def bytes_as_bits(data: np.ndarray) -> str:
    """The inverse, with the zeros at the end."""
    return format(int.from_bytes(data.astype(np.uint8).tobytes(), "big"), f"0{8 * len(data)}b") if len(data) else ""
