"""Lab 01's judges: what a mask must satisfy, and a slow convolution to compare two networks with.

None of them calls `utils.compress`: an error there would be judged right.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from utils.exercises.judges import Verdict, as_mask, describe, difference, number, short
from utils.exercises.outside import Answers


def keeps_largest(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (weight, sparsity). Exactly round(sparsity * n) removed, none larger than one that stays.

    Verdicts are about "shape" or "count", where it is that.
    """
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
        return Verdict(False, expected, fault, "shape" if "of shape" in fault else "")
    kept = np.concatenate([mask.ravel() for mask in masks])
    removed = int((~kept).sum())
    if removed != wanted:
        return Verdict(False, expected, f"{removed} of {size.size} removed", "count" if abs(removed - wanted) == 1 else "")
    if removed and kept.any() and size[~kept].max() > size[kept].min():
        return Verdict(False, expected, f"magnitude {number(size[~kept].max())} removed while {number(size[kept].min())} stays")
    return Verdict(True, expected, expected)


def keeps_n_of_m(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (weight,) or (weight, n, m). In each group of m consecutive inputs exactly the n largest stay."""
    weight, n, m = inputs if len(inputs) == 3 else (*inputs, 2, 4)
    expected = f"{n} of every {m} consecutive inputs stay, the largest"
    mask, fault = as_mask(answer, weight.shape)
    if mask is None:
        return Verdict(False, expected, fault)
    for row, (sizes, stays) in enumerate(zip(np.abs(weight).reshape(-1, m), mask.reshape(-1, m), strict=True)):
        where = f"output {row * m // weight.shape[1]}, inputs {row * m % weight.shape[1]} to {row * m % weight.shape[1] + m - 1}"
        if stays.sum() != n:
            return Verdict(False, expected, f"{int(stays.sum())} stay in {where}")
        if n < m and sizes[~stays].max() > sizes[stays].min():
            return Verdict(
                False, expected, f"magnitude {number(sizes[~stays].max())} removed, {number(sizes[stays].min())} stays in {where}"
            )
    return Verdict(True, expected, expected)


def convolve(image: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """A convolution without padding, slowly. image: (in, h, w), weight: (out, in, kh, kw) -> (out, h - kh + 1, w - kw + 1)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, weight.shape[2:], axis=(1, 2))
    result = np.einsum("chwij,ocij->ohw", windows, weight)
    return result if bias is None else result + bias[:, None, None]


def computes_the_same(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (conv_weight, conv_bias, next_weight, keep). Two smaller convolutions with a ReLU between.

    They must give what the original gives when the removed channels are set to zero after the ReLU.
    Verdicts are about "axes" (one is missing), "bias" (only its shape is wrong) or "values" (no shape is).
    """
    first, bias, second, keep = (None if value is None else value.astype(float) for value in inputs)
    assert first is not None and second is not None and keep is not None
    kept = keep.astype(int)
    shapes = [(kept.size, *first.shape[1:]), None if bias is None else (kept.size,), (second.shape[0], kept.size, *second.shape[2:])]
    expected = f"shapes {shapes[0]}, {shapes[1]}, {shapes[2]}, and the same output"
    if type(answer) not in (list, tuple) or len(answer) != 3:
        return Verdict(False, expected, describe(answer))
    for part, shape, optional in zip(answer, shapes, (False, bias is None, False), strict=True):
        wanted = (kept.size,) if shape is None else shape  # a bias of zeros in place of None computes the same
        if not (optional and part is None) and (type(part) is not np.ndarray or part.shape != wanted):
            found = [part.shape if type(part) is np.ndarray else describe(part) for part in answer]
            return Verdict(False, expected, f"shapes {', '.join(map(str, found))}", _about_shapes(found, shapes))
    side = first.shape[2] + second.shape[2] + 2
    image = np.random.default_rng(0).normal(size=(first.shape[1], side, side))
    hidden = np.maximum(convolve(image, first, bias), 0)
    hidden[np.setdiff1d(np.arange(len(first)), kept)] = 0
    wanted_output = convolve(hidden, second, None)
    with np.errstate(all="ignore"):
        output = convolve(np.maximum(convolve(image, answer[0], answer[1]), 0), answer[2], None)
    fault = difference(output, wanted_output, rtol=1e-3, atol=1e-4)
    if fault is not None:
        return Verdict(False, expected, "the shapes are right, the output of the second layer differs", "values")
    return Verdict(True, expected, expected)


def _about_shapes(found: list[Any], wanted: list[Any]) -> str:
    if found[0] == wanted[0] and found[2] == wanted[2]:
        return "bias"
    return "axes" if any(type(found[at]) is tuple and len(found[at]) < 4 for at in (0, 2)) else ""


Table = dict[str, list[float]]  # name -> a result for each sparsity


def table_of(table: Table, sparsities: Sequence[float]) -> Answers:
    """What answers the probe `look_up`: table[name][index of the sparsity]."""

    def evaluate(*asked: Any) -> float:
        at = _place(asked, table, sparsities)
        if at is None:
            what = ", ".join(short(repr(one), 60) for one in asked)
            raise ValueError(f"evaluate was asked for ({what}): ask for one of the names and one of the sparsities given")
        return table[at[0]][at[1]]

    return evaluate


def asks_once(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (names, sparsities), probe `look_up`. Whatever comes back, each value was asked for once."""
    names, sparsities = inputs
    expected = "evaluate called once for each pair"
    counts = {name: [0] * len(sparsities) for name in names}
    for asked in answer["asked"]:
        if (at := _place(asked, counts, sparsities)) is not None:
            counts[at[0]][at[1]] += 1
    fault = difference(counts, {name: [1] * len(sparsities) for name in names})
    return Verdict(fault is None, expected, f"number of calls for {fault}" if fault else expected)


def _place(asked: tuple[Any, ...], names: Container[str], sparsities: Sequence[float]) -> tuple[str, int] | None:
    """The name and the index of the sparsity that was asked for; a sparsity may have been through float32."""
    if len(asked) != 2 or type(asked[0]) is not str or asked[0] not in names or type(asked[1]) not in (int, float):
        return None
    return next(((asked[0], at) for at, sparsity in enumerate(sparsities) if abs(asked[1] - sparsity) < 1e-6), None)
