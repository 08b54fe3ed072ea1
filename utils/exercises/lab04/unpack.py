"""unpack: the symbols of packed code words."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, from_numpy, tensor

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, keeps_inputs, refuses, takes_nothing
from utils.exercises.lab04.pack import packed
from utils.exercises.lab04.prefix_codes import Code, bytes_as_bits, message, random_code


def _read(bits: str, code: Code, count: int) -> np.ndarray:
    """The symbols at the beginning of a text of bits: of no two words does one begin the other."""
    found: list[int] = []
    at = 0
    while len(found) < count:
        symbol = next((symbol for symbol, word in code.items() if bits.startswith(word, at)), None)
        if symbol is None:
            break
        found.append(symbol)
        at += len(code[symbol])
    return np.array(found, dtype=np.int64)


def read_symbols(data: np.ndarray, code: Code, count: int) -> np.ndarray:
    """The oracle."""
    return _read(bytes_as_bits(data), code, count)


def numpy_symbols(data: Tensor, code: Code, count: int) -> Tensor:
    """The stand-in: walks down the tree of the words, one bit after the other."""
    words = {word: symbol for symbol, word in code.items()}
    found: list[int] = []
    word = ""
    for bit in np.unpackbits(data.numpy()):
        if len(found) == count:
            break
        word += "1" if bit else "0"
        if word in words:
            found.append(words[word])
            word = ""
    if len(found) < count:
        raise ValueError(f"the data ends after {len(found)} of {count} symbols")
    return torch.tensor(found, dtype=torch.int64)


def _from(bits: Callable[[np.ndarray], str]) -> Callable[[np.ndarray, Code, int], np.ndarray]:
    return lambda data, code, count: _read(bits(data), code, count)


_ORDER = ("Which bit of a byte is the first?", "The highest: format(byte, '08b') gives the eight bits in their order.")
_EIGHT = ("How many bits has the byte 3?", "Eight: bin(3) drops the zeros in front, format(3, '08b') keeps them.")
_COUNT = ("What are the last bits of the data?", "Zeros that fill the byte, which may look like words: stop after `count` symbols.")
_WORD = ("When does a word end?", "As soon as the bits since the last word are one of the words: no word begins another.")
_END = ("What if the data ends before the last symbol?", "raise ValueError: a damaged file must not give a wrong answer in silence.")
MISTAKES = (
    Mistake("lowest bit first", _from(lambda data: "".join(format(byte, "08b")[::-1] for byte in data.tolist())), _ORDER),
    Mistake("without leading zeros", _from(lambda data: "".join(format(byte, "b") for byte in data.tolist())), _EIGHT),
    Mistake("to the end of the data", lambda data, code, count: read_symbols(data, code, 8 * len(data)), _COUNT),
    Mistake("one symbol too few", lambda data, code, count: read_symbols(data, code, count)[: count - 1], _COUNT),
    Mistake("reads backward", lambda data, code, count: read_symbols(data, code, count)[::-1].copy(), _WORD),
    Mistake("places in the code", lambda *given: np.searchsorted(np.sort(list(given[1])), read_symbols(*given)), _WORD),
)
STEPS = (
    "Turn the dict round: word -> symbol. Go through the bits, highest first, and append each to the word so far. If that is one of "
    "the words, append its symbol and begin a new word. Stop after `count` symbols; raise ValueError if the bits end before."
)


@exercise(numpy_symbols, points=2, difficulty=2, minutes=10, judge=equal_to(read_symbols), mistakes=MISTAKES, steps=STEPS)
def unpack(rng: Rng) -> Cases:
    """unpack(data, code, count) -> integer tensor of shape (count,)."""

    def data(symbols: Tensor, code: Code) -> tuple[Tensor, Code, int]:
        return from_numpy(packed(symbols.numpy(), code)), code, len(symbols)

    code = random_code(rng, 6)
    full = data(message(rng, code, 40, rest=0), code)
    yield Case("a last byte that is full", full, weight=2, hints=_WORD)
    yield Case("stops after count symbols", data(message(rng, code, 30, rest=3), code), weight=2, hints=_COUNT)
    long = random_code(rng, 15)
    yield Case("words longer than a byte", data(message(rng, long, 50), long), hints=_WORD)
    yield Case("only the beginning", (*full[:2], between(rng, 5, 29)), hints=_COUNT)
    only = between(rng, -40, 39)
    yield Case("a code of a single symbol", data(tensor([only] * between(rng, 9, 59)), {only: "0"}), weight=0.5, hints=_COUNT)
    yield takes_nothing("no symbols", tensor([], dtype=torch.uint8), code, 0, weight=0.5)
    yield refuses("data that ends too early", (full[0][:-2], code, full[2]), hints=_END)
    yield refuses(
        "bits that form none of the words", (from_numpy(rng.integers(128, 256, 3).astype("u1")), {only: "0"}, 9), weight=0.5, hints=_END
    )
    yield keeps_inputs(*data(message(rng, code, 25), code))
