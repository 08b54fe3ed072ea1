"""Lab 02's judges: dtypes where they matter, and what a range and a gradient must satisfy.

None of them calls `utils.compress`: an error there would be judged right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Oracle, Verdict, describe, difference, number
from utils.exercises.lab02.oracles import least_error, params, squared_error

HAIR = 1.02  # how much worse than the best candidate a range may be: sums in float32, or finer candidates


def part(key: str, judge: Judge) -> Judge:
    """For the probe `forward_and_backward`: `judge` accepts this part of the answer."""

    def of_part(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        if type(answer) is not dict or key not in answer:
            return Verdict(False, f"a tensor as {key}", describe(answer))
        if answer[key] is None:
            return Verdict(False, f"a tensor as {key}", f"no {key} at all (is the return missing?)", "none")
        return judge(answer[key], inputs)

    return of_part


def scale_wants_nothing(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `with_a_trained_scale`: the scale has no gradient, or one of zeros, which moves nothing."""
    expected = "no gradient for the scale"
    if type(answer) is not dict or answer.get("gradient") is None:
        return Verdict(False, expected, "no gradient for x either", "none")
    given = answer.get("scale")
    if given is None or (type(given) is np.ndarray and not given.any()):
        return Verdict(True, expected, expected)
    return Verdict(False, expected, f"a gradient for it: {describe(given)}")


def both_gradients(oracle: Oracle) -> Judge:
    """For the probe `two_calls`: each call has its own gradient."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        x, *others = inputs
        expected = {"first": oracle(x, *others), "second": oracle(x[::-1], *others)}
        fault = difference(answer, expected, 1e-4, 1e-6)
        return Verdict(fault is None, "each call's own gradient", fault or "each call's own gradient")

    return judge


def scale_and_zero_point(mistakes: Mapping[str, Callable[..., tuple[float, int]]]) -> Judge:
    """inputs: (low, high, bits, symmetric). Two numbers, plain or 0-d; the zero point is whole, whatever its dtype."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        scale, zero_point = params(*inputs)
        expected = f"scale {_exactly(scale)}, zero point {zero_point}"
        if type(answer) not in (list, tuple) or len(answer) != 2 or not all(_is_real(one) for one in answer):
            return Verdict(False, expected, describe(answer), "shape")
        if _is_pair(answer, (scale, zero_point)):
            return Verdict(True, expected, expected)
        about = (name for name, made in mistakes.items() if _is_pair(answer, made(*inputs)))
        return Verdict(False, expected, f"scale {_exactly(answer[0])}, zero point {_exactly(answer[1])}", next(about, ""))

    return judge


def _is_real(value: Any) -> bool:
    return type(value) in (int, float) or (type(value) is np.ndarray and value.ndim == 0 and value.dtype.kind in "iuf")


def _is_pair(answer: Any, wanted: tuple[float, int]) -> bool:
    return bool(np.isclose(float(answer[0]), wanted[0], rtol=1e-5, atol=0) and float(answer[1]) == wanted[1])


def _exactly(value: Any) -> str:
    return f"{float(value):.6g}"


def _as_range(answer: Any) -> tuple[float, float] | None:
    """The two ends, if the answer is two numbers that are finite."""
    if type(answer) not in (list, tuple) or len(answer) != 2 or not all(_is_real(one) for one in answer):
        return None
    low, high = (float(one) for one in answer)
    return (low, high) if np.isfinite([low, high]).all() else None


def _range_fault(answer: Any, expected: str) -> tuple[tuple[float, float], Verdict | None]:
    """The range, and what is wrong with it before anybody looks at the values."""
    found = _as_range(answer)
    if found is None:
        return (0.0, 0.0), Verdict(False, expected, describe(answer), "shape")
    if not found[0] <= 0 <= found[1]:
        return found, Verdict(False, expected, f"{number(found[0])} to {number(found[1])}, without 0", "zero")
    return found, None


def cuts_off_a_ten_thousandth(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (values, bits, "percentile"). Each end lies between the two values that the quantile lies between.

    So every rule of interpolation is right, and counting how many go as well.
    """
    ordered = np.sort(inputs[0].ravel().astype(float))
    at = 0.0001 * (ordered.size - 1)
    inner, outer = int(np.ceil(at)), int(np.floor(at))
    lows, highs = ordered[[outer, inner]], ordered[[-1 - inner, -1 - outer]]
    lows, highs = np.minimum(lows, 0), np.maximum(highs, 0)
    expected = f"low in {number(lows[0])} to {number(lows[1])}, high in {number(highs[0])} to {number(highs[1])}"
    (low, high), fault = _range_fault(answer, expected)
    if fault is not None:
        return fault
    inside = _lies_between(low, lows) and _lies_between(high, highs)
    about = "minmax" if np.allclose([low, high], [min(ordered[0], 0), max(ordered[-1], 0)]) else ""
    return Verdict(inside, expected, f"low {number(low)}, high {number(high)}", about)


def _lies_between(value: float, two: np.ndarray) -> bool:
    """With a fiftieth of the gap for a position computed in float32."""
    slack = 0.02 * (two[1] - two[0]) + 1e-6 * np.abs(two).max()
    return bool(two[0] - slack <= value <= two[1] + slack)


def has_least_error(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (values, bits, "mse"). The error of the range is at most a hair above that of the best candidate."""
    tensor, bits, _ = inputs
    best = least_error(tensor, bits)
    expected = f"a range with mean squared error {number(best)}"
    (low, high), fault = _range_fault(answer, expected)
    if fault is not None:
        return fault
    error = squared_error(tensor, low, high, bits)
    about = "minmax" if np.allclose([low, high], [min(tensor.min(), 0), max(tensor.max(), 0)]) else ""
    return Verdict(error <= best * HAIR + 1e-12, expected, f"{number(low)} to {number(high)}: error {number(error)}", about)
