"""FakeQuant: quantize and dequantize in the forward pass, a straight-through estimator in the backward pass."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, from_numpy, inf, tensor, zeros

from utils.exercises.draws import integers, normal
from utils.exercises.judges import Judge, Verdict, close_to, describe, difference, recognising
from utils.exercises.kit import Case, Cases, Hints, Mistake, Rng, exercise, keeps_inputs, takes_nothing
from utils.exercises.lab02.draws import halves, off_borders, step
from utils.exercises.lab02.oracles import fake, straight_through
from utils.exercises.lab02.quantize import EVEN

_CLIPS = ("What happens to codes beyond low and high?", "Clip them with clamp(low, high), after the zero point has been added.")
_THERE = ("What is x when it comes back from its code?", "Round and clip as in quantize, then (code - zero_point) * scale.")
_STOPS = (
    "Does the output change with x where its code is clipped?",
    "It does not: the gradient is 0 there. If you have a mask: is it ever False? After the clamp every code is inside.",
)
_PASSES = ("How much does the output change with x, apart from the steps?", "As much as x: pass the gradient on.")
_CANCELS = ("x is divided by the scale and multiplied by it again.", "The two cancel: the gradient passes as it is.")
_MOVED = ("Which codes are compared with low and high?", "Those with the zero point added, as in the forward pass.")
_BORDER = ("Codes low and high are inside. What rounds to them?", "Compare the rounded code, before it is clamped: <=, not <.")
_FOR_EACH = (
    "scale has a value for each channel here.",
    "Use it as it is: a tensor of shape (channels, 1) broadcasts. float() or item() takes one number only.",
)
_FIVE = (
    "backward gives one gradient for each input of forward.",
    "Five: that of x, then None for scale, zero_point, low and high. ctx.saved_tensors is a tuple: (mask,) = ctx.saved_tensors.",
)
_FIRST = ("Which gradient comes first?", "That of x: return it first, then four times None.")
_RETURN = ("What does forward return?", "The tensor of quantized and dequantized values.")
_CODES = ("Are these codes or values?", "The output stands in for x: (code - zero_point) * scale.")
_SUBTRACT = ("Which value has the code zero_point?", "0.0: subtract it from the clamped code before you multiply by the scale.")
_FLAT = (
    "Rounding is flat almost everywhere.",
    "The straight-through estimator: backward behaves as if round() were not there. If you have a mask: is it True inside?",
)
_CHAIN = ("Where has the upstream gradient gone?", "The chain rule: multiply the mask by what backward was given.")
_VALUES = ("low and high are codes. Is x one?", "Compare the code, round(x / scale) + zero_point, with low and high.")


def _codes(x: Any, scale: Any, zero_point: int) -> Any:
    return np.rint(x / scale) + zero_point


def _inside(code: Callable[..., Any], strict: bool = False) -> Callable[..., Any]:
    """The upstream gradient where this, of x, scale and zero point, lies between the ends. strict: without the ends."""

    def made(x: Any, scale: Any, point: int, low: int, high: int, upstream: Any) -> Any:
        found = code(x, scale, point)
        return np.where((found > low) & (found < high) if strict else (found >= low) & (found <= high), upstream, 0)

    return made


FORWARD = (
    Mistake("returns codes", lambda x, s, point, low, high, _: np.clip(_codes(x, s, point), low, high), _CODES),
    Mistake("does not clip", lambda x, s, *_: np.rint(x / s) * s, _CLIPS),
    Mistake("rounds halves up", lambda x, s, point, low, high, _: (np.floor(x / s + 0.5) + point).clip(low, high) * s - point * s, EVEN),
    Mistake("keeps the zero point", lambda x, s, point, low, high, _: np.clip(_codes(x, s, point), low, high) * s, _SUBTRACT),
    Mistake("leaves the zero point out", lambda x, s, point, *rest: fake(x, s, 0, *rest), _SUBTRACT),
)
BACKWARD = (
    Mistake("leaves the last codes out", _inside(_codes, strict=True), _BORDER, "the last codes are inside"),
    Mistake("passes everything", lambda *inputs: inputs[5], _STOPS),
    Mistake("passes nothing", lambda *inputs: 0 * inputs[5], _FLAT),
    Mistake("passes ones", lambda x, scale, point, low, high, _: straight_through(x, scale, point, low, high, np.ones_like(x)), _CHAIN),
    Mistake("multiplies by the scale", lambda *inputs: straight_through(*inputs) * inputs[1], _CANCELS),
    Mistake("divides by the scale", lambda *inputs: straight_through(*inputs) / inputs[1], _CANCELS),
    Mistake("compares values", _inside(lambda x, scale, point: x), _VALUES),
    Mistake("compares before rounding", _inside(lambda x, scale, point: x / scale + point), _BORDER),
    Mistake("compares without the zero point", _inside(lambda x, scale, point: _codes(x, scale, 0)), _MOVED),
)


class TorchFakeQuant:
    """torch has the function with its gradient, for one scale; dividing by the scales first makes it one for all."""

    @staticmethod
    def apply(x: Tensor, scale: Tensor | float, zero_point: int, low: int, high: int) -> Any:
        """x quantized and dequantized, with a straight-through gradient for x alone."""
        scale = scale.detach() if isinstance(scale, Tensor) else scale
        return torch.fake_quantize_per_tensor_affine(x / scale, 1.0, int(zero_point), low, high) * scale


def _answer_of(made: Callable[..., Any]) -> type:
    """A class with this mistake in one of its passes."""
    passes: dict[str, Callable[..., Any]] = {"forward": fake, "backward": straight_through}
    passes["backward" if made in [mistake.made for mistake in BACKWARD] else "forward"] = made

    class FakeQuant(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Tensor:
            ctx.given = [one.detach().numpy() if isinstance(one, Tensor) else one for one in inputs]
            return torch.as_tensor(np.asarray(passes["forward"](*ctx.given, None)), dtype=inputs[0].dtype)

        @staticmethod
        def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
            found = np.asarray(passes["backward"](*ctx.given, upstream.numpy()))
            return torch.as_tensor(found, dtype=upstream.dtype), None, None, None, None

    return FakeQuant


def _part(key: str, judge: Judge, mistakes: tuple[Mistake, ...]) -> Judge:
    """For the probe `forward_and_backward`: `judge` accepts this part of the answer."""
    named = recognising(judge, {mistake.name: mistake.made for mistake in mistakes})

    def of_part(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        if type(answer) is not dict or key not in answer:
            return Verdict(False, f"a tensor as {key}", describe(answer))
        if answer[key] is None:
            return Verdict(False, f"a tensor as {key}", f"no {key} at all (is the return missing?)", "none")
        return named(answer[key], inputs)

    return of_part


def _scale_without_gradient(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `with_a_trained_scale`: the scale has no gradient, or one of zeros, which changes nothing."""
    expected = "no gradient for the scale"
    if type(answer) is not dict or answer.get("gradient") is None:
        return Verdict(False, expected, "no gradient for x either", "none")
    given = answer.get("scale")
    right = given is None or (type(given) is np.ndarray and not given.any())
    return Verdict(right, expected, expected if right else f"a gradient for it: {describe(given)}")


