"""low_rank: a matrix as the product of two smaller ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, zeros

from utils.compress import factors
from utils.exercises.draws import between, normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, exercise, keeps_inputs, number, refuses, takes_parameter


def nearest_product(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Two factors of the right shapes whose product is as near as any of that rank, however they share the singular values."""
    weight, rank = inputs
    shapes = (len(weight), rank), (rank, weight.shape[1])
    if type(answer) not in (list, tuple) or len(answer) != 2 or not all(type(one) is np.ndarray for one in answer):
        return Verdict(False, f"two tensors of shapes {shapes[0]} and {shapes[1]}", describe(answer), "shape")
    left, right = answer
    if (left.shape, right.shape) != shapes or any(one.dtype.kind not in "iuf" for one in answer):
        return Verdict(False, f"shapes {shapes[0]} and {shapes[1]}", f"shapes {left.shape} and {right.shape}", "shape")
    with np.errstate(all="ignore"):
        product = left.astype(float) @ right.astype(float)
    size = np.linalg.norm(weight.astype(float)) or 1.0
    error = np.linalg.norm(weight - product) / size
    least = float(np.sqrt(max(0.0, np.linalg.eigvalsh(weight.astype(float) @ weight.T)[: len(weight) - rank].sum()))) / size
    if error <= 1.001 * least + 1e-3:
        return Verdict(True, f"relative error {number(least)}", f"relative error {number(error)}")
    about = (mistake.name for mistake in MISTAKES if _has_product(mistake.made, product, inputs))
    return Verdict(False, f"relative error {number(least)}", f"relative error {number(error)}", next(about, ""))


def _has_product(made: Callable[..., Any], product: np.ndarray, inputs: tuple[Any, ...]) -> bool:
    """Whether a mistake's factors have this product: the factors' own signs depend on the library."""
    found = made(*inputs)
    if type(found) is not tuple or found[0].shape[1:] != found[1].shape[:1]:
        return False
    other = found[0].astype(float) @ found[1].astype(float)
    return other.shape == product.shape and bool(np.allclose(other, product, rtol=1e-3, atol=1e-3 * np.abs(other).max()))


def _from_svd(changed: Callable[..., Any]) -> Callable[[np.ndarray, int], Any]:
    """changed: (left, values, right, rank) -> answer."""
    return lambda weight, rank: changed(*np.linalg.svd(weight, full_matrices=False), rank)


_VALUES = ("What is the product of your factors at full rank?", "The weight itself: each singular value belongs in it exactly once.")
_LARGEST = ("In which order does svd give the singular values?", "From large to small: keep the first `rank`, they carry the most.")
_SHAPE = (
    "Which shapes are asked for?",
    "(out, rank) and (rank, in): the first columns of U, and the first rows of Vh, which is transposed already.",
)
_TURNED = ("Which factor does torch.linalg.svd give transposed?", "Its third result is Vh: take its first rows, not those of V.")
_BEST = ("Is there a nearer product of this rank?", "The singular value decomposition gives the nearest: torch.linalg.svd.")
_ZEROS = ("What is the singular value decomposition of zeros?", "All singular values are 0, so the product is 0: divide by none of them.")
MISTAKES = (
    Mistake("without the singular values", _from_svd(lambda u, s, v, rank: (u[:, :rank], v[:rank])), _VALUES),
    Mistake("singular values in both", _from_svd(lambda u, s, v, rank: (u[:, :rank] * s[:rank], s[:rank, None] * v[:rank])), _VALUES),
    Mistake("keeps the smallest", _from_svd(lambda u, s, v, rank: (u[:, -rank:] * s[-rank:], v[-rank:])), _LARGEST),
    Mistake("rows of V", _from_svd(lambda u, s, v, rank: (u[:, :rank] * s[:rank], v.T[:rank])), _TURNED),
    Mistake("cuts columns", lambda weight, rank: (weight[:, :rank], np.eye(weight.shape[1])[:rank]), _BEST),
    Mistake("does not cut", _from_svd(lambda u, s, v, rank: (u * s, v)), _SHAPE),
    Mistake("turned round", _from_svd(lambda u, s, v, rank: (u[:, :rank] * s[:rank], v[:rank].T)), _SHAPE),
    Mistake("the product", _from_svd(lambda u, s, v, rank: (u[:, :rank] * s[:rank]) @ v[:rank]), _SHAPE),
)
_ABOUT = {"shape": _SHAPE}
STEPS = (
    "Refuse a rank that does not fit. Take torch.linalg.svd(weight, full_matrices=False). Keep the first columns of U, the first "
    "singular values and the first rows of Vh, and multiply the singular values into one of the two."
)


@exercise(factors.low_rank, points=3, difficulty=2, minutes=10, judge=nearest_product, mistakes=MISTAKES, hints_for=_ABOUT, steps=STEPS)
def low_rank(rng: Rng) -> Cases:
    """low_rank(weight, rank) -> (left, right)."""

    def case(name: str, weight: Tensor, rank: int, hints: tuple[str, ...], weighs: float = 1) -> Case:
        return Case(name, (weight, rank), weight=weighs, hints=hints, hints_on_error=True)

    yield case("a square matrix", normal(rng, 12, 12), 4, _VALUES, 2)
    yield case("more rows than columns", normal(rng, 20, 7), between(rng, 2, 4), _SHAPE)
    yield case("more columns than rows", normal(rng, 6, 25), 3, _SHAPE)
    yield case("rank 1", normal(rng, 9, 8), 1, _SHAPE)
    yield case("full rank", normal(rng, 8, 11), 8, _VALUES)
    yield case("a matrix that has this rank", normal(rng, 15, 3) @ normal(rng, 3, 15), 3, _BEST)
    yield case("a matrix of zeros", zeros(between(rng, 4, 39), 5), 2, _ZEROS, 0.5)
    yield refuses("rank 0", (normal(rng, 5, 6), 0), weight=0.5)
    yield refuses("a rank above both sides", (normal(rng, 7, 5), 6), weight=0.5)
    yield takes_parameter(normal(rng, 8, 10), 3)
    yield keeps_inputs(normal(rng, 7, 9), 2)
