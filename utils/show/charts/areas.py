"""Squares whose areas are the values: what a factor of a thousand looks like."""

from __future__ import annotations

import math
from collections.abc import Mapping

from matplotlib.patches import Rectangle

from utils.show.style import PALETTE, Chart, caption, figure


def areas(values: Mapping[str, float], notes: Mapping[str, str] | None = None, *, finding: str = "") -> Chart:
    """Draw a square for each value, side by side on one line, with its name and a note of a line or two below.

    Raises:
        ValueError: nothing to draw, or a value that is not above 0.
    """
    if not values or min(values.values()) <= 0:
        raise ValueError(f"areas need at least one value and all above 0, got {dict(values)}")
    chart = figure(height=3.0)
    axes = chart.add_subplot()
    largest = max(map(math.sqrt, values.values()))
    at = 0.0
    for name, value in values.items():
        side = math.sqrt(value) / largest
        room = max(side, 0.42)  # for the words below
        left = at + (room - side) / 2
        axes.add_patch(Rectangle((left, 0), side, side, color=PALETTE["blue"], linewidth=0))
        words = f"{name}\n{notes[name]}" if notes and name in notes else name
        axes.annotate(words, (at + room / 2, 0), (0, -6), textcoords="offset points", ha="center", va="top", fontsize=9.5)
        at += room + 0.06
    axes.set(xlim=(-0.02, at - 0.04), ylim=(-0.36, 1.02), aspect="equal")
    axes.axis("off")
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
