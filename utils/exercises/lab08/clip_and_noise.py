"""clip_and_noise: one client's change, bounded and hidden."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, ones, zeros

from utils import adapt
from utils.exercises.chances import DEVIATIONS, SAME, far, same_for_equal_generators
from utils.exercises.draws import normal, seed
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, close_to, difference, exercise, keeps_inputs, refuses

Update = dict[str, np.ndarray]


def length_of(update: Update) -> float:
    """L2 norm of all numbers of all tensors together."""
    return float(np.sqrt(sum(float((part.astype(float) ** 2).sum()) for part in update.values())))


def _scaled(length: Callable[[Update], float] = length_of, factor: Callable[[float, float], float] | None = None) -> Callable[..., Update]:
    """Scaled as a whole. factor: (clip, length) -> a number; None: to a length of at most `clip`."""

    def made(update: Update, clip: float, *_: Any) -> Update:
        found = length(update)
        by = factor(clip, found) if factor else clip / found if found > clip else 1.0
        return {name: part.astype(float) * by for name, part in update.items()}

    return made


clipped = _scaled()


def noisy(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (update, clip, sigma, seed). Normal noise of deviation sigma * clip is added to each number of the clipped update."""
    update, clip, sigma, _ = inputs
    wanted, size = clipped(update, clip), sigma * clip
    expected = f"noise of mean 0 and deviation {size:.3g}"
    fault = difference(answer, wanted, rtol=0, atol=12 * size)
    if fault is not None:
        return Verdict(False, expected, fault)
    noise = {name: answer[name] - wanted[name] for name in wanted}
    for name, part in noise.items():
        deviation, count = float(part.std()), part.size
        if abs(deviation / size - 1) > DEVIATIONS / np.sqrt(2 * count):
            return Verdict(False, expected, f"deviation {deviation:.3g} in {name}", "size")
        if abs(float(part.mean())) > DEVIATIONS * size / np.sqrt(count):
            return Verdict(False, expected, f"mean {float(part.mean()):.3g} in {name}")
        beyond = float((np.abs(part) > 2 * size).mean())
        if far(beyond, 0.0455, count):
            return Verdict(False, expected, f"{100 * beyond:.1f} % of it beyond two deviations, not 4.6 %", "shape")
    first, second = list(noise.values())[:2]
    if abs(float(np.corrcoef(first.ravel(), second.ravel())[0, 1])) > DEVIATIONS / np.sqrt(first.size):
        return Verdict(False, expected, "the same noise for two tensors", "same")
    return Verdict(True, expected, expected)


_LENGTH = ("What is the length of an update of several tensors?", "The root of the sum of all squares, over all tensors together.")
_INSIDE = ("Is this update too long?", "It is not: min(1, clip / length) leaves it as it is; it is never made longer.")
_ZERO = ("How long is an update of zeros?", "0, and clip / 0 is not a number: an update of zeros stays.")
_NOISE = (
    "How large is the noise?",
    "Its standard deviation is sigma * clip, drawn for each number of the update and added after the clipping.",
)
_SAME_NOISE = (
    "Do two tensors share their noise?",
    "Draw for each tensor: with the same noise twice, a difference would show what is hidden.",
)
_NORMAL = ("Which distribution does the noise have?", "The normal one: rng.normal(0, sigma * clip, shape).")
_DIRECTION = (
    "Does clipping change the direction here?",
    "It does not: the whole update is multiplied by one number, min(1, clip / length).",
)
_ROOT = ("Is the sum of the squares a length?", "Its root is: take sqrt() of the sum.")
_NORM = ("Which norm is the length?", "The L2 norm: the root of the sum of the squares, not the sum of the magnitudes.")
MISTAKES = (
    Mistake("clips tensor by tensor", lambda x, *more: {name: clipped({name: part}, *more)[name] for name, part in x.items()}, _LENGTH),
    Mistake("clips number by number", lambda x, clip, *_: {name: part.clip(-clip, clip) for name, part in x.items()}, _DIRECTION),
    Mistake("the square of the length", _scaled(lambda x: length_of(x) ** 2), _ROOT),
    Mistake("the sum of the lengths", _scaled(lambda x: sum(length_of({"": part}) for part in x.values())), _LENGTH),
    Mistake("the L1 norm", _scaled(lambda x: float(sum(np.abs(part).sum() for part in x.values()))), _NORM),
    Mistake("always scales", _scaled(factor=lambda clip, length: clip / max(1e-12, length)), _INSIDE, "a short update stays"),
    Mistake("divides by 0", _scaled(factor=lambda clip, x: min(1.0, clip / x) if x else np.nan), _ZERO, "an update of zeros"),
)
JUDGE = close_to(clipped, atol=1e-5)
STEPS = (
    "Refuse; add up the squares of all numbers and take the root; multiply every tensor by min(1, clip / length), by 1 where "
    "the length is 0; add rng.normal(0, sigma * clip, shape) to each."
)


