"""per_channel_scales: a symmetric scale for every channel of a weight."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import from_numpy

from utils.compress import quantization
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, takes_parameter
from utils.exercises.lab02.oracles import channel_scales

_CODE = ("Which is the largest signed code of 8 bits?", "127: the scale is symmetric, and -128 is not used.")
_LARGEST = (
    "Which weight of a channel must still have a code?",
    "The largest in magnitude: divide it by the largest signed code, 2**(bits - 1) - 1.",
)
_AXIS = ("Which axis counts the channels here?", "Take the largest over all other axes: move this one to the front, then flatten(1).")
_OTHERS = (
    "Which axes should go, and which one stays?",
    "amax(axis) takes this axis away. It is the one that stays: take the largest over all others.",
)
_SIGN = ("The largest weight of these channels is negative.", "Take magnitudes first: -3 needs as large a step as 3.")
_BITS = ("What changes with the number of bits?", "The largest code: 7 for 4 bits.")
_ZERO = ("A scale of 0 would be divided by.", "Where the largest is 0 the scale is 1.0: torch.where.")
_TINY = ("These weights are about 1e-12, and so is their scale.", "Only a channel of zeros is special: add no small number.")
_ONE = ("What is the shape of your result?", "(weight.shape[axis],), also for one channel: squeeze() takes too much.")


def _by(measure: Callable[[np.ndarray], Any], top: Callable[[int], float] = lambda bits: 2 ** (bits - 1) - 1) -> Callable[..., Any]:
    """measure: of the weights of one channel; top: the code that it is divided by."""

    def made(weight: np.ndarray, bits: int, axis: int) -> np.ndarray:
        rows = np.moveaxis(weight.astype(float), axis, 0).reshape(weight.shape[axis], -1)
        return np.array([measure(row) / top(bits) or 1.0 for row in rows])

    return made


def _largest(row: np.ndarray) -> float:
    return float(np.abs(row).max())


JUDGE = close_to(channel_scales, atol=0)
STEPS = "Take magnitudes; bring the axis to the front and flatten the others; take the largest of each row; divide."
MISTAKES = (
    Mistake("divides by the number of negative codes", _by(_largest, lambda bits: 2 ** (bits - 1)), _CODE),
    Mistake("divides by half of all codes", _by(_largest, lambda bits: 2 ** (bits - 1) - 0.5), _CODE),
    Mistake("one scale for all", lambda w, bits, axis: np.full(w.shape[axis], np.abs(w).max() / (2 ** (bits - 1) - 1)), _LARGEST),
    Mistake("always the outputs", lambda weight, bits, axis: channel_scales(weight, bits, 0), _AXIS),
    Mistake("outputs or inputs", lambda weight, bits, axis: channel_scales(weight, bits, min(axis, 1)), _AXIS, "the last axis of three"),
    Mistake("the largest over that axis", lambda w, bits, axis: np.abs(w).max(axis) / (2 ** (bits - 1) - 1), _OTHERS),
    Mistake("the largest value", _by(lambda row: float(row.max())), _SIGN),
    Mistake("always 8 bits", lambda weight, bits, axis: channel_scales(weight, 8, axis), _BITS, "4 bits"),
    Mistake("0 for a channel of zeros", lambda w, *x: channel_scales(w, *x) * (channel_scales(w, *x) != 1), _ZERO),
    Mistake("a smallest scale", _by(lambda row: max(_largest(row), 1e-8)), _TINY),
    Mistake("squeezes", lambda *x: channel_scales(*x).squeeze(), _ONE, "a single channel"),
)


@exercise(quantization.per_channel_scales, points=2, difficulty=2, judge=JUDGE, mistakes=MISTAKES, steps=STEPS)
def per_channel_scales(rng: Rng) -> Cases:
    """per_channel_scales(weight, bits, axis) -> (weight.shape[axis],) tensor."""
    gains = np.array([0.1, 3.0, 0.5, 10.0, 1.0, 0.02]).reshape(6, 1, 1, 1)
    weight = from_numpy((gains * rng.uniform(0.1, 1.0, size=(6, 4, 3, 3))).astype(np.float32))
    yield Case("a convolution's outputs", (weight, 8, 0), weight=2, hints=_LARGEST)
    yield Case("a convolution's inputs", (weight.transpose(0, 1), 8, 1), hints=_AXIS, hints_on_error=True)
    yield Case("the inputs of a linear layer", (weight[:, :, 0, 0] + 0, 8, 1), hints=_AXIS, hints_on_error=True)
    third = from_numpy((gains[:5, :, :, 0] * rng.uniform(0.1, 1.0, size=(5, 3, 4))).astype(np.float32)).transpose(0, 2)
    yield Case("the last axis of three", (third, 8, 2), hints=_AXIS, hints_on_error=True)
    yield Case("negative weights count", (-weight, 8, 0), hints=_SIGN)
    yield Case("4 bits", (weight, 4, 0), hints=_BITS)
    dead = weight.clone()
    dead[2] = 0
    yield Case("a channel of zeros gets 1.0", (dead, 8, 0), hints=_ZERO)
    yield Case("a single channel", (weight[3:4] + 0, 8, 0), hints=_ONE, hints_on_error=True)
    yield Case("one weight a channel", (weight[:, :1, 0, 0] + 0, 8, 0), hints=_ONE, hints_on_error=True)
    yield Case("very small weights", (weight * 1e-12, 8, 0), hints=_TINY)
    yield takes_parameter(weight, 8, 0)
    mixed = weight.clone()
    mixed[:, 0, 0, 0] *= -0.01  # a sign to lose, which no maximum depends on
    yield keeps_inputs(mixed, 8, 0)
