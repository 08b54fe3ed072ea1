"""The bound of every code that gives each symbol bits of its own (Shannon, 1948)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def entropy_bits(symbols: Sequence[int] | np.ndarray) -> float:
    """Bits that the symbols take at least, together, if each costs -log2 of its own frequency; the table is not counted.

    symbols: integers, any shape.

    >>> entropy_bits([0, 0, 1, 1]), entropy_bits([5, 5, 5])
    (4.0, 0.0)
    """
    counts = np.unique(np.asarray(symbols), return_counts=True)[1]
    return float(-(counts * np.log2(counts / counts.sum())).sum()) + 0.0