def _with_noise(made: Callable[..., Update]) -> Callable[..., dict[str, Tensor]]:
    """An answer that clips in this way and adds the noise that is asked for."""

    def answer(update: dict[str, Tensor], clip: float, sigma: float, rng: Rng) -> dict[str, Tensor]:
        if clip <= 0 or sigma < 0:
            raise ValueError("clip must be above 0 and sigma 0 or more")
        scaled = made({name: part.numpy() for name, part in update.items()}, clip)
        return {name: from_numpy(part + rng.normal(0, sigma * clip, part.shape)).float() for name, part in scaled.items()}

    return answer


@exercise(adapt.clip_and_noise, difficulty=2, minutes=15, core=False, judge=JUDGE, mistakes=MISTAKES, answer_of=_with_noise, steps=STEPS)
def clip_and_noise(rng: Rng) -> Cases:
    """clip_and_noise(update, clip, sigma, rng) -> dict of tensors."""
    noised: Any = partial(Case, probe="noised", as_given=True)
    long, clip = {"a": normal(rng, 4, 5, scale=2.0), "b": normal(rng, 6, scale=0.5)}, float(rng.uniform(0.6, 1.4))
    whole = ("Compute the length of the update by hand. Is it above clip?", "Then the whole update is multiplied by clip / length.")
    yield noised("a long update", (long, clip, 0.0, seed(rng)), weight=2, hints=whole)
    short = {"a": normal(rng, 4, 5, scale=0.01), "b": normal(rng, 6, scale=0.01)}
    yield noised("a short update stays", (short, clip, 0.0, seed(rng)), hints=_INSIDE)
    parts = {"a": 0.9 * clip * ones(1), "b": 0.9 * clip * ones(1)}  # each shorter than clip, together longer
    yield noised("parts that are short, together long", (parts, clip, 0.0, seed(rng)), hints=_LENGTH)
    nothing = {"a": zeros(int(rng.integers(2, 9))), "b": zeros(2, int(rng.integers(2, 9)))}
    yield noised("an update of zeros", (nothing, clip, 0.0, seed(rng)), hints=_ZERO, hints_on_error=True)
    wide = {"a": normal(rng, 60, 70, scale=0.02), "b": normal(rng, 60, 70, scale=0.02)}
    about, loud = {"same": _SAME_NOISE, "shape": _NORMAL}, "the noise of a long clip"
    judged: Any = {"judge": noisy, "hints": _NOISE, "hints_for": about}
    yield noised(loud, (wide, 3.0, 0.7, seed(rng)), weight=2, **judged)
    yield noised("the noise of a short clip", (wide, 0.5, 0.02, seed(rng)), basis=loud, **judged)
    brief = {"a": normal(rng, 3), "b": normal(rng, 2)}, 1.0, 1.0, seed(rng)
    yield Case("the same rng, the same noise", brief, same_for_equal_generators("noise"), hints=SAME, probe="noised_twice")
    for what, wrong_clip, sigma in (("clip 0", 0.0, 1.0), ("a negative clip", -clip, 1.0), ("a negative sigma", clip, -0.5)):
        yield refuses(what, (long, wrong_clip, sigma, seed(rng)), probe="noised")
    yield keeps_inputs(long, clip, 0.0, seed(rng), name="leaves the update as it was", probe="noised")
