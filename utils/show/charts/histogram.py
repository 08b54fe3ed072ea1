"""Where the weights of a layer lie, and which of them are removed."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, MaxNLocator

from utils.show.style import FAINT, PALETTE, Chart, figure


def _flat(values: Any) -> np.ndarray:
    detached = values.detach() if hasattr(values, "detach") else values
    return np.asarray(detached).ravel()


def weight_histogram(before: Any, keep: Any, after: Any = None, *, name: str = "weights", bins: int = 61) -> Chart:
    """Histogram of weights with the removed part hatched; beside it, if given, the weights that are left after training on.

    before, after: weights of any shape; keep: same shape, true (or not zero) where a weight stays.

    Raises:
        ValueError: different shapes or no weights.
    """
    weights, kept = _flat(before), _flat(keep).astype(bool)
    final = None if after is None else _flat(after)
    if not weights.size or kept.shape != weights.shape or (final is not None and final.shape != weights.shape):
        raise ValueError(
            f"before, keep and after need one shape with elements, got {np.shape(before)}, {np.shape(keep)}, {np.shape(after)}"
        )
    reach = max(np.abs(weights).max(), 0 if final is None else np.abs(final).max()) or 1.0
    edges = np.linspace(-reach, reach, bins + 1)
    chart = figure(height=2.9)
    axes = chart.add_subplot(1, 1 if final is None else 2, 1)
    stays, goes = weights[kept], weights[~kept]
    counts, _ = np.histogram(stays, edges)
    removed, _ = np.histogram(goes, edges)
    axes.stairs(counts + removed, edges, baseline=counts, fill=True, facecolor="#E8E8E8", edgecolor=FAINT, hatch="////", linewidth=0)
    axes.stairs(counts, edges, fill=True, color=PALETTE["blue"])
    _finish(axes, f"{name}: {100 * goes.size / weights.size:.1f} % removed (hatched)")
    if final is not None:
        left = final[final != 0]
        axes = chart.add_subplot(1, 2, 2, sharex=axes)
        axes.stairs(np.histogram(left, edges)[0], edges, fill=True, color=PALETTE["blue"])
        _finish(axes, f"after: {left.size:,} left, zeros not drawn")
    return chart


def _finish(axes: Axes, title: str) -> None:
    axes.set(xlabel="value of the weight", ylabel="number of weights")
    axes.set_title(title, fontsize=10)
    axes.yaxis.set_major_formatter(EngFormatter(sep=" "))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
