"""channel_importance: a score for every filter of a convolution."""

from collections.abc import Callable

import numpy as np

from utils.compress import pruning
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses
from utils.exercises.lab01.draws import sizes


def importance(weight: np.ndarray, criterion: str) -> np.ndarray:
    """One filter after the other, in double precision."""
    filters = [channel.ravel().astype(float) for channel in weight]
    return np.array([np.abs(f).sum() if criterion == "l1" else np.sqrt(f @ f) for f in filters])


def _other(criterion: str, made: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, str], np.ndarray]:
    """Right but for one criterion. made: (out, numbers of a filter) -> (out,)."""
    return lambda weight, asked: made(weight.reshape(len(weight), -1)) if asked == criterion else importance(weight, asked)


_L1 = (
    "One number for each output channel: what is added up?",
    'The first axis counts the outputs. "l1" is the sum of absolute values, not their mean.',
)
_L2 = (
    "One number for each output channel: what is added up?",
    'The first axis counts the outputs. "l2" is the root of the sum of squares.',
)
_SIGN = ("Can a sum of magnitudes be negative?", "Take the absolute value of each weight before adding up.")
_ONE = ("What is the shape of your result?", "Shape (out,), also when out or in is 1: squeeze() takes too much.")
_SCALE = ("Is anything divided?", "No division by the largest or by the number of weights is asked for.")
_AXIS = ("How many filters has this weight?", "As many as outputs, the first axis: sum over the other three.")
_SWAPPED = ("Which criterion is which?", '"l1" is the sum of magnitudes, "l2" the root of the sum of squares.')
MISTAKES = (
    Mistake("scores the inputs", lambda weight, criterion: importance(weight.swapaxes(0, 1), criterion), _AXIS),
    Mistake("without the magnitude", _other("l1", lambda filters: filters.sum(1)), _SIGN),
    Mistake("a mean", _other("l1", lambda filters: np.abs(filters).mean(1)), _L1),
    Mistake("without the root", _other("l2", lambda filters: (filters**2).sum(1)), _L2),
    Mistake("root of the mean square", _other("l2", lambda filters: np.sqrt((filters**2).mean(1))), _L2),
    Mistake("l1 for l2", lambda weight, criterion: importance(weight, "l2" if criterion == "l1" else "l1"), _SWAPPED),
    Mistake("relative to the largest", lambda *given: importance(*given) / importance(*given).max(), _SCALE),
    Mistake("squeezed", lambda *given: importance(*given).squeeze(), _ONE, "a single channel"),
)
STEPS = "Take the magnitudes or the squares, add them up over the axes 1, 2 and 3, and take the root for l2. Refuse any other criterion."


@exercise(pruning.channel_importance, points=2, difficulty=1, minutes=5, judge=close_to(importance), mistakes=MISTAKES, steps=STEPS)
def channel_importance(rng: Rng) -> Cases:
    """channel_importance(weight, criterion) -> (out,) tensor."""
    weight, norm = normal(rng, 6, 4, 3, 3), "l2 is the Euclidean norm"
    yield Case("l1 is the sum of magnitudes", (weight, "l1"), hints=_L1)
    yield Case(norm, (weight, "l2"), hints=_L2)
    yield Case("negative weights count", (-weight.abs() - 0.1, "l1"), hints=_SIGN)
    yield Case("a single channel", (normal(rng, 1, 3, 3, 3), "l2"), hints=_ONE, basis=norm)
    yield Case("kernels of 1 x 1", (sizes(rng, 5, 1, 1, 1), "l1"), hints=_ONE)
    empty = weight.clone()
    empty[int(rng.integers(6))] = 0
    yield Case("an empty channel counts 0", (empty, "l2"), hints=_SCALE, basis=norm)
    neither = ("What should happen with a criterion that is neither?", 'raise ValueError("criterion must be ...").')
    yield refuses("another criterion", (weight, str(rng.choice(["l3", "L1", "L2", "max", ""]))), hints=neither)
    yield keeps_inputs(weight + 0, "l2", probe="after_l1")
