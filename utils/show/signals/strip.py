"""A strip of short signals side by side, such as heartbeats, with what a network says of each below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from utils.show.style import FAINT, INK, PALETTE, Chart, caption, figure, readable

_COLORS = ("vermilion", "blue", "green", "purple", "orange")


def strip(
    signals: np.ndarray | Sequence[Sequence[float]],
    marks: Sequence[str],
    doubts: Sequence[float],
    *,
    a_row: int = 12,
    y: str = "signal",
    finding: str = "",
) -> Chart:
    """Signals one behind the other, `a_row` in a row; under each a bar for the doubt about it.

    signals: (n, size) numbers. marks: a short text above each signal, "" for none; each text has its color, also with a star at
    its end. doubts: (n,) between 0 and 1, the height of the bar.

    Raises:
        ValueError: no signals, values that are not finite, not as many marks and doubts as signals, or a doubt outside 0..1.
    """
    rows = np.asarray(signals, dtype=float)
    if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
        raise ValueError(f"signals must be (n, size) finite numbers with at least one, got shape {rows.shape}")
    if not len(rows) == len(marks) == len(doubts) or not all(0 <= one <= 1 for one in doubts):
        raise ValueError(f"need a mark and a doubt in 0..1 for each of {len(rows)} signals, got {len(marks)} and {len(doubts)}")
    plain = [mark.rstrip("*") for mark in marks]
    kinds = list(dict.fromkeys(mark for mark in plain if mark))
    colors: Mapping[str, str] = {kind: PALETTE[_COLORS[at % len(_COLORS)]] for at, kind in enumerate(kinds)}
    lines = -(-len(rows) // a_row)
    chart = figure(height=0.5 + 1.25 * lines)
    size, low, high = rows.shape[1], float(rows.min()), float(rows.max())
    bar = 0.3 * (high - low)
    for line in range(lines):
        axes = chart.add_subplot(lines, 1, line + 1)
        for place, at in enumerate(range(line * a_row, min(len(rows), (line + 1) * a_row))):
            color = colors.get(plain[at], INK)
            axes.plot(np.arange(size) + place * size, rows[at], color=color, linewidth=1.4 if plain[at] else 0.9)
            axes.bar((place + 0.5) * size, bar * doubts[at], 0.8 * size, low - 1.3 * bar, color=color, alpha=0.75 if plain[at] else 0.35)
            axes.text((place + 0.5) * size, high, marks[at], ha="center", va="bottom", fontsize=8.5, color=readable(color))
        axes.axhline(low - 1.3 * bar, color=FAINT, linewidth=0.8)
        axes.set(xlim=(0, a_row * size), ylim=(low - 1.35 * bar, high + 0.5 * bar), xticks=[])
        axes.set_yticks([low - 0.9 * bar, (low + high) / 2], ["doubt", y])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
