"""Steps between two neighboring values of a rounded weight: powers of 2^(1/8), so that one small integer names a step.

The eight roots are integers, and scaling by a power of two is exact: an exponent gives the same float32 on every computer.
"""

from __future__ import annotations

import numpy as np

PER_OCTAVE = 8
MIN_EXPONENT, MAX_EXPONENT = -512, 511  # of 2^(1/8): steps from 5e-20 to 2e19
# round(2^(i / 8) * 2^23): the float32 nearest to each root
_ROOTS = np.array([8388608, 9147842, 9975792, 10878679, 11863283, 12937002, 14107901, 15384775], dtype=np.int64)


def step_of(exponents: np.ndarray | int) -> np.ndarray:
    """2^(exponent / 8) as float32, of the shape of the exponents (any integers in -512..511).

    >>> step_of([-8, 0, 4]).tolist()
    [0.5, 1.0, 1.4142135381698608]

    Raises:
        ValueError: an exponent out of bounds.
    """
    exponents = np.asarray(exponents, dtype=np.int64)
    if exponents.size and not MIN_EXPONENT <= exponents.min() <= exponents.max() <= MAX_EXPONENT:
        raise ValueError(f"the exponent of a step must lie in {MIN_EXPONENT}..{MAX_EXPONENT}, got {exponents.min()}..{exponents.max()}")
    octave, root = np.divmod(exponents, PER_OCTAVE)
    return np.ldexp(_ROOTS[root].astype(np.float32), (octave - 23).astype(np.int32))


def exponent_of(steps: np.ndarray) -> np.ndarray:
    """The exponents whose `step_of` is nearest to positive steps, within the bounds.

    >>> exponent_of(np.array([0.5, 1.4])).tolist()
    [-8, 4]
    """
    found = np.round(np.log2(np.asarray(steps, dtype=np.float64)) * PER_OCTAVE)
    return np.clip(found, MIN_EXPONENT, MAX_EXPONENT).astype(np.int64)
