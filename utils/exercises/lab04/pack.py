"""pack: code words one behind the other, as bytes."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, tensor

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, has_dtype, keeps_inputs, refuses, takes_nothing
from utils.exercises.lab04.prefix_codes import Code, bits_as_bytes, message, random_code


def _bits(symbols: np.ndarray, code: Code) -> str:
    return "".join(code[symbol] for symbol in symbols.tolist())


def packed(symbols: np.ndarray, code: Code) -> np.ndarray:
    """The oracle: all words are one binary number."""
    return bits_as_bytes(_bits(symbols, code))


def numpy_bytes(symbols: Tensor, code: Code) -> Tensor:
    """The stand-in."""
    if unknown := set(symbols.tolist()) - set(code):
        raise ValueError(f"symbol {min(unknown)} has no word")
    bits = [int(bit) for symbol in symbols.tolist() for bit in code[symbol]]
    return torch.from_numpy(np.packbits(np.array(bits, dtype=np.uint8)))


def _in_eights(change: Callable[[str], str]) -> Callable[[np.ndarray, Code], np.ndarray]:
    """Bytes from groups of eight bits, each changed; the last may be shorter."""

    def made(symbols: np.ndarray, code: Code) -> np.ndarray:
        bits = _bits(symbols, code)
        return np.array([int(change(bits[at : at + 8]), 2) for at in range(0, len(bits), 8)], dtype=np.uint8)

    return made


_ORDER = ("Which bit of a byte is the first?", "The highest, worth 128: the bits 10000000 are 128, as int('10000000', 2) says.")
_LAST = ("Which bits of the last byte are used, if it is not full?", "The highest ones. Zeros are added behind the last bit, not in front.")
_EVERY = ("How many bytes do n bits need?", "n / 8, rounded up: a byte for the bits that are left over, and none if nothing is left over.")
_TOGETHER = (
    "Where does the second word begin?",
    "In the next bit, also within a byte: join all words first, then cut the bits into bytes.",
)
_WORD = ("Which word has this symbol?", "Look it up in the dict. A symbol that is not there raises ValueError, not KeyError.")
MISTAKES = (
    Mistake("lowest bit first", _in_eights(lambda eight: eight[::-1]), _ORDER),
    Mistake("zeros in front", _in_eights(lambda eight: eight), _LAST),
    Mistake("ones behind", _in_eights(lambda eight: eight.ljust(8, "1")), _LAST),
    Mistake("full bytes only", lambda *given: packed(*given)[: len(_bits(*given)) // 8], _EVERY),
    Mistake("a byte too many", lambda *given: bits_as_bytes(_bits(*given) + "0" * (8 - len(_bits(*given)) % 8)), _EVERY),
    Mistake("a byte for each word", lambda symbols, code: np.concatenate([bits_as_bytes(code[at]) for at in symbols.tolist()]), _TOGETHER),
    Mistake("bits", lambda *given: np.array([int(bit) for bit in _bits(*given)], dtype=np.uint8), _TOGETHER),
)
STEPS = (
    "Join the words of all symbols to one str. Add zeros until its length is a multiple of 8. Cut it into groups of 8 and convert "
    "each by int(group, 2). Make a uint8 tensor of these."
)


@exercise(numpy_bytes, points=2, difficulty=1, minutes=10, judge=equal_to(packed), mistakes=MISTAKES, steps=STEPS)
def pack(rng: Rng) -> Cases:
    """pack(symbols, code) -> uint8 tensor."""
    code = random_code(rng, 6)
    yield Case("a last byte that is full", (message(rng, code, 40, rest=0), code), weight=2, hints=_ORDER)
    yield Case("a last byte with 3 bits", (message(rng, code, 30, rest=3), code), weight=2, hints=_LAST)
    long = random_code(rng, 15)
    yield Case("words longer than a byte", (message(rng, long, 50), long), hints=_TOGETHER)
    few = tensor([min(code, key=lambda symbol: (len(code[symbol]), symbol))] * between(rng, 2, 6))
    yield Case("fewer bits than a byte", (few, code), weight=0.5, hints=_LAST)
    only = between(rng, -40, 39)
    yield Case("a code of a single symbol", (tensor([only] * between(rng, 9, 59)), {only: "0"}), weight=0.5, hints=_EVERY)
    yield takes_nothing("no symbols", tensor([], dtype=torch.int64), code, weight=0.5)
    yield has_dtype(equal_to(packed), "uint8", ("u1",), message(rng, code, 20, rest=1), code)
    yield refuses("a symbol without a word", (tensor([*code, between(rng, 50, 98)]), code), hints=_WORD)
    yield keeps_inputs(message(rng, code, 25), code)
