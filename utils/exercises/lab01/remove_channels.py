"""remove_channels: smaller weights for two layers in a row."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import arange, from_numpy

from utils.compress import pruning
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, difference, exercise, keeps_inputs


def convolve(image: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """A convolution without padding, slowly. image: (in, h, w), weight: (out, in, kh, kw) -> (out, h - kh + 1, w - kw + 1)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, weight.shape[2:], axis=(1, 2))
    result = np.einsum("chwij,ocij->ohw", windows, weight)
    return result if bias is None else result + bias[:, None, None]


def computes_the_same(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (conv_weight, conv_bias, next_weight, keep). Two smaller convolutions with a ReLU between.

    They must give what the original gives when the removed channels are set to zero after the ReLU.
    """
    first, bias, second, keep = (None if value is None else value.astype(float) for value in inputs)
    assert first is not None and second is not None and keep is not None
    kept = keep.astype(int)
    shapes = [(kept.size, *first.shape[1:]), (kept.size,), (second.shape[0], kept.size, *second.shape[2:])]
    expected = f"shapes {shapes[0]}, {None if bias is None else shapes[1]}, {shapes[2]}, and the same output"
    if type(answer) not in (list, tuple) or len(answer) != 3:
        return Verdict(False, expected, describe(answer))
    for part, shape, optional in zip(answer, shapes, (False, bias is None, False), strict=True):
        if not (optional and part is None) and (type(part) is not np.ndarray or part.shape != shape):
            found = [str(part.shape) if type(part) is np.ndarray else describe(part) for part in answer]
            return Verdict(False, expected, f"shapes {', '.join(found)}")
    side = first.shape[2] + second.shape[2] + 2
    image = np.random.default_rng(0).normal(size=(first.shape[1], side, side))
    hidden = np.maximum(convolve(image, first, bias), 0)
    hidden[np.setdiff1d(np.arange(len(first)), kept)] = 0
    with np.errstate(all="ignore"):
        output = convolve(np.maximum(convolve(image, answer[0], answer[1]), 0), answer[2], None)
    if difference(output, convolve(hidden, second, None), rtol=1e-3, atol=1e-4) is not None:
        return Verdict(False, expected, "the shapes are right, the output of the second layer differs")
    return Verdict(True, expected, expected)


def _cut(conv: np.ndarray, bias: np.ndarray | None, after: np.ndarray, keep: np.ndarray) -> tuple[Any, Any, Any]:
    return conv[keep], None if bias is None else bias[keep], after[:, keep]


def _keeping(chosen: Callable[[np.ndarray, int], np.ndarray]) -> Callable[..., tuple[Any, Any, Any]]:
    """Other channels. chosen: (keep, number of channels) -> those that stay."""
    return lambda conv, bias, after, keep: _cut(conv, bias, after, chosen(keep, len(conv)))


def _zeroes(conv: np.ndarray, bias: np.ndarray | None, after: np.ndarray, keep: np.ndarray) -> tuple[Any, Any, Any]:
    stays = np.isin(np.arange(len(conv)), keep)
    return conv * stays[:, None, None, None], None if bias is None else bias * stays, after * stays[:, None, None]


_WHICH = (
    "Which axis of the next weight reads these channels?",
    "Outputs are axis 0 of conv_weight and of the bias, and axis 1 of next_weight.",
)
_BIAS = ("How many numbers has the bias of a convolution with k outputs?", "Cut conv_bias like axis 0 of conv_weight.")
_INDEX = ("Which channels are kept here?", "keep contains the indices themselves: not how many, not those that go.")
_AXES = ("What are the shapes of what you return?", "Indexing with a list or tensor keeps the axis; an integer, or squeeze(), drops it.")
_ZERO = ("Are the tensors smaller?", "Setting channels to zero leaves the shapes as they are: index with keep instead.")
_ORDER = ("What is returned, and in which order?", "Three, as they came: conv_weight, conv_bias (None if there is none), next_weight.")
_VALUES = ("Do the kept numbers change?", "No: copy them, and scale nothing.")
MISTAKES = (
    Mistake("the wrong axis", lambda conv, bias, after, keep: (*_cut(conv, bias, after, keep)[:2], after[keep % len(after)]), _WHICH),
    Mistake("keeps the first ones", _keeping(lambda keep, n: np.arange(len(keep))), _INDEX),
    Mistake("keeps those that should go", _keeping(lambda keep, n: np.setdiff1d(np.arange(n), keep)), _INDEX),
    Mistake("leaves the bias", lambda conv, bias, after, keep: (conv[keep], bias, after[:, keep]), _BIAS),
    Mistake("leaves the next layer", lambda conv, bias, after, keep: (*_cut(conv, bias, after, keep)[:2], after), _WHICH),
    Mistake("slices the next layer", lambda conv, bias, after, keep: (*_cut(conv, bias, after, keep)[:2], after[:, : len(keep)]), _INDEX),
    Mistake("another order", lambda *given: tuple(_cut(*given)[at] for at in (0, 2, 1)), _ORDER),
    Mistake("two of three", lambda *given: (_cut(*given)[0], _cut(*given)[2]), _ORDER),
    Mistake("rescales", lambda *given: (*_cut(*given)[:2], 1.01 * _cut(*given)[2]), _VALUES),
    Mistake("sets to zero", _zeroes, _ZERO),
    Mistake("squeezed", lambda *given: tuple(part if part is None else part.squeeze() for part in _cut(*given)), _AXES),
)
STEPS = "Index axis 0 of conv_weight with keep. Do the same with the bias, if there is one. Index axis 1 of next_weight."


@exercise(pruning.remove_channels, points=4, difficulty=3, minutes=15, judge=computes_the_same, mistakes=MISTAKES, rtol=1e-6, steps=STEPS)
def remove_channels(rng: Rng) -> Cases:
    """remove_channels(conv_weight, conv_bias, next_weight, keep) -> the first three, smaller."""
    layers = normal(rng, 8, 3, 3, 3), normal(rng, 8) + 0.5, normal(rng, 5, 8, 3, 3)

    def kept(count: int, low: int = 1, high: int = 8) -> Any:
        return from_numpy(np.sort(rng.choice(np.arange(low, high), count, replace=False)))

    yield Case("keeps three of eight", (*layers, kept(3)), weight=2, hints=_WHICH)
    yield Case("the first channels go", (*layers, arange(5, 8)), hints=_INDEX)
    none = ("There is no bias here.", "conv_bias may be None: return None.")
    yield Case("without a bias", (layers[0], None, layers[2], kept(4)), hints=none, hints_on_error=True)
    yield Case("a single channel", (*layers, kept(1)), hints=_AXES)
    square = normal(rng, 4, 4, 1, 1), normal(rng, 4), normal(rng, 4, 4, 3, 3)
    yield Case("as many inputs as outputs", (*square, kept(2, high=4)), hints=_WHICH)
    yield Case("keeps all", (*layers, arange(8)), hints=_INDEX)
    yield keeps_inputs(*layers, kept(2))
