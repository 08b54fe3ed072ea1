"""The probability of a decision from several contexts, learned while coding: no table has to be stored.

Each context counts what it has seen. Their opinions are added on a logistic scale with weights that are trained by gradient
descent on the code length (Mahoney, "Adaptive Weighing of Context Models for Lossless Data Compression", 2005). All of it
is integer arithmetic with tables that `decimal` computes exactly, so an encoder and a decoder agree on every computer.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from functools import cache
from operator import getitem, mul
from typing import Protocol

UNIT = 256  # a logit of 1
LIMIT = 2047  # logits are kept within 8
COUNTED = 255  # a context forgets what lies further back; all ones, since it is also a mask
RATE = 6  # of the weights of the mixture
FIRST_GUESS = 2  # observations for which a new context takes an even chance, and what it has just seen


class Coder(Protocol):
    """Writes or reads decisions: a `RangeEncoder` or a `RangeDecoder`."""

    def code(self, bit: int | None, probability: int) -> int:
        """Write or read a decision of this probability (of 1, times 65536); return it."""
        ...


@cache
def squash_table() -> tuple[int, ...]:
    """65536 / (1 + exp(-logit)) for the logits -2047/256 .. 2047/256, to the nearest integer."""
    exact = Context(prec=20)
    return tuple(
        int((Decimal(65536) / (1 + exact.exp(Decimal(-at) / UNIT))).to_integral_value(context=exact)) for at in range(-LIMIT, LIMIT + 1)
    )


@cache
def stretch_table() -> tuple[int, ...]:
    """The logit of a probability, its inverse: for each of 4096 probabilities."""
    table, filled = [], 0
    for logit, probability in zip(range(-LIMIT, LIMIT + 1), squash_table(), strict=True):
        count = (probability >> 4) + 1 - filled
        table += [logit] * count
        filled += max(count, 0)
    return tuple(table + [LIMIT] * (4096 - filled))


class MixedBit:
    """The probability of one kind of decision. sizes: how many values each of its contexts can have.

    >>> from utils.compress.coding.range_coder import RangeEncoder
    >>> encoder, seldom = RangeEncoder(), MixedBit(1, 2)
    >>> for at in range(400):
    ...     _ = seldom.code(encoder, int(at % 100 == 0), (0, at % 2))
    >>> len(encoder.finish())  # 400 decisions
    5
    """

    def __init__(self, *sizes: int) -> None:
        # a probability of 16 bits, then 8 bits that count how often the context was seen: one lookup for both
        self._tables = [[32768 << 8] * size for size in sizes]
        self._weights = [(65536 * 3 // 2) // len(sizes)] * len(sizes)
        self._squash, self._stretch = squash_table(), stretch_table()

    def code(self, coder: Coder, bit: int | None, contexts: Sequence[int]) -> int:
        """Write the decision `bit` or read one; learn from it. contexts: the value of each."""
        tables, stretch = self._tables, self._stretch
        states = list(map(getitem, tables, contexts))
        logits = [stretch[state >> 12] for state in states]
        mixed = sum(map(mul, self._weights, logits)) >> 16
        mixed = LIMIT if mixed > LIMIT else -LIMIT if mixed < -LIMIT else mixed
        probability = self._squash[mixed + LIMIT]
        bit = coder.code(bit, probability)
        target, error = (65535, (65536 - probability >> 4) * RATE) if bit else (0, (-probability >> 4) * RATE)
        self._weights = [weight + (logit * error + 0x8000 >> 16) for weight, logit in zip(self._weights, logits, strict=True)]
        for table, at, state in zip(tables, contexts, states, strict=True):
            seen, probability = state & COUNTED, state >> 8
            probability += (target - probability) // (seen + FIRST_GUESS)
            table[at] = probability << 8 | (seen + 1 if seen < COUNTED else seen)
        return bit
