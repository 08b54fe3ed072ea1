"""Lab 02's exercise about training with rounding: a class, with a forward and a backward pass."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from torch import Tensor, from_numpy, inf, tensor, zeros

from utils.exercises.declare import Case
from utils.exercises.judges import close_to, recognising
from utils.exercises.lab02.codes import CHANGED
from utils.exercises.lab02.draws import normal, off_borders, step, whole
from utils.exercises.lab02.integer import lab
from utils.exercises.lab02.judges import both_gradients, part, scale_wants_nothing
from utils.exercises.lab02.oracles import fake, straight_through
from utils.exercises.lab02.standins import TorchFakeQuant
from utils.exercises.standins import library

_CLIPS = (
    "What happens to codes beyond low and high?",
    "Cut them off with clamp(low, high), after the zero point has been added.",
)
_STOPS = ("Does the output move with x where its code is cut off?", "It does not: the gradient is 0 there.")
_CANCELS = ("x is divided by the scale and multiplied by it again.", "The two cancel: the gradient passes as it is.")
_FOR_EACH = (
    "scale has a value for each channel here.",
    "Use it as it is: a tensor of shape (channels, 1) broadcasts. float() or item() takes one number only.",
)
_FIVE = ("backward gives one gradient for each input of forward.", "Five: that of x, then None for scale, zero_point, low and high.")
_FIRST = ("Which gradient comes first?", "That of x: return it first, then four times None.")
_OUTPUTS = {
    "codes": ("Are these codes or values?", "The output stands in for x: (code - zero_point) * scale."),
    "ends": _CLIPS,
    "point": ("Which value has the code zero_point?", "0.0: subtract it from the clamped code before you multiply by the scale."),
    "none": ("What does forward return?", "The tensor, in the form that its codes give it."),
}
_GRADIENTS = {
    "error": _FIVE,
    "none": _FIRST,
    "all": _STOPS,
    "zero": ("Rounding is flat almost everywhere.", "Straight through: backward behaves as if round() were not there."),
    "ones": ("Where has the gradient of the output gone?", "The chain rule: multiply the mask by what backward was given."),
    "scale": _CANCELS,
    "over": _CANCELS,
    "values": ("low and high are codes. Is x one?", "Compare the code, round(x / scale) + zero_point, with low and high."),
}
_WRONG_OUTPUTS = {
    "codes": lambda x, scale, zero_point, low, high, _: np.clip(np.rint(x / scale) + zero_point, low, high),
    "ends": lambda x, scale, *_: np.rint(x / scale) * scale,
    "point": lambda x, scale, zero_point, low, high, _: np.clip(np.rint(x / scale) + zero_point, low, high) * scale,
}
_WRONG_GRADIENTS = {
    "all": lambda *inputs: inputs[5],
    "zero": lambda *inputs: 0 * inputs[5],
    "ones": lambda x, scale, zero_point, low, high, _: straight_through(x, scale, zero_point, low, high, np.ones_like(x)),
    "scale": lambda *inputs: straight_through(*inputs) * inputs[1],
    "over": lambda *inputs: straight_through(*inputs) / inputs[1],
    "values": lambda x, _scale, _point, low, high, upstream: np.where((x < low) | (x > high), 0, upstream),
}


def _wanted_gradient(rng: np.random.Generator, x: Tensor) -> Tensor:
    """The gradient of the output: positive, and no two alike."""
    return normal(rng, *x.shape).abs() + 0.5


@lab.exercise(points=4, difficulty=3, minutes=20, stand_in=library(TorchFakeQuant, "torch.fake_quantize_per_tensor_affine"))
def FakeQuant(rng: np.random.Generator) -> Iterator[Case]:  # noqa: N802
    """FakeQuant.apply(x, scale, zero_point, low, high) -> tensor of x's shape, with a gradient for x."""
    given = partial(Case, as_given=True)
    forward = part("output", recognising(close_to(fake), _WRONG_OUTPUTS))
    backward = part("gradient", recognising(close_to(straight_through), _WRONG_GRADIENTS))
    probe, scale, zero_point, each = "forward_and_backward", step(rng), int(whole(rng, 90, 150)), {"error": _FOR_EACH}
    # whether the last codes are inside is asked by one case alone: no other has them
    inside, beyond = off_borders(rng, scale, -100, 100, 4, 6), off_borders(rng, scale, -20, 20, 5, 8, without=(-8, 7))
    wide = off_borders(rng, scale, -400, 400, 6, 8, without=(-zero_point, 255 - zero_point)), scale, zero_point, 0, 255
    scales = np.array([0.01, 0.5, 3.0, 40.0]).reshape(4, 1, 1)
    channels = off_borders(rng, scales, -20, 20, 4, 3, 5, without=(-8, 7)), from_numpy(scales.astype("f4")), 0, -8, 7

    halves = tensor([0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, -3.5]) * 0.25, 0.25, 0, -128, 127

    there = ("What is x when it comes back from its code?", "Round and cut off as in quantize, then (code - zero_point) * scale.")
    yield given("comes back on the grid", (inside, scale, 0, -128, 127, None), forward, 2, there, probe, _OUTPUTS)
    even = ("2.5 lies in the middle of two codes.", "torch.round goes to the even one; floor(x + 0.5) always goes up.")
    yield given("halves go to the even code", (*halves, None), forward, 1, even, probe, _OUTPUTS)
    cut = "cuts off beyond the ends"
    yield given(cut, (beyond, scale, 0, -8, 7, None), forward, 1, _CLIPS, probe, _OUTPUTS)
    yield given("with a zero point", (*wide, None), forward, 1, there, probe, _OUTPUTS, cut)
    yield given("a scale for each channel", (*channels, None), forward, 1, _FOR_EACH, probe, _OUTPUTS | each, cut)
    far = tensor([0.0, 0.0, 1e30, -1e30, inf, -inf])
    stay = ("What is infinity as a whole number?", "There is none: stay with floats, clamp() and round() work on them.")
    yield given("zeros and very large values", (far, scale, 0, -8, 7, None), forward, 1, stay, probe, _OUTPUTS, cut)
    nothing = ("There is no value here.", "The shape stays.")
    yield given("no values", (zeros(0, 3), scale, 0, -8, 7, None), forward, 1, nothing, probe, {"error": nothing})

    passes = ("How much does the output move with x, if you look past the steps?", "As much as x: pass the gradient on.")
    straight, stops = "the gradient passes inside", "no gradient where it cuts off"
    upstream = _wanted_gradient(rng, inside)
    yield given(straight, (inside, scale, 0, -128, 127, upstream), backward, 2, passes, probe, _GRADIENTS)
    clipped = beyond, scale, 0, -8, 7, _wanted_gradient(rng, beyond)
    yield given(stops, clipped, backward, 2, _STOPS, probe, _GRADIENTS, straight)
    last = from_numpy((scale * np.array([-8.0, 7.0, -8.3, 7.3, -8.7, 7.7])).astype("f4"))
    border = ("Codes low and high are inside. What rounds to them?", "Compare the rounded code, before it is clamped: <=, not <.")
    ends = last, scale, 0, -8, 7, _wanted_gradient(rng, last)
    mistakes = {"error": _FIVE, "none": _FIRST}
    yield given("the last codes are inside", ends, backward, 1, border, probe, mistakes, stops)
    moved = ("Which codes are compared with low and high?", "Those with the zero point added, as in the forward pass.")
    shifted = *wide, _wanted_gradient(rng, wide[0])
    yield given("the gradient with a zero point", shifted, backward, 1, moved, probe, _GRADIENTS, stops)
    upstream = _wanted_gradient(rng, channels[0])
    by_channel = "the gradient with a scale for each channel"
    yield given(by_channel, (*channels, upstream), backward, 1, _FOR_EACH, probe, _GRADIENTS | each, stops)
    still = ("The scale wants a gradient here, and gets none.", "Return None for it: backward's second value.")
    yield given("the scale gets none", (*channels, upstream), scale_wants_nothing, 1, still, "with_a_trained_scale", mistakes, straight)
    own = ("A network has many layers: forward runs for all of them, then backward.", "Keep what backward needs on ctx, not on the class.")
    both = both_gradients(straight_through)
    yield given("two calls before their gradients", clipped, both, 1, own, "two_calls", {"error": _FIVE}, stops)
    kept = beyond + 0.0, scale, 0, -8, 7, None
    yield given("leaves x as it was", kept, forward, 1, (), probe, CHANGED, cut, about="inputs")
