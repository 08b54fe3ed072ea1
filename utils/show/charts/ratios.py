"""How many times as long: ratios of times with their intervals, against the line of no difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.ticker import FuncFormatter, NullFormatter

from utils.show.style import FAINT, INK, PALETTE, Chart, caption, figure

Interval = tuple[float, float, float]  # ratio, low, high


def ratios(
    rows: Mapping[str, Sequence[Interval]],
    *,
    x: str,
    controls: Sequence[str] = (),
    finding: str = "",
) -> Chart:
    """A row for each name on a logarithmic axis: a dot for each ratio, a line for its interval, 1 marked.

    rows: name -> one (ratio, low, high) or several, drawn one above the other; without an interval low and high equal the ratio.
    controls: rows drawn open. At the right stands the ratio with its interval, of several the smallest and the largest.

    Raises:
        ValueError: no rows, a row without a ratio, numbers that are not finite and above 0 or not in order, or a control that is no row.
    """
    if not rows or not all(len(row) for row in rows.values()):
        raise ValueError(f"each row needs at least one ratio, got {', '.join(rows) or 'no rows'}")
    if unknown := set(controls) - rows.keys():
        raise ValueError(f"a control must be one of the rows {', '.join(rows)}, got {', '.join(sorted(unknown))}")
    taken = {name: [tuple(float(value) for value in one) for one in row] for name, row in rows.items()}
    for name, row in taken.items():
        for one in row:
            if len(one) != 3 or not all(map(math.isfinite, one)) or not 0 < one[1] <= one[0] <= one[2]:
                raise ValueError(f"{name} has the ratio (ratio, low, high) = {one}: need 0 < low <= ratio <= high")
    chart = figure(height=0.95 + sum(0.3 + 0.045 * len(row) for row in taken.values()))
    axes = chart.add_subplot()
    axes.axvline(1, color=FAINT, linewidth=1.2)
    for at, (name, row) in enumerate(taken.items()):
        color = PALETTE["vermilion"] if name in controls else PALETTE["blue"]
        face = "white" if name in controls else color
        for number, (ratio, low, high) in enumerate(row):
            y = at + 0.6 * ((number + 0.5) / len(row) - 0.5)
            if high > low:
                axes.plot([low, high], [y, y], color=color, linewidth=5 if len(row) == 1 else 2, alpha=0.35, solid_capstyle="butt")
            size = 8 if len(row) == 1 else 4.5
            axes.plot([ratio], [y], "o", color=color, markerfacecolor=face, markeredgewidth=1.4, markersize=size)
        axes.annotate(
            _words(row), (1.02, at), xycoords=("axes fraction", "data"), va="center", color=INK, fontsize=9.5, annotation_clip=False
        )
    axes.set_xscale("log")
    axes.set_xlim(min(0.85, axes.get_xlim()[0]), max(1.18, axes.get_xlim()[1]))  # a hundredth is not drawn as if it were a mile
    low, high = axes.get_xlim()
    marks = [mark for mark in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= mark <= high]
    if len(marks) < 3:
        marks = sorted({*marks, *(mark for mark in (0.7, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2, 1.5, 3) if low <= mark <= high)})
    axes.set_xticks(marks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(taken)), list(taken))
    axes.set(xlabel=x, ylim=(len(taken) - 0.45, -0.55))
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="x", which="minor", length=0)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def _words(row: Sequence[Any]) -> str:
    """One ratio with its interval; of several the smallest and the largest."""
    if len(row) > 1:
        return f"{min(one[0] for one in row):.2f}x to {max(one[0] for one in row):.2f}x"
    ratio, low, high = row[0]
    return f"{ratio:.2f}x" + (f" [{low:.2f}, {high:.2f}]" if high > low else "")
