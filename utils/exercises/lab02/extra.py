"""Lab 02's extra exercises: a better range, integers between two layers, values that need no grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, full, int32, tensor, zeros

from utils.compress import quantization
from utils.exercises.declare import Case
from utils.exercises.dtypes import of_dtype
from utils.exercises.judges import close_to, equal_to, raises, recognising
from utils.exercises.lab02 import oracles
from utils.exercises.lab02.codebooks import codebook
from utils.exercises.lab02.codes import CHANGED, ERROR, PARAMETER
from utils.exercises.lab02.draws import normal, whole
from utils.exercises.lab02.fake import lab
from utils.exercises.lab02.judges import cuts_off_a_ten_thousandth, has_least_error
from utils.exercises.standins import package


def _extremes(values: np.ndarray, bits: int, method: str) -> tuple[float, float]:
    """What "minmax" gives."""
    return min(float(values.min()), 0.0), max(float(values.max()), 0.0)


def _heavy_tailed(rng: np.random.Generator, *shape: int) -> Tensor:
    """Values of which a few lie far out, as the activations of a network do."""
    return from_numpy(np.clip(rng.standard_t(2.5, size=shape), -30, 30).astype(np.float32))


def _leaky(values: Tensor) -> Tensor:
    """Far more above 0 than below: no symmetric range is right."""
    return values.clamp(min=0) + 0.1 * values.clamp(max=0)


@lab.exercise(points=3, difficulty=3, minutes=20, core=False, stand_in=package(quantization.calibrate))
def calibrate(rng: np.random.Generator) -> Iterator[Case]:
    """calibrate(values, bits, method) -> (low, high)."""
    minmax = recognising(close_to(_extremes), {"bare": lambda values, *_: (values.min(), values.max())})
    ends = ("Which range loses nothing?", "From the smallest to the largest value, two numbers: values.min().item() gives one.")
    yield Case("minmax: the extremes", (normal(rng, 20, 30), 8, "minmax"), minmax, 2, ends)
    zero = ("0.0 must have a code, and it lies outside the values.", "Widen at last: low = min(low, 0), high = max(high, 0).")
    special = {"zero": zero, "bare": zero}
    yield Case("minmax holds 0", (normal(rng, 200).abs() + 1, 8, "minmax"), minmax, hints=zero, hints_for=special)
    yield Case("minmax of negative values", (-normal(rng, 200).abs() - 1, 8, "minmax"), minmax, hints=zero, hints_for=special)
    yield Case("minmax of one value", (tensor([round(float(rng.uniform(1, 3)), 2)]), 8, "minmax"), minmax, hints=zero, hints_for=special)
    judge, outliers = cuts_off_a_ten_thousandth, _leaky(normal(rng, 23 * 1087))
    outliers[rng.permutation(outliers.numel())[:2]] = tensor([40.0, -50.0])
    share = ("What share of the values lies outside, at each end?", "0.01 %: the quantiles 0.0001 and 0.9999, not 0.01 and 0.99.")
    cut = special | {"minmax": ("The two outliers are still inside.", share[1])}
    within = "percentile: without the outermost values"
    yield Case(within, (outliers.view(23, 1087), 8, "percentile"), judge, 2, share, hints_for=cut)
    far = outliers.abs() + 1
    yield Case("percentile holds 0", (far, 8, "percentile"), judge, hints=zero, hints_for=cut, basis=within)
    yield Case("percentile of negative values", (-far, 8, "percentile"), judge, hints=zero, hints_for=cut, basis=within)
    least = (
        "Which of the hundred ranges gives the smallest error?",
        "For each: affine_params, quantize (unsigned), dequantize, mean of the squared differences to the values themselves.",
    )
    widest = special | {"minmax": ("This is the widest candidate. Is its error the smallest?", least[1])}
    best = "mse: 4 bits"
    yield Case(best, (_leaky(_heavy_tailed(rng, 30, 50)), 4, "mse"), has_least_error, 2, least, hints_for=widest)
    bits = ("What changes with the number of bits?", "The fewer there are, the more it pays to cut off: pass bits on.")
    yield Case("mse: 2 bits", (_leaky(normal(rng, 1500)), 2, "mse"), has_least_error, hints=bits, hints_for=widest, basis=best)
    relu = ("These values are never negative.", "The range is 0 to high * factor, and the codes are unsigned.")
    positive = _heavy_tailed(rng, 1500).clamp(min=0), 3, "mse"
    yield Case("mse of what a ReLU gives", positive, has_least_error, hints=relu, hints_for=widest, basis=best)
    above = from_numpy(rng.uniform(2.5, 3.0, size=1500).astype(np.float32)), 8, "mse"  # so near their end that nothing should be cut off
    yield Case("mse holds 0", above, has_least_error, hints=zero, hints_for=widest, basis=best)
    empty = ("All values are 0.", "A range of width 0 is a range: divide by no width.")
    constant = zeros(50), 8, "mse"
    yield Case("mse of zeros", constant, has_least_error, hints=empty, hints_for={"error": empty}, basis=best)
    yield Case("refuses another method", (normal(rng, 50), 8, "entropy"), raises("ValueError"), hints=ERROR, about="refusal")
    yield Case("leaves the values as they were", (normal(rng, 300), 8, "minmax"), minmax, hints_for=CHANGED, about="inputs")


def _acc(*numbers: int) -> Tensor:
    return tensor(numbers, dtype=int32)


@lab.exercise(points=2, difficulty=3, minutes=10, core=False, stand_in=package(quantization.requantize))
def requantize(rng: np.random.Generator) -> Iterator[Case]:
    """requantize(acc, multiplier, shift, zero_point) -> uint8 tensor of acc's shape."""
    judge = recognising(
        equal_to(oracles.rescaled),
        {
            "floor": lambda acc, multiplier, shift, zero_point: (acc.astype(np.int64) * multiplier >> shift) + zero_point,
            "ends": lambda acc, multiplier, shift, zero_point: (
                ((acc.astype(np.int64) * multiplier + (1 << (shift - 1))) >> shift) + zero_point
            ),
        },
        rtol=0,
    )
    scaled = (
        "multiplier / 2**shift is the factor. How does one divide by 2**shift without a division?",
        "(acc * multiplier + half) >> shift, with half = 2**(shift - 1), so that it rounds.",
    )
    rounds = ("Does >> round?", "It rounds down: add half a step, 2**(shift - 1), before you shift.")
    special = {"floor": rounds}
    ends = ("Which codes has uint8?", "0 to 255: clamp() before converting.")
    # 5 / 16 is the factor: 16 k + 3 gives 5 k + 15 / 16, which is rounded up
    steps = from_numpy(16 * whole(rng, 1, 40, 4, 6) + 3).to(int32)
    yield Case("a product and a shift", (steps, 5, 4, 0), judge, 2, scaled, hints_for=special)
    half = ("2.5 lies in the middle of two codes.", "Halves go up here: adding 2**(shift - 1) before the shift does it.")
    yield Case("halves go up", (_acc(1, 3, 5, 7, 9), 1, 1, 0), judge, hints=half, hints_for=special)
    zero, point = ("Which code does an accumulator of 0 get?", "The zero point: add it last."), "adds the zero point"
    yield Case(point, (steps, 5, 4, int(whole(rng, 20, 50))), judge, hints=zero)
    negative = (
        "What is -5 >> 1, and what is -5 / 2 cut off?",
        "-3 and -2: >> goes down, also below 0. With half added first it rounds to the nearest, and halves go up.",
    )
    below = _acc(-1, -2, -3, -5, -6, -7, -10), 1, 2, 100
    same = "sums below 0 round the same way"
    yield Case(same, below, judge, hints=negative, hints_for=special, basis=point)
    yield Case("stops at 0 and 255", (_acc(-4000, -1000, 3000, 9000), 5, 4, 100), judge, hints=ends, basis=point)
    wide = ("How large is acc * multiplier?", "Up to 2**62: convert acc to int64 before you multiply.")
    factor = int(whole(rng, 2**30, 2**31 - 1))
    large = from_numpy(whole(rng, 2_000, 60_000, 5, 5)).to(int32), factor, 39, 0
    yield Case("products beyond int32", large, judge, hints=wide, hints_for={"error": wide})
    exact = ("This product is 2**60 - 1: just less than half a step.", "No float holds it: multiply and shift in int64.")
    yield Case("products beyond any float", (_acc(2**30 - 1, 0), 2**30 + 1, 61, 0), judge, hints=exact, hints_for={"error": exact})
    extremes = _acc(2**31 - 1, -(2**31)), 2**31 - 1, 56, 100
    yield Case("the most extreme accumulators", extremes, judge, hints=wide, hints_for={"error": wide}, basis=same)
    nothing = ("There is no accumulator here.", "The shape stays.")
    yield Case("no accumulators", (zeros(0, 4, dtype=int32), 5, 4, 0), judge, hints=nothing, hints_for={"error": nothing})
    dtype = ("What is your result's dtype?", "torch.uint8, as the next layer reads it.")
    yield Case("uint8 comes out", (steps, 5, 4, 0), of_dtype(judge, "uint8", "u1"), hints=dtype)
    yield Case("leaves the accumulators as they were", (steps, 5, 4, 2), judge, hints_for=CHANGED, about="inputs")


