"""Weights as pictures: which are zero, which filters went, which layers mind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from utils.show.style import INK, Chart, caption, figure


def _matrix(weight: Any) -> np.ndarray:
    """(out, in * kh * kw) magnitudes of a tensor or array."""
    array = np.asarray(weight.detach() if hasattr(weight, "detach") else weight)
    return np.abs(array.reshape(len(array), -1))


def weight_maps(weights: Mapping[str, Any], *, rows: int = 48, columns: int = 96, finding: str = "") -> Chart:
    """The same corner of several weights: dark is large, white is exactly zero.

    weights: title -> (out, in, kh, kw) or (out, in). A row is one filter.
    """
    chart = figure(height=0.8 + 2.6 * len(weights) / 2 if len(weights) > 2 else 2.5)
    for at, (title, weight) in enumerate(weights.items()):
        part = _matrix(weight)[:rows, :columns]
        shade = np.where(part > 0, 0.25 + 0.75 * np.clip(part / max(np.quantile(part[part > 0], 0.95), 1e-12), 0, 1), 0.0)
        axes = chart.add_subplot(1, len(weights), at + 1)
        axes.imshow(shade, cmap="gray_r", vmin=0, vmax=1.1, aspect="auto", interpolation="nearest")
        axes.set(title=title, xlabel="inputs", ylabel="filters" if not at else "", xticks=[], yticks=[])
        axes.grid(visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def filter_maps(pairs: Mapping[str, tuple[Any, Any]], *, finding: str = "") -> Chart:
    """Two layers in a row, before and after surgery: size of each kernel, one dot for each (output, input).

    pairs: title -> (weight that makes the channels (out, in, kh, kw), weight that reads them (next, out, kh, kw)).
    All panels have one scale, so a smaller tensor is drawn smaller.
    """
    chart = figure(height=2.75)
    norms = {title: [np.sqrt((np.asarray(w) ** 2).sum((2, 3))) for w in pair] for title, pair in pairs.items()}
    width = max(norm.shape[1] for pair in norms.values() for norm in pair)
    height = max(norm.shape[0] for pair in norms.values() for norm in pair)
    top = max(np.quantile(norm, 0.99) for pair in norms.values() for norm in pair)
    for row, (title, pair) in enumerate(norms.items()):
        for column, (norm, role) in enumerate(zip(pair, ("makes the channels", "reads them"), strict=True)):
            axes = chart.add_subplot(1, 2 * len(norms), 2 * row + column + 1)
            axes.imshow(norm, cmap="gray_r", vmin=0, vmax=top, interpolation="nearest")
            axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), xticks=[], yticks=[])
            axes.set_title(f"{title}:\n{role}\n{norm.shape[0]} x {norm.shape[1]}", fontsize=9.5)
            axes.grid(visible=False)
            for side in axes.spines.values():
                side.set_visible(False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def heat_map(
    table: Mapping[str, Sequence[float]], columns: Sequence[str], *, x: str, unit: str, digits: int = 0, finding: str = ""
) -> Chart:
    """A table of numbers, each in its cell; darker is lower, so that trouble stands out.

    table: row name -> one number for each column. unit: what the numbers are, such as "accuracy (%)".

    Raises:
        ValueError: no rows, or a row of another length than `columns`.
    """
    if not table or any(len(row) != len(columns) for row in table.values()):
        raise ValueError(f"each row needs {len(columns)} numbers, got {[len(row) for row in table.values()]}")
    numbers = np.array(list(table.values()), dtype=float)
    chart = figure(height=1.0 + 0.25 * len(table))
    axes = chart.add_subplot()
    axes.imshow(numbers, cmap="gray", aspect="auto", vmin=numbers.min() - 0.3 * np.ptp(numbers), vmax=numbers.max())
    middle = numbers.min() + 0.25 * np.ptp(numbers)
    for (row, column), number in np.ndenumerate(numbers):
        axes.text(column, row, f"{number:.{digits}f}", ha="center", va="center", fontsize=9, color="white" if number < middle else INK)
    axes.set_yticks(range(len(table)), list(table))
    axes.set_xticks(range(len(columns)), list(columns))
    axes.set(xlabel=x, title=unit)
    axes.grid(visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
