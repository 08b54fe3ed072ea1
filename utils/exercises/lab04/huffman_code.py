"""huffman_code: short words for frequent symbols."""

from itertools import pairwise
from typing import Any

import numpy as np

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, exercise, keeps_inputs, refuses
from utils.exercises.lab04.faulty_codes import larger_symbol_first, of_equal_length, of_the_tree, one_more_each, used
from utils.exercises.lab04.prefix_codes import Code, canonical_words, lengths_by_heap, shortest_bits


def heap_code(symbol_counts: dict[int, int]) -> Code:
    """The stand-in."""
    lengths = lengths_by_heap(symbol_counts)
    if not lengths:
        raise ValueError("no symbol occurs, so there is nothing to code")
    return canonical_words(lengths)


def shortest_and_canonical(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Words for the symbols that occur: none begins another, together as short as possible, canonical for their lengths."""
    counts = used(inputs[0])
    if type(answer) is not dict or set(answer) != set(counts):
        return Verdict(False, f"a dict with the symbols {describe(sorted(counts))}", describe(answer), "symbols")
    if odd := [word for word in answer.values() if type(word) is not str or not word or set(word) - set("01")]:
        return Verdict(False, "words of the characters 0 and 1", f"the word {describe(odd[0])}", "words")
    for word, after in pairwise(sorted(answer.values())):
        if after.startswith(word):
            return Verdict(False, "no word that begins another", f"the words {word} and {after}", "prefix")
    bits, least = sum(counts[symbol] * len(word) for symbol, word in answer.items()), shortest_bits(counts.values())
    if bits != least:
        return Verdict(False, f"{least} bits for all symbols together", f"{bits} bits", "long")
    for symbol, word in canonical_words({symbol: len(word) for symbol, word in answer.items()}).items():
        if answer[symbol] != word:
            return Verdict(False, f"the word {word} for symbol {symbol}", f"the word {answer[symbol]}", "canonical")
    return Verdict(True, f"{least} bits, canonical words", f"{bits} bits, canonical words")


_LONG = ("Which two groups are merged first?", "The two that occur least; the merged one goes back among the others, with the sum of both.")
_PREFIX = (
    "Does one of your words begin another?",
    "The first word is zeros only, a longer one is (last + 1) << bits more, and format(word, f'0{length}b') keeps leading zeros.",
)
_CANONICAL = (
    "Sort the symbols by the length of their word, then by the symbol. What is the first word?",
    "Zeros only. The next one is the last plus 1, with zeros behind it if it is longer.",
)
_WORDS = ("Of what type is a word?", "A str of 0 and 1, such as '010'. It has one character at least, also for a single symbol.")
_SYMBOLS = ("Which symbols get a word?", "Those that occur. A count of 0 has none.")
_HINTS = {"long": _LONG, "prefix": _PREFIX, "canonical": _CANONICAL, "words": _WORDS, "symbols": _SYMBOLS}
MISTAKES = (
    Mistake("words of equal length", of_equal_length, _LONG),
    Mistake("one bit more for each", one_more_each, _LONG),
    Mistake("read from the tree", of_the_tree, _CANONICAL),
    Mistake("the larger symbol first", larger_symbol_first, _CANONICAL),
    Mistake("without leading zeros", lambda counts: {one: f"{int(word, 2):b}" for one, word in heap_code(counts).items()}, _PREFIX),
    Mistake("numbers", lambda counts: {one: int(word, 2) for one, word in heap_code(counts).items()}, _WORDS, "all but refuses *"),
    Mistake("lengths", lengths_by_heap, _WORDS, "all but refuses *"),
    Mistake(
        "a word for all", lambda counts: heap_code({one: 10**9 * count or 1 for one, count in counts.items()}), _SYMBOLS, "a symbol that *"
    ),
    Mistake("an empty word", lambda counts: heap_code(counts) if len(used(counts)) > 1 else dict.fromkeys(used(counts), ""), _WORDS),
)
STEPS = (
    "Make a heap of (count, symbol, [symbol]). Take out the two smallest, add 1 to the length of every symbol in both, push the "
    "merged group, until one is left. Sort the symbols by (length, symbol) and count: word = (word + 1) << (length - last length)."
)


@exercise(heap_code, points=4, difficulty=3, minutes=20, judge=shortest_and_canonical, mistakes=MISTAKES, hints_for=_HINTS, steps=STEPS)
def huffman_code(rng: Rng) -> Cases:
    """huffman_code(symbol_counts) -> dict, symbol -> word."""

    def case(name: str, counts: dict[int, int], hints: tuple[str, ...], weighs: float = 1) -> Case:
        return Case(name, (counts,), weight=weighs, hints=hints, hints_on_error=True)

    def shuffled(counts: Any, low: int = 0) -> dict[int, int]:
        return {int(at) + low: int(counts[at]) for at in rng.permutation(len(counts))}

    doubling = rng.permutation(2 ** np.arange(6) * between(rng, 2, 8) + rng.integers(0, 2, 6))
    yield case("frequent symbols get short words", shuffled(doubling), _LONG, 2)
    yield case("many symbols", shuffled(np.maximum(1, rng.geometric(0.02, 40))), _LONG, 2)
    yield case("equal counts", shuffled([between(rng, 2, 98)] * 8), _CANONICAL)
    yield case("negative symbols", shuffled(rng.permutation([40, 22, 20, 9, 8, 7, 3]) * between(rng, 2, 8), -3), _CANONICAL)
    yield case("two symbols", {between(rng, 5, 8): 1, between(rng, -9, 3): between(rng, 20, 98)}, _CANONICAL, 0.5)
    yield case("a single symbol", {between(rng, -50, 49): between(rng, 2, 98)}, _WORDS, 0.5)
    yield case("a symbol that never occurs", {**shuffled([5, between(rng, 9, 29), 2]), 7: 0}, _SYMBOLS, 0.5)
    yield refuses("counts of 0 only", ({between(rng, 1, 98): 0, 0: 0},), weight=0.5)
    yield keeps_inputs(shuffled(rng.integers(1, 99, 9)))
