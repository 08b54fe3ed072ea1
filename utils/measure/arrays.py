"""Inputs in any form as numpy has them."""

from __future__ import annotations

from typing import Any

import numpy as np


def array_of(given: Any) -> np.ndarray:
    """A tensor, an array or lists as an array; bfloat16, which numpy lacks, in float32.

    >>> array_of([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if hasattr(given, "detach"):  # a tensor, which may want a gradient or lie on another device
        given = given.detach().cpu()
        given = given.float() if str(given.dtype) == "torch.bfloat16" else given
    return np.asarray(given)
