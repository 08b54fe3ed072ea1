"""Judges of gradients, for the probes that bring them; and the hints that losses share. Plain values and arrays only."""

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.exercises.kit import Hints, Judge, Verdict, describe, difference

FLOW: dict[str, Hints] = {
    "flow": (
        "Training follows the gradient from the loss back to the student: what stops it?",
        "Return the tensor itself: item(), float(), numpy() and torch.no_grad() forget how it was computed.",
    )
}
DETACH: Hints = (
    "Which network is trained here, and which stays as it is?",
    "The teacher's tensor may require a gradient: take teacher.detach() and compute with that.",
)


def sends(to: str, gradient: Callable[..., np.ndarray]) -> Judge:
    """The gradient that arrives at `to` is `gradient(*inputs)`.

    Verdicts are about "flow" where the loss sends no gradient, or none to this tensor.
    """

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        wanted = gradient(*inputs)
        got = answer.get(to) if type(answer) is dict else None
        if type(got) is not np.ndarray:
            return Verdict(False, f"gradient of {describe(wanted)}", f"no gradient arrives: {_why(answer)}", "flow")
        fault = difference(got, wanted, rtol=2e-3, atol=1e-5)
        return Verdict(fault is None, f"gradient of {describe(wanted)}", fault or describe(got))

    return judge


def sends_the_teacher_nothing(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """The loss sends gradients, and none of them, or zeros, to the teacher's tensor."""
    expected = "a loss with a gradient, none of it for the teacher"
    if type(answer) is not dict or answer.get("flows") is not True:
        return Verdict(False, expected, f"no gradient at all: {_why(answer)}", "flow")
    got = answer.get("teacher")
    if got is None or (type(got) is np.ndarray and not got.any()):
        return Verdict(True, expected, expected)
    return Verdict(False, expected, f"the teacher gets a gradient of {describe(got)}")


def sends_finite(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """The gradient that arrives at the student is finite everywhere."""
    expected = "a gradient without NaN or infinity"
    got = answer.get("student") if type(answer) is dict else None
    if type(got) is not np.ndarray or got.shape != inputs[0].shape:
        return Verdict(False, expected, f"no gradient arrives: {_why(answer)}", "flow")
    odd = int((~np.isfinite(got)).sum())
    return Verdict(not odd, expected, f"{odd} of {got.size} values are NaN or infinite" if odd else describe(got))


def _why(answer: Any) -> str:
    if type(answer) is dict and answer.get("flows") is True:
        return "this tensor was detached"
    return "the answer is not a tensor of one number that remembers how it was computed"
