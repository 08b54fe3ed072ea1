"""Lab 00's judges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Verdict


def three_numbers(judge: Judge) -> Judge:
    """As `judge`; where tensors of several values came in place of numbers, the verdict is about "tensors"."""

    def both(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = judge(answer, inputs)
        parts = answer if type(answer) in (list, tuple) else ()
        several = any(isinstance(part, np.ndarray) and part.ndim for part in parts)
        return replace(verdict, about="tensors") if several and not verdict.passed else verdict

    return both


def whole(judge: Judge) -> Judge:
    """As `judge`, of whole numbers only: a float can't hold all large ones, and compares equal to what it can't hold."""

    def both(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = judge(answer, inputs)
        is_whole = type(answer) is int or (isinstance(answer, np.ndarray) and answer.dtype.kind in "iu")
        return verdict if is_whole or not verdict.passed else Verdict(False, verdict.expected, "a float, which has no room for it")

    return both
