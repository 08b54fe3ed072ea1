"""largest_difference: how far two results are from each other at the worst place."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, from_numpy, inf, nan, tensor, uint8, zeros

from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses

_APART = ("Write the two lists side by side: where are they farthest apart?", "The magnitude of the difference, then the largest of all.")
_SIGN = ("Which of the two is larger?", "Either may be: take the magnitude of the difference.")
_MEAN = ("Do many small differences hide a large one?", "In a mean they do: take the largest.")
_WRAP = ("What is 3 - 250 in uint8?", "9: leave the small dtype before you subtract, with double().")
_NAN = (
    "Is NaN larger than a tolerance?",
    "No comparison with NaN is true, so a check would pass: return float('inf') if there is a NaN on either side, or on both.",
)
_INFINITE = ("What is infinity minus infinity?", "NaN, though the two are equal: look for equal values first.")
_OPPOSITE = ("How far is infinity from minus infinity?", "Infinitely far: only equal values do not differ.")
_EMPTY = ("What is the largest of nothing?", "torch raises: return 0.0 where there are no numbers.")
_MILLIONTH = ("Is a difference of a millionth none?", "It is the rounding that this function is to show: no tolerance, no allclose.")
_BROADCAST = ("What does (6, 10) minus (10,) give?", "Torch repeats the row: compare the shapes and raise ValueError.")
_TURNED = ("Is (1, 10) the shape (10,)?", "No: an axis was lost. Compare the shapes and raise ValueError.")
_NONE = ("Are two shapes equal because one holds no number?", "No: compare the shapes first, before you look for an empty tensor.")


def farthest(expected: np.ndarray, found: np.ndarray) -> float:
    """The oracle, pair by pair in Python's numbers."""
    worst = 0.0
    for a, b in zip(expected.ravel().tolist(), found.ravel().tolist(), strict=True):
        if a != a or b != b:
            return math.inf
        worst = max(worst, 0.0 if a == b else float(abs(a - b)))
    return worst


