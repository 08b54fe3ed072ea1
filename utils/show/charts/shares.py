"""Of what a whole is made: bars of equal length cut into shares, the whole written beside them."""

from __future__ import annotations

from collections.abc import Mapping

from utils.show.style import Chart, caption, figure

_FILLS = (("#0072B2", "white", ""), ("#E69F00", "black", "//"), ("#DDDDDD", "black", ""))  # differ in gray and by hatch


def shares(parts: Mapping[str, Mapping[str, float]], totals: Mapping[str, str], *, x: str, finding: str = "") -> Chart:
    """A bar for each row of `parts` (row -> part -> amount, two or three parts), in per cent of its sum.

    totals: row -> what to write at its right end. The parts are named above the first bar.

    Raises:
        ValueError: no rows, other parts in another row, a negative amount or a row of zeros.
    """
    names = list(next(iter(parts.values()), ()))
    if not 1 < len(names) <= len(_FILLS) or any(list(row) != names for row in parts.values()):
        raise ValueError(f"every row needs the same two or three parts, got {[list(row) for row in parts.values()]}")
    if any(min(row.values()) < 0 or not sum(row.values()) > 0 for row in parts.values()):
        raise ValueError("amounts must be 0 or more, and not all of a row 0")
    chart = figure(height=1.15 + 0.36 * len(parts))
    axes = chart.add_subplot()
    for row, (name, amounts) in enumerate(parts.items()):
        left, whole = 0.0, sum(amounts.values())
        for (part, amount), (color, ink, hatch) in zip(amounts.items(), _FILLS, strict=False):
            share = 100 * amount / whole
            axes.barh(row, share, left=left, color=color, hatch=hatch, edgecolor="white", height=0.66, label=part if not row else None)
            if share >= 8:
                box = {"boxstyle": "round,pad=0.15", "facecolor": color, "edgecolor": "none"} if hatch else None
                axes.text(left + share / 2, row, f"{share:.0f} %", ha="center", va="center", color=ink, fontsize=9, bbox=box)
            left += share
        axes.annotate(totals[name], (100, row), (8, 0), textcoords="offset points", va="center", annotation_clip=False)
    axes.set_yticks(range(len(parts)), list(parts))
    axes.set(xlabel=x, xlim=(0, 100), ylim=(len(parts) - 0.5, -0.5))
    axes.grid(visible=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(names), borderaxespad=0.2, fontsize=9.5)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
