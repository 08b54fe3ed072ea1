"""Where the weights that are not zero are: the distance of each from the one before (Han et al., 2016)."""

from __future__ import annotations

import numpy as np

from utils.compress.coding.range_coder import DecodingError


def relative_indices(mask: np.ndarray, bits: int) -> np.ndarray:
    """For each True the number of Falses before it since the last True, in symbols of so many bits.

    mask: any shape, bool. The largest symbol, 2^bits - 1, says "so many Falses, and go on": it has no True of its own.

    >>> relative_indices(np.array([0, 1, 1, 0, 0, 0, 0, 1], dtype=bool), 2).tolist()
    [1, 0, 3, 1]

    Raises:
        ValueError: bits outside 1..16.
    """
    if not 1 <= bits <= 16:
        raise ValueError(f"an index has 1 to 16 bits, got {bits}")
    most = (1 << bits) - 1
    at = np.flatnonzero(mask)
    gaps = np.diff(at, prepend=-1) - 1
    skips = gaps // most
    symbols = np.full(len(at) + int(skips.sum()), most, dtype=np.int64)
    symbols[np.cumsum(skips + 1) - 1] = gaps % most
    return symbols


def positions(symbols: np.ndarray, bits: int, size: int) -> np.ndarray:
    """The inverse of `relative_indices`: where in a flat array of this size the Trues are, ascending.

    >>> positions(np.array([1, 0, 3, 1]), 2, 8).tolist()
    [1, 2, 7]

    Raises:
        DecodingError: a position behind the end of the array, or a skip that leads nowhere.
    """
    most = (1 << bits) - 1
    ends = symbols != most
    found = (np.cumsum(symbols + ends) - 1)[ends]
    if (len(symbols) and not ends[-1]) or (len(found) and found[-1] >= size):
        raise DecodingError("an index lies behind the end of its weight")
    return found
