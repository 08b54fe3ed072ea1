"""One dot for each person: a mean hides those whom a network serves badly."""

from __future__ import annotations

from collections.abc import Mapping

from utils.show.style import FAINT, PALETTE, Chart, caption, direct_label, figure


def people(
    before: Mapping[str, float],
    after: Mapping[str, float] | None = None,
    *,
    x: str,
    names: tuple[str, str] = ("before", "after"),
    finding: str = "",
) -> Chart:
    """A row for each person, the worst at the top: an open dot before, and if given a filled one after, with their numbers.

    A line runs down at the mean of each. names: what the two kinds of dot are called.

    Raises:
        ValueError: nobody, or others after than before.
    """
    if not before or (after is not None and set(after) != set(before)):
        raise ValueError(f"need the same people before and after, at least one, got {list(before)} and {list(after or ())}")
    chart = figure(height=1.0 + 0.27 * len(before))
    axes = chart.add_subplot()
    order = sorted(before, key=lambda who: before[who])
    last = after or before
    for row, who in enumerate(order):
        if after is not None:
            axes.plot([before[who], after[who]], [row, row], color=FAINT, linewidth=1.5, zorder=1)
        axes.plot(before[who], row, "o", color=PALETTE["vermilion"], markerfacecolor="white", markeredgewidth=1.8, markersize=7)
        if after is not None:
            axes.plot(after[who], row, "o", color=PALETTE["blue"], markersize=7)
        words = f"{before[who]:.0f}" if after is None else f"{after[who] - before[who]:+.1f}"
        axes.annotate(words, (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=9.5, annotation_clip=False)
    for values, name, color in ((before, names[0], "vermilion"), *([(after, names[1], "blue")] if after is not None else [])):
        mean = sum(values.values()) / len(values)
        axes.axvline(mean, color=PALETTE[color], linewidth=1, linestyle="--", zorder=0)
        side = -6 if after is not None and values is before else 6
        direct_label(axes, mean, -0.95, f"{name}: mean {mean:.1f}", PALETTE[color], dx=side, fontsize=9)
    low, high = min(*before.values(), *last.values()), max(*before.values(), *last.values())
    margin = 0.06 * max(high - low, 1.0)
    axes.set_yticks(range(len(order)), order)
    axes.set(xlabel=x, ylim=(len(order) - 0.5, -1.4), xlim=(low - margin, high + margin))
    axes.grid(axis="y", visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
