"""rewind: the lottery ticket."""

import numpy as np
from torch import Tensor, from_numpy

from utils.compress import pruning
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs


def ticket(initial: np.ndarray, final: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The initial weights where the mask keeps, whatever its dtype."""
    return np.where(mask, initial, 0)


_WHICH = (
    "Which weights does a lottery ticket start from?",
    "From the initial ones where the mask is True; the final ones only gave the mask.",
)
_ZERO = ("What is left where the mask removes?", "Zeros, of the same shape.")
MISTAKES = (
    Mistake("keeps the final weights", lambda initial, final, mask: np.where(mask, final, 0), _WHICH),
    Mistake("inverted", lambda initial, final, mask: np.where(mask, 0, initial), _WHICH),
    Mistake("without the mask", lambda initial, final, mask: initial, _ZERO),
    Mistake("only the kept ones", lambda initial, final, mask: initial[mask.astype(bool)], _ZERO),
    Mistake("the final weights elsewhere", lambda initial, final, mask: np.where(mask, initial, final), _ZERO),
)
STEPS = "Multiply the initial weights by the mask."


@exercise(pruning.rewind, points=1, difficulty=1, minutes=5, core=False, judge=close_to(ticket), mistakes=MISTAKES, steps=STEPS)
def rewind(rng: Rng) -> Cases:
    """rewind(initial, final, mask) -> tensor: initial where the mask keeps, zero elsewhere."""

    def layer(*shape: int) -> tuple[Tensor, Tensor, Tensor]:
        return normal(rng, *shape), normal(rng, *shape), from_numpy(rng.random(shape) < 0.4)

    yield Case("kept weights go back to the start", layer(6, 8), weight=2, hints=_WHICH)
    yield Case("a convolution", layer(4, 3, 3, 3), hints=_WHICH)
    initial, final, mask = layer(5, 5)
    numbers = ("This mask has the numbers 0.0 and 1.0.", "mask.bool() accepts both; ~ works on bools only.")
    yield Case("a mask of numbers", (initial, final, mask.float()), hints=numbers, hints_on_error=True)
    yield Case("a mask that keeps all", (initial, final, mask | True), hints=_WHICH)
    yield Case("a mask that removes all", (initial, final, mask & False), hints=_ZERO)
    yield keeps_inputs(initial, final, mask)