@lab.exercise(points=3, difficulty=3, minutes=20, core=False, stand_in=package(quantization.kmeans_codebook))
def kmeans_codebook(rng: np.random.Generator) -> Iterator[Case]:
    """kmeans_codebook(weight, bits) -> (codebook, codes)."""
    weight, bits = normal(rng, 20, 25), 3
    shape = {"shape": ("What are the shapes of the two?", "(2**bits,) and the weight's; a code is the number of an entry, from 0.")}
    empty = {"nan": ("What is the mean of no weights?", "NaN: an entry that no weight is nearest to stays where it is.")}
    special = shape | empty
    nearest = ("Which entry does a weight get?", "The nearest: argmin of the distances, after the last change of the codebook.")
    yield Case("each weight has its nearest entry", (weight, bits), codebook("nearest"), hints=nearest, hints_for=special)
    mean = ("Where should an entry be, so that its weights are near?", "At their mean. Repeat both steps until nothing moves any more.")
    means = "each entry is the mean of its weights"
    yield Case(means, (weight, bits), codebook("means"), 2, mean, hints_for=special)
    small = ("Both steps lower the error. Where did you start?", "At evenly spaced values, from the smallest weight to the largest.")
    many = normal(rng, 40, 50).clamp(-3, 3), 3  # so many, and none alone, that all valleys are about as deep
    yield Case("the error is small", many, codebook("loss"), 2, small, hints_for=special, basis=means)
    conv = normal(rng, 12, 8, 3, 3, scale=0.05).clamp(-0.12, 0.12), 4  # no entry is without a weight
    every = {"nearest": nearest, "means": mean}
    yield Case("4 bits, a convolution", conv, codebook("nearest", "means"), hints=mean, hints_for=special | every, basis=means)
    apart = from_numpy(np.concatenate([rng.uniform(-2.0, -1.9, 44), rng.uniform(1.9, 2.0, 36)]).astype("f4")), 3
    yield Case("entries without a weight", apart, codebook("nearest", "means"), hints=empty["nan"], hints_for=special | every)
    few = from_numpy(rng.permutation(np.repeat([-1.0, 0.49, 0.5], 10)).astype("f4")).view(5, 6), 3
    back = ("There are fewer values than entries.", "Then the entries are the values: torch.unique, the last one repeated, and no rounds.")
    yield Case("fewer values than entries", few, codebook("exact"), hints=back, hints_for=special)
    same = full((4, 5), 0.25), 2
    yield Case("equal weights", same, codebook("exact"), hints=back, hints_for=special | {"error": back})
    order = ("In which order are the entries?", "From low to high: sort them before you give out codes.")
    yield Case("the codebook is sorted", (weight, bits), codebook("sorted"), hints=order, hints_for=special)
    dtype = ("What is the dtype of your codes?", "An integer one: they index the codebook.")
    yield Case("codes are integers", (weight, bits), codebook("integers"), hints=dtype, hints_for=special)
    yield Case("refuses fewer weights than entries", (normal(rng, 3), 2), raises("ValueError"), hints=ERROR, about="refusal")
    layer: dict[str, Any] = {"hints_for": PARAMETER | shape, "probe": "as_parameters", "as_given": True}
    yield Case("takes a layer's parameter", (weight, bits), codebook("nearest"), **layer)
    yield Case("leaves the weight as it was", (weight, bits), codebook("nearest"), hints_for=CHANGED, about="inputs")
