"""code_length: the bits that an ideal code needs for symbols whose probabilities are known."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, full, tensor

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses, takes_nothing, takes_parameter
from utils.exercises.lab04.draws import probabilities, symbols_by


def ideal_bits(symbols: np.ndarray, chances: np.ndarray) -> float:
    """The oracle: one symbol after the other, in float64."""
    return math.fsum(-math.log2(chances[at]) if chances[at] > 0 else math.inf for at in symbols.ravel().tolist())


def bits_and_gradient(symbols: np.ndarray, chances: np.ndarray) -> dict[str, Any]:
    """The code length and its derivative, -count / (p ln 2), by each probability."""
    counts = np.array([(symbols == at).sum() for at in range(len(chances))])
    return {"bits": ideal_bits(symbols, chances), "gradient": -counts / (chances * math.log(2))}


def by_xlogy(symbols: Tensor, chances: Tensor) -> Tensor:
    """The stand-in."""
    if symbols.numel() and not (symbols.min() >= 0 and symbols.max() < len(chances)):
        raise ValueError("a symbol has no probability")
    counts = torch.bincount(symbols.flatten(), minlength=len(chances))
    return -torch.special.xlogy(counts, chances).sum() / math.log(2)


def _bits(chances: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return -np.log2(chances)


def _own(symbols: np.ndarray) -> np.ndarray:
    found, counts = np.unique(symbols, return_counts=True)
    return (counts / symbols.size)[np.searchsorted(found, symbols)]


_LOG = ("How many bits has a symbol of probability 1/8?", "3, which is -log2(1/8). log() counts in nats: divide by log(2).")
_SUM = ("What is asked for, the bits of one symbol or of all?", "Of all symbols together: the sum, not the mean.")
_GIVEN = (
    "Which probabilities does the coder believe in?",
    "The given ones, even if they are wrong: add -log2 of probabilities[symbol] for every symbol.",
)
_WHOLE = ("Does every symbol take an integer number of bits?", "Not with a range coder: do not round the bits of each symbol.")
_ZERO = ("What are 0 times log2(0), and -log2(0)?", "NaN and infinity: look up the symbols' own probabilities first, then take logarithms.")
_RANGE = (
    "What does probabilities[-1] give in Python?",
    "The last one, without an error: ask for 0 <= symbol < k yourself and raise ValueError.",
)
_GRADIENT = (
    "Which operations does autograd record?",
    "Those on tensors: item(), float(), numpy() and detach() lose the gradient. Return the tensor.",
)
MISTAKES = (
    Mistake("in nats", lambda symbols, chances: _bits(chances[symbols]).sum() * math.log(2), _LOG),
    Mistake("negative", lambda symbols, chances: -_bits(chances[symbols]).sum(), _LOG),
    Mistake("the mean", lambda symbols, chances: _bits(chances[symbols]).sum() / max(1, symbols.size), _SUM),
    Mistake(
        "the entropy of the probabilities",
        lambda symbols, chances: symbols.size * (chances * _bits(np.maximum(chances, 1e-30))).sum(),
        _GIVEN,
    ),
    Mistake("the symbols' own frequencies", lambda symbols, chances: _bits(_own(symbols)).sum(), _GIVEN),
    Mistake("all symbols alike", lambda symbols, chances: symbols.size * math.log2(len(chances)), _GIVEN),
    Mistake("rounds up", lambda symbols, chances: np.ceil(_bits(chances[symbols])).sum(), _WHOLE),
    Mistake("a cautious logarithm", lambda symbols, chances: _bits(chances[symbols] + 1e-3).sum(), _ZERO),
)
STEPS = "Refuse symbols outside of 0..k-1. Look up the probability of each symbol: probabilities[symbols]. Take -log2 and the sum."


@exercise(by_xlogy, points=3, difficulty=2, minutes=10, judge=close_to(ideal_bits), mistakes=MISTAKES, steps=STEPS)
def code_length(rng: Rng) -> Cases:
    """code_length(symbols, probabilities) -> bits."""
    chances, other = probabilities(rng, 6, 0.7), probabilities(rng, 6, 0.7)
    yield Case("the sum over all symbols", (symbols_by(rng, other, 60), chances), weight=2, hints=_GIVEN)
    few = probabilities(rng, 3, 0.4)
    yield Case("a matrix of symbols", (symbols_by(rng, few, 5, 7), few), hints=_SUM, hints_on_error=True)
    sure = probabilities(rng, 5, 2.5)
    yield Case("less than one bit for a symbol", (full((between(rng, 20, 89),), int(sure.argmax())), sure), hints=_WHOLE)
    rare = tensor([float(rng.uniform(1e-7, 1e-6)), 0.5, 0.5])
    yield Case("a rare symbol", (tensor([0, 1, 2, 0]), rare), hints=_ZERO)
    unused = tensor([0.0, 0.25, 0.75])
    yield Case("a probability of 0 that is not used", (symbols_by(rng, unused, 30), unused), hints=_ZERO)
    never = tensor([0.0, *few.tolist()])
    yield Case("a symbol that was held impossible", (tensor([0, between(rng, 1, 3), 2]), never), weight=0.5, hints=_ZERO)
    yield takes_nothing("no symbols", tensor([], dtype=torch.int64), few, weight=0.5)
    flows = symbols_by(rng, chances, 50), chances
    yield Case(
        "the gradient of the probabilities", flows, close_to(bits_and_gradient), hints=_GRADIENT, probe="with_gradient", hints_on_error=True
    )
    yield refuses("a symbol of -1", (tensor([between(rng, 0, 2), -1]), few), weight=0.5, hints=_RANGE)
    yield refuses("a symbol behind the last", (tensor([3, between(rng, 0, 2)]), few), weight=0.5, hints=_RANGE)
    yield takes_parameter(symbols_by(rng, chances, 20), chances)
    yield keeps_inputs(symbols_by(rng, few, 25), few)
