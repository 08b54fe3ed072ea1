"""range_encode: all symbols as one number, at the cost of their probabilities."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, tensor

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, exercise, keeps_inputs, refuses, takes_nothing
from utils.exercises.lab04.code_length import ideal_bits
from utils.exercises.lab04.draws import probabilities, symbols_by
from utils.exercises.lab04.intervals import decoded, interval, shortest

ALLOWANCE = 2  # bytes above the bound


def decodes_and_is_short(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Bytes that decode to the symbols, and at most two more than the code length asks for. About "bytes", "long", or nothing."""
    symbols, chances = inputs
    most = math.floor(ideal_bits(symbols, chances) / 8) + ALLOWANCE
    expected = f"at most {most} bytes that decode to the symbols"
    if type(answer) is not np.ndarray or answer.ndim != 1 or answer.dtype.kind not in "iu" or not np.isin(answer, np.arange(256)).all():
        return Verdict(False, "a uint8 tensor of bytes", describe(answer), "bytes")
    if len(answer) > most:
        return Verdict(False, expected, f"{len(answer)} bytes", "long")
    found = decoded(answer.astype(np.uint8).tobytes(), chances, len(symbols))
    wrong = np.flatnonzero(np.array(found, dtype=int) != symbols)
    if len(wrong):
        return Verdict(False, expected, f"symbol {wrong[0]} decodes to {found[wrong[0]]}, not to {symbols[wrong[0]]}")
    return Verdict(True, expected, f"{len(answer)} bytes that decode to the symbols")


def by_fractions(symbols: Tensor, chances: Tensor) -> Tensor:
    """The stand-in."""
    if symbols.numel() and not (symbols.min() >= 0 and symbols.max() < len(chances) and chances[symbols].min() > 0):
        raise ValueError("a symbol has no probability")
    return torch.from_numpy(shortest(*interval(symbols.numpy(), chances.detach().numpy())))


_EXACT = (
    "How many digits has the beginning of the interval after 100 symbols?",
    "More than a float's 53 bits: compute with Python's integers (p * 4096) or with fractions.Fraction, which are exact.",
)
_INSIDE = ("Is your number in the interval, low <= number < low + width?", "Cutting off digits goes below low: round up instead.")
_PART = (
    "Which part of the interval does symbol s take?",
    "It begins at the sum of the probabilities before s, and its width is p[s] times the old width: symbol 0 is lowest.",
)
_BYTES = ("What do you return?", "A uint8 tensor of shape (bytes,), the first byte the highest: int.to_bytes(size, 'big').")
_LONG = (
    "How many bytes does a number in an interval of this width need?",
    "Take the smallest size for which a multiple of 256**-size is in it.",
)
_NEVER = ("How wide is the interval of a symbol of probability 0?", "It has no width, so there is no number in it: raise ValueError.")
MISTAKES = (
    Mistake("in floats", lambda symbols, chances: shortest(*interval(symbols, chances, float)), _EXACT),
    Mistake("rounds down", lambda symbols, chances: shortest(*interval(symbols, chances), up=math.floor), _INSIDE),
    Mistake("the last symbol lowest", lambda symbols, chances: shortest(*interval(len(chances) - 1 - symbols, chances[::-1])), _PART),
    Mistake("the last symbol first", lambda symbols, chances: shortest(*interval(symbols[::-1], chances)), _PART),
    Mistake("the lowest byte first", lambda symbols, chances: shortest(*interval(symbols, chances))[::-1].copy(), _BYTES),
    Mistake("a byte for each symbol", lambda symbols, chances: symbols.astype(np.uint8), _LONG),
    Mistake("bytes to spare", lambda symbols, chances: shortest(*interval(symbols, chances), spare=3), _LONG),
    Mistake("the number itself", lambda symbols, chances: float(interval(symbols, chances)[0]), _BYTES),
)
_ABOUT = {"bytes": _BYTES, "long": _LONG}
STEPS = (
    "Count probabilities in 4096ths: integers. Begin with low = 0, width = 1. For each symbol: low = low * 4096 + width * (sum "
    "before), width *= its count; the interval is low and width over 4096**n. For size = 0, 1, ...: round low * 256**size / 4096**n up to "
    "an integer; stop when it is below (low + width) * 256**size / 4096**n. Write it with to_bytes(size, 'big')."
)


@exercise(
    by_fractions,
    points=4,
    difficulty=4,
    minutes=25,
    core=False,
    judge=decodes_and_is_short,
    mistakes=MISTAKES,
    hints_for=_ABOUT,
    steps=STEPS,
)
def range_encode(rng: Rng) -> Cases:
    """range_encode(symbols, probabilities) -> uint8 tensor."""

    def case(name: str, symbols: Tensor, chances: Tensor, hints: tuple[str, ...], weighs: float = 1) -> Case:
        return Case(name, (symbols, chances), weight=weighs, hints=hints, hints_on_error=True)

    few = probabilities(rng, 4, 0.6)
    yield case("a few symbols", symbols_by(rng, few, 12), few, _PART, 2)
    many = probabilities(rng, 9, 0.3)
    yield case("more digits than a float has", symbols_by(rng, many, 150), many, _EXACT, 2)
    sure = probabilities(rng, 3, 4.0)
    yield case("less than a bit for a symbol", symbols_by(rng, sure, 400), sure, _LONG, 2)
    even = tensor([0.25] * 4)
    yield case("two bits for a symbol", symbols_by(rng, even, 37), even, _PART)
    wide = probabilities(rng, 200, 0.02)
    yield case("an alphabet of 200", symbols_by(rng, wide, 60), wide, _EXACT)
    yield case("a symbol that is certain", tensor([1] * between(rng, 5, 49)), tensor([0.0, 1.0, 0.0]), _LONG, 0.5)
    yield takes_nothing("no symbols", tensor([], dtype=torch.int64), few, weight=0.5)
    yield refuses("a symbol of probability 0", (tensor([1, between(rng, 1, 2), 0]), tensor([0.0, 0.5, 0.5])), weight=0.5, hints=_NEVER)
    yield keeps_inputs(symbols_by(rng, few, 20), few)