def _both_gradients(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `two_calls`: each call has its own gradient."""
    (x, *others), expected = inputs, "each call's own gradient"
    names = {"first": "the gradient of the first call", "second": "the gradient of the second call"}
    right = {"first": straight_through(x, *others), "second": straight_through(x[::-1], *others)}
    fault = difference(answer, right, 1e-4, 1e-6, names)
    return Verdict(fault is None, expected, fault or expected)


def _upstream(rng: Rng, x: Tensor) -> Tensor:
    """The gradient of the output: positive, and no two alike."""
    return normal(rng, *x.shape).abs() + 0.5


JUDGE = _part("output", close_to(fake), FORWARD)


@exercise(TorchFakeQuant, points=4, difficulty=3, minutes=20, judge=JUDGE, mistakes=(*FORWARD, *BACKWARD), answer_of=_answer_of)
def FakeQuant(rng: Rng) -> Cases:  # noqa: N802
    """FakeQuant.apply(x, scale, zero_point, low, high) -> tensor of x's shape, with a gradient for x."""
    backward = _part("gradient", close_to(straight_through), BACKWARD)
    scale, coarse, zero_point = step(rng), 10 * step(rng), int(integers(rng, 90, 150))
    wrong = {"error": _FIVE, "none": _FIRST}

    def case(name: str, inputs: tuple[Any, ...], hints: Hints, judge: Judge | None = None, weight: float = 1, **more: Any) -> Case:
        special = (wrong if judge else {"none": _RETURN}) | more.pop("hints_for", {})
        return Case(name, inputs, judge, weight, hints, **{"probe": "forward_and_backward", "as_given": True, "hints_for": special, **more})

    # whether the last codes are inside is asked by one case alone: no other has them
    inside, beyond = off_borders(rng, scale, -100, 100, 4, 6), off_borders(rng, coarse, -20, 20, 5, 8, without=(-8, 7))
    wide = off_borders(rng, scale, -400, 400, 6, 8, without=(-zero_point, 255 - zero_point)), scale, zero_point, 0, 255
    scales = np.array([0.01, 0.5, 3.0, 40.0]).reshape(4, 1, 1)
    channels = off_borders(rng, scales, -20, 20, 4, 3, 5, without=(-8, 7)), from_numpy(scales.astype("f4")), 0, -8, 7
    each: dict[str, Any] = {"hints_for": {"error": _FOR_EACH}}

    yield case("comes back on the grid", (inside, scale, 0, -128, 127, None), _THERE, weight=2)
    yield case("halves go to the even code", (halves(rng) * 0.25, 0.25, 0, -128, 127, None), EVEN)
    cut = "clips beyond the ends"
    yield case(cut, (beyond, coarse, 0, -8, 7, None), _CLIPS)
    yield case("with a zero point", (*wide, None), _THERE, basis=cut)
    yield case("a scale for each channel", (*channels, None), _FOR_EACH, basis=cut, **each)
    far = tensor([0.0, 0.0, 1.0, -1.0, inf, -inf])
    far[2:4] *= float(rng.uniform(1e25, 1e35))
    stay = ("What is infinity as an integer?", "There is none: stay with floats, clamp() and round() work on them.")
    yield case("zeros and very large values", (far, scale, 0, -8, 7, None), stay, basis=cut)
    yield takes_nothing("no values", zeros(0, 3), scale, 0, -8, 7, None, probe="forward_and_backward", as_given=True)

    straight, stops = "the gradient passes inside", "no gradient where it clips"
    yield case(straight, (inside, scale, 0, -128, 127, _upstream(rng, inside)), _PASSES, backward, 2)
    clipped = beyond, coarse, 0, -8, 7, _upstream(rng, beyond)
    yield case(stops, clipped, _STOPS, backward, 2, basis=straight)
    last = from_numpy((scale * np.array([-8.0, 7.0, -8.3, 7.3, -8.7, 7.7])).astype("f4"))
    yield case("the last codes are inside", (last, scale, 0, -8, 7, _upstream(rng, last)), _BORDER, backward, basis=stops)
    yield case("the gradient with a zero point", (*wide, _upstream(rng, wide[0])), _MOVED, backward, basis=stops)
    trained = *channels, _upstream(rng, channels[0])
    yield case("the gradient with a scale for each channel", trained, _FOR_EACH, backward, basis=stops, **each)
    still = ("The scale wants a gradient here, and gets none.", "Return None for it: backward's second value.")
    yield case("the scale gets none", trained, still, _scale_without_gradient, probe="with_a_trained_scale", basis=straight)
    own = (
        "A network has many layers: forward runs for all of them, then backward.",
        "Keep what backward needs on ctx, not on the class, and do not change gradient itself.",
    )
    yield case("two calls before their gradients", clipped, own, _both_gradients, probe="two_calls", basis=stops)
    yield keeps_inputs(beyond + 0.0, coarse, 0, -8, 7, None, probe="forward_and_backward", as_given=True, basis=cut)
