"""Faulty Huffman codes: words of equal length, of the wrong tree, in another order."""

import math

from utils.exercises.lab04.prefix_codes import Code, canonical_words, lengths_by_heap


def used(counts: dict[int, int]) -> dict[int, int]:
    """The counts of the symbols that occur."""
    return {symbol: count for symbol, count in counts.items() if count}


def of_equal_length(counts: dict[int, int]) -> Code:
    """As many bits for each symbol."""
    length = max(1, math.ceil(math.log2(len(used(counts)))))
    return {symbol: format(at, f"0{length}b") for at, symbol in enumerate(sorted(used(counts)))}


def one_more_each(counts: dict[int, int]) -> Code:
    """One bit for the most frequent symbol, two for the next, and so on."""
    ranked = sorted(used(counts), key=lambda symbol: -counts[symbol])
    return canonical_words({symbol: min(at + 1, max(1, len(ranked) - 1)) for at, symbol in enumerate(ranked)})


def of_the_tree(counts: dict[int, int]) -> Code:
    """Words as they are read from the tree."""
    groups = sorted((count, [symbol]) for symbol, count in used(counts).items())
    words = {symbol: "" if len(groups) > 1 else "0" for _, (symbol,) in groups}
    while len(groups) > 1:
        (few, some), (more, others) = groups[:2]
        words |= {symbol: "0" + words[symbol] for symbol in some} | {symbol: "1" + words[symbol] for symbol in others}
        groups = sorted([*groups[2:], (few + more, some + others)])
    return words


def larger_symbol_first(counts: dict[int, int]) -> Code:
    """Of symbols whose words are as long, the larger one comes first."""
    lengths = lengths_by_heap(counts)
    words = canonical_words({-symbol: length for symbol, length in lengths.items()})
    return {symbol: words[-symbol] for symbol in lengths}
