"""Results over several seeds: every run is a dot, so that a difference can be seen against the spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from utils.show.style import FAINT, INK, PALETTE, Chart, caption, figure


def seeds(
    results: Mapping[str, Sequence[float]],
    *,
    x: str,
    notes: Mapping[str, str] | None = None,
    controls: Sequence[str] = (),
    tolerance: float | None = None,
    finding: str = "",
) -> Chart:
    """One row for each name: a dot for each seed, a bar at their mean, the mean in figures.

    The first row is the one to compare with: a line runs down from its mean, and a second one
    `tolerance` to the left of it. notes: a few words at the right of a row. controls: rows drawn open.

    Raises:
        ValueError: no rows, or a row without results.
    """
    if not results or not all(len(values) for values in results.values()):
        raise ValueError(f"each row needs at least one result, got {dict(results)}")
    chart = figure(height=0.85 + 0.36 * len(results))
    axes = chart.add_subplot()
    means = [sum(values) / len(values) for values in results.values()]
    axes.axvline(means[0], color=FAINT, linewidth=1)
    if tolerance:
        axes.axvline(means[0] - tolerance, color=FAINT, linewidth=1, linestyle=":")
        axes.annotate(f"{tolerance:g} points", (means[0] - tolerance, -0.62), (-3, 0), textcoords="offset points", ha="right", fontsize=8.5)
    for row, (name, values) in enumerate(results.items()):
        color = PALETTE["vermilion"] if name in controls else PALETTE["blue"]
        fill = "white" if name in controls else color
        axes.plot(values, [row] * len(values), "o", color=color, markerfacecolor=fill, markeredgewidth=1.5, alpha=0.85, clip_on=False)
        axes.plot([means[row]] * 2, [row - 0.28, row + 0.28], color=color, linewidth=2.5)
        words = f"{means[row]:.2f}" + (f"   {notes[name]}" if notes and name in notes else "")
        axes.annotate(words, (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=9.5, color=INK, annotation_clip=False)
    axes.set_yticks(range(len(results)), list(results))
    axes.set(xlabel=x, ylim=(len(results) - 0.5, -0.75))
    axes.grid(axis="y", visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
