"""Inputs in any form as numpy has them."""

from __future__ import annotations

from typing import Any

import numpy as np


def array_of(given: Any, what: str = "inputs") -> np.ndarray:
    """A tensor, an array or lists of numbers as an array; bfloat16, which numpy lacks, in float32. what: its name in an error.

    Raises:
        ValueError: a tuple of inputs and labels, a loader of batches, or anything else that is not one array.

    >>> array_of([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if hasattr(given, "detach"):  # a tensor, which may want a gradient or lie on another device
        given = given.detach().cpu()
        given = given.float() if str(given.dtype) == "torch.bfloat16" else given
    elif isinstance(given, list | tuple):
        shapes = {tuple(part.shape) for part in given if hasattr(part, "shape")}
        if len(shapes) > 1 or (isinstance(given, tuple) and any(map(len, shapes))):
            raise ValueError(f"{what} takes the inputs alone, got a {type(given).__name__}, as of inputs and labels: give the first of it")
    elif not hasattr(given, "__array__") and not isinstance(given, int | float):
        raise ValueError(f"{what} must be a tensor or an array, not a {type(given).__name__}: put batches together with torch.cat")
    try:
        return np.asarray(given)
    except (TypeError, ValueError) as error:  # rows of different lengths, or no numbers at all
        raise ValueError(f"{what} must be one tensor or array, got a {type(given).__name__} of unequal parts: give one of them") from error
