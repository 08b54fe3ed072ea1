"""Every run of every network as a dot, so that the tail can be seen, not only its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter

from utils.show.style import PALETTE, Chart, caption, figure


def latencies(
    samples_ms: Mapping[str, Sequence[float]],
    marks_ms: Mapping[str, Sequence[float]],
    *,
    notes: Mapping[str, str] | None = None,
    controls: Sequence[str] = (),
    finding: str = "",
) -> Chart:
    """A row of dots for each network on a logarithmic axis, with its p50, p95 and p99 as strokes.

    marks_ms: name -> (p50, p95, p99). notes: a few words at the right of a row. controls: rows in another color.

    Raises:
        ValueError: no rows, a row without samples or without its three marks.
    """
    if not samples_ms or not all(len(values) for values in samples_ms.values()):
        raise ValueError("each row needs at least one sample: time the networks first")
    if wrong := [name for name in samples_ms if len(marks_ms.get(name, ())) != 3]:
        raise ValueError(f"{wrong[0]} needs its p50, p95 and p99, got {marks_ms.get(wrong[0])}")
    chart = figure(height=0.95 + 0.56 * len(samples_ms))
    axes = chart.add_subplot()
    scatter = np.random.default_rng(0)
    for row, (name, values) in enumerate(samples_ms.items()):
        color = PALETTE["vermilion" if name in controls else "blue"]
        axes.plot(values, row + scatter.uniform(-0.2, 0.2, len(values)), "o", color=color, markersize=3, alpha=0.25, markeredgewidth=0)
        for mark, half, width in zip(marks_ms[name], (0.36, 0.28, 0.28), (3, 1.5, 1.5), strict=True):
            axes.plot([float(mark)] * 2, [row - half, row + half], color="black", linewidth=width)
        p50, p95, _ = map(float, marks_ms[name])
        for mark, words, side in ((p50, f"{p50:.3g}", "right"), (p95, f"p95 {p95:.3g}", "left")):
            axes.annotate(words, (mark, row - 0.36), (0, 0), textcoords="offset points", ha=side, va="bottom", fontsize=9)
        if notes and name in notes:
            axes.annotate(notes[name], (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=9.5, annotation_clip=False)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(samples_ms)), list(samples_ms))
    axes.set(xlabel="milliseconds of one inference; strokes: p50, p95, p99", ylim=(len(samples_ms) - 0.45, -0.75))
    axes.grid(axis="y", visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
