"""Judges of masks: what a mask must satisfy, whatever it does among ties; and the hints that masks share.

None of them calls `utils.compress`: an error there would be judged right.
"""

from typing import Any

import numpy as np

from utils.exercises.kit import Hints, Verdict, as_mask, describe, number

SIGN: Hints = ("Is -3 a large weight or a small one?", "Compare absolute values: the sign says nothing about the magnitude.")
TIES: Hints = (
    "Many of these weights have the same magnitude.",
    "A threshold takes all equal weights or none: order them and take as many as you need.",
)
NOTHING: Hints = ("What is removed at sparsity 0?", "Nothing, so there is no threshold: a weight of zero stays, too.")
COUNT: Hints = (
    "Count the False entries of your mask, and compare with the number above.",
    "sparsity is the fraction of the weights that go: round(sparsity * n) of n. It is not a threshold, and not the fraction that stays.",
)
STAYS: Hints = (
    "Which weights change the output least when they are set to zero?",
    "The small ones: the mask is True where a weight stays, not where it goes.",
)


def keeps_largest(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (weight, sparsity). Exactly round(sparsity * n) removed, none larger than one that stays; about "shape" if it is that."""
    weight, sparsity = inputs
    mask, fault = as_mask(answer, weight.shape)
    return _judge_masks([weight], sparsity, None if mask is None else [mask], fault)


def keeps_largest_of_all(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (weights, sparsity). The same over all tensors of a dict together."""
    weights, sparsity = inputs
    if type(answer) is not dict or set(answer) != set(weights):
        return Verdict(False, f"a dict of masks: {', '.join(weights)}", describe(answer), "shape")
    masks = []
    for name, weight in weights.items():
        mask, fault = as_mask(answer[name], weight.shape)
        if mask is None:
            return _judge_masks(list(weights.values()), sparsity, None, f"{name}: {fault}")
        masks.append(mask)
    return _judge_masks(list(weights.values()), sparsity, masks, "")


def _judge_masks(weights: list[np.ndarray], sparsity: float, masks: list[np.ndarray] | None, fault: str) -> Verdict:
    size = np.abs(np.concatenate([weight.ravel() for weight in weights]))
    wanted = round(sparsity * size.size)
    expected = f"{wanted} of {size.size} removed{', the smallest' if wanted else ''}"
    if masks is None:
        return Verdict(False, expected, fault, "shape" if "of shape" in fault else "not a mask")
    kept = np.concatenate([mask.ravel() for mask in masks])
    removed = int((~kept).sum())
    if removed != wanted:
        return Verdict(False, expected, f"{removed} of {size.size} removed")
    if removed and kept.any() and size[~kept].max() > size[kept].min():
        return Verdict(False, expected, f"magnitude {number(size[~kept].max())} removed while {number(size[kept].min())} stays")
    return Verdict(True, expected, expected)


def keeps_n_of_m(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (weight,) or (weight, n, m). In each group of m consecutive inputs exactly the n largest stay."""
    weight, n, m = inputs if len(inputs) == 3 else (*inputs, 2, 4)
    expected = f"{n} of every {m} consecutive inputs stay, the largest"
    mask, fault = as_mask(answer, weight.shape)
    if mask is None:
        return Verdict(False, expected, fault, "shape" if "of shape" in fault else "not a mask")
    for row, (size, stays) in enumerate(zip(np.abs(weight).reshape(-1, m), mask.reshape(-1, m), strict=True)):
        begin = row * m % weight.shape[1]
        where = f"output {row * m // weight.shape[1]}, inputs {begin} to {begin + m - 1}"
        if stays.sum() != n:
            return Verdict(False, expected, f"{int(stays.sum())} stay in {where}")
        if n < m and size[~stays].max() > size[stays].min():
            pair = f"magnitude {number(size[~stays].max())} removed, {number(size[stays].min())} stays"
            return Verdict(False, expected, f"{pair} in {where}")
    return Verdict(True, expected, expected)


def or_count(hints: Hints) -> Any:
    """These hints, and those about the count where another number of weights is removed than should be."""
    return tuple(lambda inputs, expected, got, pair=pair: pair[got.endswith("removed")] for pair in zip(hints, COUNT, strict=True))


def by_rank(scores: np.ndarray, removed: int) -> np.ndarray:
    """A mask of the scores' shape without the `removed` lowest."""
    rank = scores.ravel().argsort(kind="stable").argsort(kind="stable")
    return (rank >= removed).reshape(scores.shape)
