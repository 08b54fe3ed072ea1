"""Amounts made of parts, one bar each, against limits: where memory goes, and what it has to fit into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from utils.show.style import INK, ON_PAPER, Chart, caption, figure

_FILLS = (("#0072B2", ""), ("#56B4E9", ".."), ("#CC79A7", "xx"), ("#E69F00", "//"), ("#DDDDDD", ""))  # differ in gray and by hatch


def stacks(
    parts: Mapping[str, Mapping[str, float]],
    *,
    x: str,
    limits: Mapping[str, float] | None = None,
    digits: int = 0,
    finding: str = "",
) -> Chart:
    """A bar for each row of `parts` (row -> part -> amount, up to five parts), its sum in figures at its right end.

    limits: name -> amount, drawn as upright lines. The parts are named above the first bar.

    Raises:
        ValueError: no rows, other parts in another row, too many of them, or a negative amount.
    """
    names = list(next(iter(parts.values()), ()))
    if not 0 < len(names) <= len(_FILLS) or any(list(row) != names for row in parts.values()):
        raise ValueError(f"every row needs the same parts, at most {len(_FILLS)}, got {[list(row) for row in parts.values()]}")
    if any(min(row.values()) < 0 for row in parts.values()):
        raise ValueError("amounts must be 0 or more")
    chart = figure(height=1.5 + 0.36 * len(parts))
    axes = chart.add_subplot()
    whole = {name: sum(row.values()) for name, row in parts.items()}
    for at, (name, amounts) in enumerate(parts.items()):
        left = 0.0
        for (part, amount), (color, hatch) in zip(amounts.items(), _FILLS, strict=False):
            axes.barh(at, amount, left=left, color=color, hatch=hatch, edgecolor="white", height=0.66, label=part if not at else None)
            left += amount
        paper: dict[str, Any] = {**ON_PAPER, "alpha": 0.85}
        axes.annotate(f"{whole[name]:,.{digits}f}", (left, at), (5, 0), textcoords="offset points", va="center", fontsize=9.5, bbox=paper)
    bottom = len(parts) - 0.4
    for number, (name, amount) in enumerate((limits or {}).items()):
        axes.axvline(amount, color=INK, linewidth=1.5, linestyle="--")
        words: dict[str, Any] = {"va": "center", "fontsize": 9.5, "bbox": ON_PAPER}
        axes.annotate(name, (amount, bottom + 0.1 + 0.5 * number), (4, 0), textcoords="offset points", **words)
        bottom_of_words = bottom + 0.5 + 0.5 * number
    axes.set_yticks(range(len(parts)), list(parts))
    end = bottom if not limits else bottom_of_words
    axes.set(xlabel=x, xlim=(0, 1.12 * max(*whole.values(), *(limits or {}).values(), 1e-9)), ylim=(end, -0.5))
    axes.grid(axis="y", visible=False)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=len(names), borderaxespad=0.2, fontsize=9.5, handlelength=1.2, columnspacing=1.2
    )
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
