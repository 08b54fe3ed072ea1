"""Rounding, drawn: the grid over the values, the staircase and what its gradient is taken for, the range of each channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from utils.show.style import FAINT, PALETTE, Chart, caption, direct_label, figure

MAX_LINES = 64  # levels that can still be told apart


def grid_over(axes: Axes, values: Any, levels: Any, *, between: tuple[float, float], x: str = "value") -> None:
    """A histogram of `values` and a line at each of `levels`, the numbers that can be written; for `slider_figure`.

    values, levels: arrays of any shape. between: the part of the axis to show. More than 64 levels in it are only counted.
    """
    values, levels = np.asarray(values, dtype=float).ravel(), np.unique(np.asarray(levels, dtype=float))
    axes.hist(values, bins=81, range=between, color=PALETTE["sky"])
    top = axes.get_ylim()[1]
    seen = levels[(levels >= between[0]) & (levels <= between[1])]
    if len(seen) <= MAX_LINES:
        axes.vlines(seen, 0, top, color="black", linewidth=1 if len(seen) < 40 else 0.6)
    used = len(np.unique(np.abs(values[:, None] - levels).argmin(1))) if len(levels) <= 256 and len(values) <= 20_000 else None
    words = f"{len(levels)} levels" + (f", {used} in use" if used is not None and used < len(levels) else "")
    axes.text(0.98, 0.98, words, transform=axes.transAxes, ha="right", va="top")
    axes.set(xlabel=x, yticks=[], xlim=between, ylim=(0, 1.2 * top))


def staircase(x: Sequence[float], rounded: Sequence[float], gradient: Sequence[float], *, finding: str = "") -> Chart:
    """Rounding as a function, and the slope that training takes it to have.

    x, rounded, gradient: equally long, x ascending.

    Raises:
        ValueError: lengths that differ, or nothing to draw.
    """
    if not len(x) or not len(x) == len(rounded) == len(gradient):
        raise ValueError(f"need three equally long lines, got {len(x)}, {len(rounded)} and {len(gradient)} points")
    chart = figure(height=2.8)
    left, right = chart.subplots(1, 2)
    left.plot(x, x, color=FAINT, linewidth=1)
    left.plot(x, rounded, color=PALETTE["blue"])
    left.set(xlabel="weight", ylabel="rounded weight", title="forward")
    right.axhline(0, color=FAINT, linewidth=1)
    right.plot(x, gradient, color=PALETTE["vermilion"])
    right.set(xlabel="weight", ylabel="gradient that passes", title="backward", ylim=(-0.15, 1.25))
    direct_label(right, x[len(x) // 2], 1, "straight through", PALETTE["vermilion"], dx=0, dy=11, ha="center")
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def ranges(channels: Mapping[str, Any], *, y: str, finding: str = "") -> Chart:
    """The largest magnitude of each channel, ascending, one panel for each entry; the dashed line is the scale they share.

    channels: title -> (n,) positive numbers.

    Raises:
        ValueError: nothing to draw, or a value that is not positive and finite.
    """
    sorted_ = {title: np.sort(np.asarray(values, dtype=float).ravel()) for title, values in channels.items()}
    if not sorted_ or not all(len(values) and values[0] > 0 and np.isfinite(values).all() for values in sorted_.values()):
        raise ValueError("each panel needs at least one range, all positive and finite: leave out channels of zeros")
    chart = figure(height=2.9)
    for panel, (title, values) in zip(np.atleast_1d(chart.subplots(1, len(sorted_), squeeze=False)[0]), sorted_.items(), strict=True):
        panel.bar(range(len(values)), values, width=1.0, color=PALETTE["blue"])
        panel.axhline(values[-1], color=PALETTE["vermilion"], linestyle="--", linewidth=1.5)
        words = f"largest is {values[-1] / np.median(values):.1f}x the median"
        direct_label(panel, 0, values[-1], words, PALETTE["vermilion"], dx=2, dy=-9)
        panel.set(title=title, xlabel="channels, sorted", ylabel=y)
        panel.grid(axis="x", visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
