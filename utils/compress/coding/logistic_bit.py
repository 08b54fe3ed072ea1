"""The probability of a decision from several contexts, learned while coding: no table has to be stored.

Each context has an offset; their sum is the logit of the probability, and all learn from the error, as a logistic regression
does by gradient descent on the code length (Mahoney, "Adaptive Weighing of Context Models for Lossless Data Compression",
2005, mixes probabilities in this way). All of it is integer arithmetic with tables that `decimal` computes exactly, so an
encoder and a decoder agree on every computer.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from functools import cache
from typing import Protocol

UNIT = 256  # a logit of 1; offsets are 256 times finer
LIMIT = 2047  # logits are kept within 8
RATE = 4  # how slowly offsets learn: bits that an error is shifted by


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


class LogisticBit:
    """The probability of one kind of decision. sizes: how many values each of its three contexts can have.

    >>> from utils.compress.coding.range_coder import RangeEncoder
    >>> encoder, seldom = RangeEncoder(), LogisticBit(1, 2, 1)
    >>> for at in range(400):
    ...     _ = seldom.code(encoder, int(at % 100 == 0), (0, at % 2, 0))
    >>> len(encoder.finish())  # 400 decisions
    8
    """

    def __init__(self, first: int, second: int, third: int) -> None:
        self._offsets = [0] * first, [0] * second, [0] * third
        self._squash = squash_table()

    def code(self, coder: Coder, bit: int | None, contexts: Sequence[int]) -> int:
        """Write the decision `bit` or read one; learn from it. contexts: the value of each."""
        (one, two, three), (first, second, third) = self._offsets, contexts
        logit = one[first] + two[second] + three[third] >> 8
        probability = self._squash[LIMIT + (LIMIT if logit > LIMIT else -LIMIT if logit < -LIMIT else logit)]
        bit = coder.code(bit, probability)
        change = (65536 - probability if bit else -probability) >> RATE
        one[first] += change
        two[second] += change
        three[third] += change
        return bit