def _apart(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Pair by pair, with a sign; equal infinities give NaN."""
    return np.asarray(expected.astype(float) - found.astype(float))


def _of_all(measure: Callable[[np.ndarray], float]) -> Callable[..., float]:
    """A measure of the differences, where NaN is far and equal numbers are not."""

    def made(expected: np.ndarray, found: np.ndarray) -> float:
        apart = np.where(expected == found, 0.0, _apart(expected, found))
        return math.inf if np.isnan(apart).any() else float(measure(apart)) if apart.size else 0.0

    return made


def _without(left_out: Callable[[np.ndarray], np.ndarray], of: Callable[..., Any] = np.logical_and) -> Callable[..., float]:
    """Pairs are left out where this holds of both numbers, or of one."""

    def made(expected: np.ndarray, found: np.ndarray) -> float:
        kept = ~of(left_out(expected.astype(float)), left_out(found.astype(float)))
        return farthest(expected[kept], found[kept])

    return made


def _largest(apart: Any) -> float:
    return float(np.abs(apart).max(initial=0))


JUDGE = close_to(farthest, rtol=1e-5, atol=0)
STEPS = (
    "Compare the shapes; convert both to double; where they are equal the difference is 0, else the magnitude of the difference; "
    "replace NaN by infinity; the largest, or 0.0 if there is no number."
)
MISTAKES = (
    Mistake("yes or no", lambda a, b: bool(np.allclose(a.astype(float), b.astype(float))), _APART),
    Mistake("close is equal", lambda a, b: 0.0 if a.size and np.allclose(a.astype(float), b.astype(float)) else farthest(a, b), _MILLIONTH),
    Mistake("with its sign", _of_all(np.max), _SIGN),
    Mistake("the mean", _of_all(lambda apart: float(np.mean(np.abs(apart)))), _MEAN),
    Mistake("gives NaN", lambda a, b: math.nan if farthest(a, b) == math.inf and np.isnan(_apart(a, b)).any() else farthest(a, b), _NAN),
    Mistake("in small dtypes", lambda a, b: _largest(np.where(a == b, a[:0].sum(), a - b)), _WRAP),
    Mistake("skips NaN", _without(np.isnan, np.logical_or), _NAN),
    Mistake("NaN equals NaN", _without(np.isnan), _NAN, "NaN on both sides"),
    Mistake("inf - inf", lambda a, b: _largest(np.nan_to_num(np.abs(_apart(a, b)), nan=np.inf, posinf=np.inf)), _INFINITE),
    Mistake("all infinities are equal", _without(np.isinf), _OPPOSITE, "opposite infinities"),
    Mistake("cleans first", lambda a, b: _largest(_apart(np.nan_to_num(a.astype("f4")), np.nan_to_num(b.astype("f4")))), _NAN),
)


def numpy_difference(expected: Tensor, found: Tensor) -> float:
    """`largest_difference` by numpy."""
    if expected.shape != found.shape:
        raise ValueError(f"shapes differ: {tuple(expected.shape)} and {tuple(found.shape)}")
    a, b = expected.detach().double().numpy(), found.detach().double().numpy()
    with np.errstate(invalid="ignore"):
        apart = np.where(a == b, 0.0, np.abs(a - b))
    return float(np.nan_to_num(apart, nan=np.inf, posinf=np.inf).max(initial=0.0))


@exercise(numpy_difference, points=2, difficulty=2, core=False, judge=JUDGE, mistakes=MISTAKES, rtol=1e-5, steps=STEPS)
def largest_difference(rng: Rng) -> Cases:
    """largest_difference(expected, found) -> float."""

    def at(values: Tensor, *put: float) -> Tensor:
        """A copy with these in it, in different places."""
        copied = values.clone()
        copied.view(-1)[from_numpy(rng.permutation(values.numel())[: len(put)])] = tensor(put, dtype=values.dtype)
        return copied

    expected = normal(rng, 6, 10)
    found = at(expected + 0.001 * normal(rng, 6, 10), 9.5 + float(rng.uniform(0, 3)))
    yield Case("logits", (expected, found), weight=2, hints=_APART)
    yield Case("the same", (expected, expected.clone()), hints=_APART)
    yield Case("far below", (found - 9, expected - 2), hints=_APART)
    near = normal(rng, 4, 6).abs() + 1
    nudge = tensor(rng.permutation(np.eye(24)[0]).astype("f4")).view(4, 6) * float(rng.uniform(0.8e-6, 1.6e-6))
    yield Case("a difference of a millionth", (near, near + nudge), hints=_MILLIONTH)
    codes = from_numpy(rng.integers(20, 200, (5, 8), dtype=np.uint8))
    yield Case("codes of uint8", (at(codes, 3), at(codes, 250)), hints=_WRAP, hints_on_error=True)
    signed = from_numpy(rng.integers(-50, 50, (5, 8))).to(torch.int8)
    yield Case("codes of int8", (at(signed, -128), at(signed, 127)), hints=_WRAP, hints_on_error=True)
    yield Case("NaN in the found result", (expected, at(found, nan)), hints=_NAN, hints_on_error=True)
    yield Case("NaN in the expected result", (at(found, nan), expected), hints=_NAN, hints_on_error=True)
    both = at(expected, nan)
    yield Case("NaN on both sides", (both, both + 0.25), hints=_NAN)
    masked = at(normal(rng, 4, 6), -inf, inf)
    yield Case("equal infinities", (masked, masked + tensor([0, 0, 0, 0, 0, 0.5])), hints=_INFINITE)
    yield Case("an infinity on one side", (normal(rng, 4, 6), masked), hints=_APART)
    yield Case("opposite infinities", (masked, -masked), hints=_OPPOSITE)
    width = int(rng.integers(3, 12))
    yield Case("nothing to compare", (zeros(0, width), zeros(0, width)), hints=_EMPTY, hints_on_error=True)
    yield refuses("other shapes", (expected, normal(rng, 10)), hints=_BROADCAST)
    yield refuses("a missing axis", (expected[:1], expected[0]), hints=_TURNED)
    yield refuses("an empty tensor and another", (expected, zeros(0, 10)), hints=_NONE)
    yield refuses("two empty tensors of other shapes", (zeros(0, 10, dtype=uint8), zeros(10, 0, dtype=uint8)), hints=_NONE)
    yield keeps_inputs(expected, expected + normal(rng, 6, 10).abs(), name="leaves both as they were")
