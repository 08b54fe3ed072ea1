"""The inputs of lab 01: weights as a layer has them, float32."""

from torch import Tensor

from utils.exercises.draws import normal
from utils.exercises.kit import Rng


def sizes(rng: Rng, *shape: int, scale: float = 1.0) -> Tensor:
    """Positive weights: for the cases that are about something else than the sign, so that one mistake costs one case."""
    return normal(rng, *shape, scale=scale).abs() + 0.01 * scale


def smallest_negative(positive: Tensor, count: int) -> Tensor:
    """Of each row the `count` smallest become negative: abs_() would change them, and to forget abs() changes no mask."""
    return positive.scatter(-1, smallest := positive.topk(count, largest=False).indices, -positive.gather(-1, smallest))
