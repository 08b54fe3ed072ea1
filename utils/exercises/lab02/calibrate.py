"""calibrate: the range of a grid, by the values that a tensor was seen to hold."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, tensor, zeros

from utils.compress import quantization
from utils.exercises.draws import integers, normal
from utils.exercises.judges import Judge, Verdict, close_to, describe, number
from utils.exercises.kit import Case, Cases, Hints, Mistake, Rng, exercise, keeps_inputs, refuses
from utils.exercises.lab02.oracles import FACTORS, ends, least_error, numbers_of, squared_error

HAIR = 1.005  # how much worse than the best candidate a range may be: sums in float32
_ENDS = ("Which range loses nothing?", "From the smallest to the largest value, two numbers: values.min().item() gives one.")
_ZERO = ("0.0 must have a code, and it lies outside the values.", "Widen at last: low = min(low, 0), high = max(high, 0).")
_SHARE = (
    "What share of the values lies outside, at each end?",
    "0.01 %: the quantiles 0.0001 and 0.9999 (np.percentile takes percents: 0.01 and 99.99).",
)
_LEAST = (
    "Which of the hundred ranges gives the smallest error?",
    "For each: affine_params(low, high, bits, False), quantize (unsigned), dequantize, mean of the squared differences to the values. "
    "Return the range, two numbers.",
)
_WIDEST = (
    "This is the widest range, from the smallest to the largest value.",
    "minmax asks for it. percentile clips 0.01 % at each end. mse tries narrower ranges, down to a hundredth: are the codes unsigned "
    "and of `bits` bits, and is the error the mean of the squares?",
)
_BITS = ("What changes with the number of bits?", "The fewer there are, the more it pays to clip: pass bits on.")
_WHOLE = ("Your range holds 0, but its error is larger.", "Is 1.00 among your factors?")
_BOTH = ("Do both ends move?", "Each candidate is low * factor and high * factor, with one factor for both.")
_FINE = ("How many factors are tried?", "A hundred, in steps of 0.01: the best one may lie between yours.")
_SIGNED = ("How far is the range from 0 on either side?", "As far as the values are: the codes are unsigned, so low and high may differ.")


def _range(
    values: np.ndarray,
    bits: int,
    method: str,
    widen: bool = True,
    share: float = 0.0001,
    factors: Sequence[float] = FACTORS,
    low_too: bool = True,
    error: Callable[..., float] = squared_error,
) -> tuple[float, float]:
    """A right range, if nothing but the first three is given. low_too: whether the factor moves low as well."""

    def widened(low: float, high: float) -> tuple[float, float]:
        return (min(low, 0.0), max(high, 0.0)) if widen else (low, high)

    if method == "percentile":
        return widened(*np.quantile(values.astype(float), [share, 1 - share]).tolist())
    low, high = widened(float(values.min()), float(values.max()))
    candidates = [(low * factor if low_too else low, high * factor) for factor in (factors if method == "mse" else [1.0])]
    return min(candidates, key=lambda one: error(values, *one, bits)) if len(candidates) > 1 else candidates[0]


def _only(method: str, **changed: Any) -> Callable[..., tuple[float, float]]:
    """Something else by this method."""
    return lambda values, bits, asked: _range(values, bits, asked, **(changed if asked == method else {}))


def _largest_error(values: np.ndarray, low: float, high: float, bits: int) -> float:
    return float(np.abs(values - values.clip(low, high)).max() + (high - low) / 2**bits)


def _signed_error(values: np.ndarray, low: float, high: float, bits: int) -> float:
    scale = max(-low, high) / ends(bits, True)[1] or 1.0
    return float(np.mean(((values.astype(float) / scale).round().clip(*ends(bits, True)) * scale - values) ** 2))


def _both_ways(values: np.ndarray, bits: int, method: str) -> tuple[float, float]:
    far = float(np.quantile(np.abs(values.astype(float)), 0.9999))
    return (-far, far) if method == "percentile" else _range(values, bits, method)


MISTAKES = (
    Mistake("does not widen", partial(_range, widen=False), _ZERO),
    Mistake("does not widen the best", _only("mse", widen=False), _ZERO),
    Mistake("does not widen the quantiles", _only("percentile", widen=False), _ZERO),
    Mistake("always the extremes", lambda values, *_: _range(values, 8, "minmax"), _WIDEST),
    Mistake("one percent", _only("percentile", share=0.01), _SHARE),
    Mistake("the quantile of magnitudes", _both_ways, _SIGNED),
    Mistake("always 8 bits", lambda values, bits, method: _range(values, 8, method), _WIDEST),
    Mistake("the least largest error", _only("mse", error=_largest_error), _WIDEST),
    Mistake("signed codes", _only("mse", error=_signed_error), _LEAST),
    Mistake("the narrowest range", _only("mse", factors=[0.01]), _LEAST),
    Mistake("moves high alone", _only("mse", low_too=False), _BOTH),
    Mistake("leaves 1.00 out", _only("mse", factors=FACTORS[1:]), _WHOLE, "mse holds 0"),
    Mistake("tenths", _only("mse", factors=[one / 10 for one in range(10, 0, -1)]), _FINE),
    Mistake("factors above a half", _only("mse", factors=FACTORS[:50]), _FINE),
    Mistake("symmetric", lambda *x: (-max(np.abs(_range(*x))), max(np.abs(_range(*x)))), _SIGNED),
)


def clips_a_ten_thousandth(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (values, bits, "percentile"). Each end lies between the two values that the quantile lies between.

    So every rule of interpolation is right, and counting how many go as well.
    """
    ordered = np.sort(inputs[0].ravel().astype(float))
    at = 0.0001 * (ordered.size - 1)
    inner, outer = int(np.ceil(at)), int(np.floor(at))
    lows, highs = np.minimum(ordered[[outer, inner]], 0), np.maximum(ordered[[-1 - inner, -1 - outer]], 0)
    expected = f"low in {number(lows[0])} to {number(lows[1])}, high in {number(highs[0])} to {number(highs[1])}"
    found = numbers_of(answer)
    if found is None or not np.isfinite(found).all():
        return Verdict(False, expected, describe(answer), "shape")
    right = _lies_in(found[0], lows) and _lies_in(found[1], highs)
    return Verdict(right, expected, f"low {number(found[0])}, high {number(found[1])}")


