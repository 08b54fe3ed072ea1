"""global_masks: the masks of all layers by one threshold."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, contiguous_format, nn, tensor, zeros
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, exercise, keeps_inputs, takes_parameter
from utils.exercises.lab01.draws import sizes
from utils.exercises.lab01.magnitude_mask import above_threshold, torch_mask
from utils.exercises.lab01.masks import NOTHING, SIGN, STAYS, TIES, by_rank, keeps_largest_of_all, or_count

Weights = dict[str, np.ndarray]


def torch_masks(weights: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    """`global_masks` by torch.nn.utils.prune: its global pruning is this, on all weights joined."""
    copies = [nn.Parameter(weight.detach().clone(memory_format=contiguous_format)) for weight in weights.values()]
    vector_to_parameters(torch_mask(parameters_to_vector(copies), sparsity).to(copies[0].dtype), copies)
    return {name: copy.detach().bool() for name, copy in zip(weights, copies, strict=True)}


def _joined(mask: Callable[[np.ndarray, float], np.ndarray], shaped: bool = True) -> Callable[[Weights, float], Weights]:
    """Masks that are pieces of one mask of all weights."""

    def made(weights: Weights, sparsity: float) -> Weights:
        ends = np.cumsum([weight.size for weight in weights.values()])[:-1]
        pieces = np.split(mask(np.concatenate([weight.ravel() for weight in weights.values()]), sparsity), ends)
        return {name: piece.reshape(weights[name].shape) if shaped else piece for name, piece in zip(weights, pieces, strict=True)}

    return made


def _layer_by_layer(weights: Weights, sparsity: float) -> Weights:
    return {name: by_rank(np.abs(weight), round(sparsity * weight.size)) for name, weight in weights.items()}


def _rounded_layer_by_layer(weights: Weights, sparsity: float) -> Weights:
    removed = sum(round(sparsity * weight.size) for weight in weights.values())
    return _joined(lambda joined, _: by_rank(np.abs(joined), removed))(weights, sparsity)


def _magnitudes(joined: np.ndarray, sparsity: float) -> np.ndarray:
    return by_rank(np.abs(joined), round(sparsity * joined.size))


def _same_piece(weights: Weights, sparsity: float) -> Weights:
    """Every mask begins where the first one does."""
    joined = _magnitudes(np.concatenate([weight.ravel() for weight in weights.values()]), sparsity)
    return {name: joined[: weight.size].reshape(weight.shape) for name, weight in weights.items()}


_PIECES = ("Where does the second layer's mask begin?", "Where the first one ends: move the start by each weight's numel(), or use split.")
_ONE = ("Should each layer lose the same fraction?", "Join all weights first, then find one threshold.")
_WHOLE = ("May a layer lose all its weights?", "With one threshold it may: here the small layer goes first.")
_COUNT = (
    "Count the False entries of all masks together.",
    "round(sparsity * total) for all tensors together: rounding layer by layer adds up to another number.",
)
_SHAPE = (
    "Which names and shapes has your answer?",
    "Cut the joined mask into pieces of the weights' sizes, and give each the shape and the name of its weight.",
)
MISTAKES = (
    Mistake("rounds layer by layer", _rounded_layer_by_layer, _COUNT),
    Mistake("inverted", _joined(lambda joined, sparsity: ~_magnitudes(joined, sparsity)), STAYS),
    Mistake("the same piece", _same_piece, _PIECES),
    Mistake("layer by layer", _layer_by_layer, _ONE),
    Mistake("by value", _joined(lambda joined, sparsity: by_rank(joined, round(sparsity * joined.size))), SIGN),
    Mistake("above a threshold", _joined(above_threshold), TIES),
    Mistake("truncates", _joined(lambda joined, sparsity: by_rank(np.abs(joined), int(sparsity * joined.size))), _COUNT),
    Mistake("shape", _joined(_magnitudes, shaped=False), _SHAPE),
)
STEPS = (
    "Join the flattened weights (torch.cat). Make one mask: you have a function for that. Cut it into pieces of the right sizes "
    "(split), and give each the shape of its weight."
)


@exercise(torch_masks, points=3, difficulty=2, minutes=10, judge=keeps_largest_of_all, mistakes=MISTAKES, steps=STEPS)
def global_masks(rng: Rng) -> Cases:
    """global_masks(weights, sparsity) -> dict of bool tensors, one threshold over all."""
    names = rng.permutation(["stem", "block", "conv1", "conv2", "shortcut", "head"]).tolist()
    layers = dict(zip(names, (sizes(rng, 4, 3, 3, 3), sizes(rng, 10, 12, scale=0.4), sizes(rng, 20, scale=2.0)), strict=False))
    yield Case("one threshold for all layers", (layers, 0.5), weight=2, hints=or_count(_ONE))
    yield Case("90 % of all weights", (layers, 0.9), hints=_ONE)
    small = {names[0]: sizes(rng, 3, 4, scale=0.001), names[1]: sizes(rng, 6, 6) + 1}
    yield Case("a layer may lose everything", (small, 0.25), hints=_WHOLE)
    yield Case("counts the magnitude, not the sign", ({"a": normal(rng, 5, 5) - 1, "b": normal(rng, 15)}, 0.4), weight=2, hints=SIGN)
    yield Case("removes exactly round(sparsity * total)", ({name: sizes(rng, 3) for name in names[:5]}, 0.25), hints=_COUNT)
    equal = float(rng.uniform(0.1, 2))
    yield Case("splits equal magnitudes", ({"a": zeros(6) + equal, "b": zeros(1, 4) - equal}, 0.5), hints=TIES)
    with_zeros = {names[0]: tensor([0.0, equal]), names[1]: zeros(1, 1)}
    yield Case("sparsity 0 keeps all", (with_zeros, 0.0), hints=NOTHING, hints_on_error=True)
    yield takes_parameter(layers, 0.3)
    yield keeps_inputs({names[0]: -small[names[0]], names[1]: small[names[1]]}, 0.25)  # to forget abs() changes no mask
