"""magnitude_mask: which weights of a layer stay."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, contiguous_format, from_numpy, nn, tensor
from torch.nn.utils import prune

from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, exercise, keeps_inputs, takes_parameter
from utils.exercises.lab01.draws import sizes, smallest_negative
from utils.exercises.lab01.masks import NOTHING, SIGN, STAYS, TIES, by_rank, keeps_largest, or_count


def torch_mask(weight: Tensor, sparsity: float) -> Tensor:
    """`magnitude_mask` by torch.nn.utils.prune, which works on the parameters of a module."""
    holder = nn.Module()
    holder.weight = nn.Parameter(weight.detach().clone(memory_format=contiguous_format))
    return prune.l1_unstructured(holder, "weight", round(sparsity * weight.numel())).weight_mask.bool()


def _removing(count: Callable[[float, int], int]) -> Callable[[np.ndarray, float], np.ndarray]:
    """The smallest go, but another number of them. count: (sparsity, number of weights) -> how many."""
    return lambda weight, sparsity: by_rank(np.abs(weight), count(sparsity, weight.size))


def above_threshold(weight: np.ndarray, sparsity: float) -> np.ndarray:
    """Equal weights go together, and zeros always."""
    removed = round(sparsity * weight.size)
    return np.abs(weight) > (np.sort(np.abs(weight).ravel())[removed - 1] if removed else 0)


def _row_by_row(weight: np.ndarray, sparsity: float) -> np.ndarray:
    return np.array([by_rank(np.abs(row), round(sparsity * row.size)) for row in weight]).reshape(weight.shape)


def _positions_for_ranks(weight: np.ndarray, sparsity: float) -> np.ndarray:
    order = np.abs(weight).ravel().argsort(kind="stable")
    return (order >= round(sparsity * weight.size)).reshape(weight.shape)


_COUNT = (
    "Count the False entries of your mask.",
    "Remove exactly round(sparsity * n) weights: int() truncates, and a quantile may lie between two weights.",
)
_EVEN = ("What is round(2.5) in Python?", "2, the even one of both neighbors: int(x + 0.5) gives 3.")
_SHAPE = ("What is the shape of your mask?", "Flatten to order the weights, then give the mask the weight's shape.")
_KEPT = ("Is sparsity the fraction that goes, or the fraction that stays?", "It goes: at 0.3, three of ten weights are removed.")
_ROWS = ("Does each row lose the same fraction?", "It need not: order all weights of the layer together, flatten() first.")
_RANKS = ("What does argsort give?", "The positions of the smallest, the next, ...: use them as an index, not as ranks.")
_FEW = ("Work it through by hand: n is 1, a quarter goes.", "round(0.25) is 0, so the weight stays.")
MISTAKES = (
    Mistake("by value", lambda weight, sparsity: by_rank(weight, round(sparsity * weight.size)), SIGN),
    Mistake("inverted", lambda weight, sparsity: ~by_rank(np.abs(weight), round(sparsity * weight.size)), STAYS),
    Mistake("keeps the fraction", _removing(lambda sparsity, n: n - round(sparsity * n)), _KEPT),
    Mistake("row by row", _row_by_row, _ROWS),
    Mistake("positions for ranks", _positions_for_ranks, _RANKS),
    Mistake("truncates", _removing(lambda sparsity, n: int(sparsity * n)), _COUNT),
    Mistake("one too few", _removing(lambda sparsity, n: max(0, round(sparsity * n) - 1)), _COUNT),
    Mistake("rounds halves up", _removing(lambda sparsity, n: int(sparsity * n + 0.5)), _EVEN, "rounds a half to the even number"),
    Mistake("at least one", _removing(lambda sparsity, n: max(1, round(sparsity * n))), NOTHING),
    Mistake("above a threshold", above_threshold, TIES),
    Mistake("shape", lambda weight, sparsity: by_rank(np.abs(weight), round(sparsity * weight.size)).ravel(), _SHAPE),
)
STEPS = "Count how many weights go. Order the flattened magnitudes (argsort). Mark the smallest as removed. Restore the shape."


@exercise(torch_mask, points=3, difficulty=1, minutes=10, judge=keeps_largest, mistakes=MISTAKES, steps=STEPS)
def magnitude_mask(rng: Rng) -> Cases:
    """magnitude_mask(weight, sparsity) -> bool tensor of the weight's shape."""
    yield Case("keeps the largest half", (sizes(rng, 8, 16), 0.5), weight=2, hints=or_count(STAYS))
    yield Case("counts the magnitude, not the sign", (normal(rng, 6, 10) - 1, 0.3), weight=2, hints=or_count(SIGN))
    yield Case("removes exactly round(sparsity * n)", (sizes(rng, 3, 5), 0.25), hints=_COUNT)
    yield Case("rounds a half to the even number", (sizes(rng, 2, 5), 0.25), hints=_EVEN)
    pairs = float(rng.uniform(0.1, 2)) * tensor([1.0, -1.0] * 6)
    yield Case("splits equal magnitudes", (pairs.view(3, 4), 0.5), hints=TIES)
    zeros = sizes(rng, 40) * from_numpy(rng.permutation(40) < 16)
    yield Case("counts weights that are already zero", (zeros, 0.25), hints=TIES)
    yield Case("sparsity 0 keeps all", (zeros.view(5, 8).double(), 0.0), hints=NOTHING, hints_on_error=True)
    yield Case("98 % of a convolution", (sizes(rng, 8, 6, 3, 3, scale=0.05), 0.98), hints=_COUNT)
    yield Case("a single weight", (sizes(rng, 1), 0.25), hints=_FEW, hints_on_error=True)
    yield takes_parameter(sizes(rng, 4, 9), 0.6)
    yield keeps_inputs(smallest_negative(sizes(rng, 24), 12).view(4, 6), 0.5)