def _lies_in(value: float, two: np.ndarray) -> bool:
    """With a fiftieth of the gap for a position computed in float32."""
    slack = 0.02 * (two[1] - two[0]) + 1e-6 * np.abs(two).max()
    return bool(two[0] - slack <= value <= two[1] + slack)


def has_least_error(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (values, bits, "mse"). The range holds 0, and its error is at most a hair above that of the best candidate."""
    (values, bits, _), found = inputs, numbers_of(answer)
    best = least_error(values, bits)
    expected = f"a range around 0 with mean squared error {number(best)}"
    if found is None or not np.isfinite(found).all():
        return Verdict(False, expected, describe(answer), "shape")
    error = squared_error(values, *found, bits)
    right = error <= best * HAIR + 1e-12 and found[0] <= 0 <= found[1]
    return Verdict(right, expected, f"{number(found[0])} to {number(found[1])}: error {number(error)}")


def _heavy_tailed(rng: Rng, count: int) -> Tensor:
    """Values of which a few lie far out, as the activations of a network do."""
    return from_numpy(np.clip(rng.standard_t(2.5, size=count), -30, 30).astype(np.float32))


def _leaky(values: Tensor) -> Tensor:
    """Far more above 0 than below: no symmetric range is right."""
    return values.clamp(min=0) + 0.1 * values.clamp(max=0)


@exercise(quantization.calibrate, points=3, difficulty=3, minutes=20, core=False, judge=close_to(_range), mistakes=MISTAKES)
def calibrate(rng: Rng) -> Cases:
    """calibrate(values, bits, method) -> (low, high)."""

    def least(name: str, values: Tensor, bits: int, hints: Hints, weight: float = 1, **more: Any) -> Case:
        more = {"basis": "mse: 4 bits" if name != "mse: 4 bits" else None, **more}
        return Case(name, (values, bits, "mse"), has_least_error, weight, hints, **more)

    def share(name: str, values: Tensor, hints: Hints, judge: Judge = clips_a_ten_thousandth, **more: Any) -> Case:
        return Case(name, (values, 8, "percentile"), judge, hints=hints, **more)

    yield Case("minmax: the extremes", (normal(rng, 20, 30), 8, "minmax"), weight=2, hints=_ENDS)
    yield Case("minmax holds 0", (normal(rng, 200).abs() + 1, 8, "minmax"), hints=_ZERO)
    yield Case("minmax of negative values", (-normal(rng, 200).abs() - 1, 8, "minmax"), hints=_ZERO)
    yield Case("minmax of one value", (tensor([round(float(rng.uniform(1, 3)), 2)]), 8, "minmax"), hints=_ZERO)
    outliers = _leaky(normal(rng, 23 * 1087))
    outliers[rng.permutation(outliers.numel())[:2]] = tensor([40.0, -50.0])
    within, far = "percentile: without the outermost values", outliers.abs() + 1
    yield share(within, outliers.view(23, 1087), _SHARE, weight=2)
    yield share("percentile holds 0", far, _ZERO, basis=within)
    yield share("percentile of negative values", -far, _ZERO, basis=within)
    yield least("mse: 4 bits", _leaky(_heavy_tailed(rng, 1500)), 4, _LEAST, weight=2)
    yield least("mse: 2 bits", _leaky(normal(rng, 1500)), 2, _BITS)
    relu = ("These values are never negative.", "The range is 0 to high * factor, and the codes are unsigned.")
    yield least("mse of what a ReLU gives", _heavy_tailed(rng, 1500).clamp(min=0), 3, relu)
    # a level for one factor alone, below a half, no multiple of 0.05
    spike = 0.01 * (5 * int(integers(rng, 4, 8)) + int(integers(rng, 2, 3))) / 3
    values = 10 * spike * (1 + 1e-4 * normal(rng, 3000))
    values[int(integers(rng, 0, 2999))] = 10
    yield least("mse: one factor fits", values, 2, _FINE)
    sparse = normal(rng, 1500) ** 3  # so few lie far out that the best factor is small
    yield least("mse of values on both sides", sparse, 4, _BOTH)
    above = from_numpy(rng.uniform(2.5, 3.0, size=1500).astype(np.float32))  # so near their end that nothing should be clipped
    yield least("mse holds 0", above, 8, _ZERO)
    empty = ("All values are 0.", "A range of width 0 is a range: divide by no width.")
    yield least("mse of zeros", zeros(int(integers(rng, 20, 90))), 8, empty, hints_on_error=True)
    yield refuses("another method", (normal(rng, 50), 8, "entropy"))
    yield keeps_inputs(normal(rng, 300), 8, "minmax")
