"""Judges of dtypes, where they matter: of the answer, and on the way to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Verdict, describe


def of_dtype(judge: Judge, expected: str, *dtypes: str) -> Judge:
    """The answer is an array of one of these kinds ("i", "u") or dtypes ("f4" is float32), and `judge` accepts it."""

    def typed(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        if type(answer) is np.ndarray and not {answer.dtype.kind, answer.dtype.str[1:]} & set(dtypes):
            return Verdict(False, expected, f"a tensor of {answer.dtype}", "dtype")
        return judge(answer, inputs)

    return typed


def integer(judge: Judge) -> Judge:
    """As `judge`, of an int or an array of integers: a float can't represent all large ones, and compares equal to its neighbors."""

    def both(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        verdict = judge(answer, inputs)
        exact = type(answer) is int or (isinstance(answer, np.ndarray) and answer.dtype.kind in "iu")
        return verdict if exact or not verdict.passed else Verdict(False, verdict.expected, "a float of that value", "float")

    return both


def no_floats(judge: Judge) -> Judge:
    """For the probe `without_floats`: no operation gave floating point, none was done out of sight, and `judge` accepts the answer.

    Code can rewrite what the probe sees, so its case has inputs that floats get wrong: `judge` does not depend on the probe.
    """

    def whole(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        expected = "torch's integers all the way"
        if type(answer) is not dict or set(answer) != {"answer", "floats", "left"} or type(answer["floats"]) is not list:
            return Verdict(False, expected, describe(answer))
        if answer["floats"]:
            return Verdict(False, expected, f"floating point on the way ({describe(answer['floats'][0])[1:-1]})", "float")
        if answer["left"]:
            return Verdict(False, expected, "a part of the way in numpy, which the check does not see", "numpy")
        return judge(answer["answer"], inputs)

    return whole
