"""Memory over one inference: how much is held while each operation runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from utils.show.style import INK, ON_PAPER, PALETTE, Chart, caption, figure, readable

_COLORS = ("blue", "vermilion", "green")


def timeline(
    held: Mapping[str, Sequence[float]], *, limit: float | None = None, limit_name: str = "", y: str = "memory (kB)", finding: str = ""
) -> Chart:
    """A filled step for each network over its operations, stretched to one width; the peak is marked with its value.

    held: name -> one value an operation, up to three networks. limit: a level, such as the RAM of a device.

    Raises:
        ValueError: no network, more than three, or one without operations.
    """
    if not 0 < len(held) <= len(_COLORS) or not all(len(values) for values in held.values()):
        raise ValueError(f"need one to {len(_COLORS)} networks with an operation each, got {', '.join(held) or 'none'}")
    chart = figure(height=3.1)
    axes = chart.add_subplot()
    for (name, values), color in zip(held.items(), _COLORS, strict=False):
        edges = np.linspace(0, 100, len(values) + 1)
        axes.stairs(values, edges, color=PALETTE[color], fill=True, alpha=0.25)
        axes.stairs(values, edges, color=PALETTE[color], linewidth=2, baseline=None)
        peak = int(np.argmax(values))
        words: dict[str, Any] = {"color": readable(PALETTE[color]), "fontweight": "bold", "ha": "left", "va": "bottom"}
        paper: dict[str, Any] = {**ON_PAPER, "alpha": 0.85}
        axes.annotate(
            f"{name}: peak {values[peak]:.0f}", (edges[peak], values[peak]), (3, 3), textcoords="offset points", bbox=paper, **words
        )
    top = 1.18 * max(max(values) for values in held.values())
    if limit is not None:
        axes.axhline(limit, color=INK, linestyle="--", linewidth=1.5)
        axes.annotate(limit_name, (100, limit), (0, 3), textcoords="offset points", ha="right", va="bottom")
        top = max(top, 1.15 * limit)
    axes.set(xlabel="operations of one inference, from the first to the last (%)", ylabel=y, xlim=(0, 100), ylim=(0, top))
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
