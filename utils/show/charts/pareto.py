"""What a network can do against what it costs, and the front of those that no other beats on both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.ticker import EngFormatter, NullFormatter, NullLocator

from utils.show.charts.labels import place_labels
from utils.show.style import FAINT, PALETTE, Chart, caption, figure

# cost -> (title of the axis, unit that follows the SI prefix)
COSTS = {
    "macs": ("multiply-accumulates for one input (MACs)", ""),
    "size_bytes": ("size of the file (bytes)", "B"),
    "parameters": ("parameters", ""),
    "nonzero": ("parameters that are not zero", ""),
    "peak_activation_bytes": ("peak activation memory (bytes)", "B"),
    "latency_ms": ("median latency (ms)", None),
    "energy_mj": ("energy of one inference (mJ)", None),
}
LOG_FROM = 8  # a range of costs this wide is drawn on a logarithmic axis


def front(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Return the indices of the points that no other point dominates, by rising cost; equal points by their index.

    A point dominates another one if it is no worse in both and better in one. Of equal points all are kept, as by
    `utils.compress.search.pareto_front`.

    >>> front([2, 1, 2, 3], [90, 80, 90, 85])
    [1, 0, 2]
    """
    chosen: list[int] = []
    for at in sorted(range(len(costs)), key=lambda at: (costs[at], -values[at])):
        last = chosen[-1] if chosen else at
        if not chosen or values[at] > values[last] or (costs[at], values[at]) == (costs[last], values[last]):
            chosen.append(at)
    return chosen


def _read(cards: Sequence[Any], attribute: str) -> list[float]:
    """The attribute of each card; refused by name where a card does not have it."""
    values = [getattr(card, attribute) for card in cards]
    if missing := [card.name for card, value in zip(cards, values, strict=True) if value is None]:
        raise ValueError(f"{attribute} of {', '.join(missing)} is not known: measure it first or choose another axis")
    return [float(value) for value in values]


def pareto(cards: Sequence[Any], x: str = "macs", y: str = "metric", finding: str | None = None) -> Chart:
    """Draw cards as points, y against x, with the front as a line; up and left is better.

    x: "macs", "size_bytes", "parameters", "nonzero", "peak_activation_bytes", "latency_ms" or "energy_mj".
    y: an attribute of the cards where more is better. finding: the caption, what the reader should see.

    Raises:
        ValueError: no cards, an unknown cost, or a card without it.
    """
    if not cards or x not in COSTS:
        raise ValueError(f"need cards and one of {', '.join(COSTS)} for x, got {len(cards)} cards and {x!r}")
    title, unit = COSTS[x]
    costs, values = _read(cards, x), _read(cards, y)
    best = front(costs, values)
    others = [at for at in range(len(cards)) if at not in best]
    chart = figure(height=3.8)
    axes = chart.add_subplot()
    log = min(costs) > 0 and max(costs) / min(costs) >= LOG_FROM
    if log:
        axes.set_xscale("log")
        axes.margins(x=0.12, y=0.16)
    else:
        axes.margins(x=0.14, y=0.14)
    at_x, at_y = np.array(costs), np.array(values)
    axes.plot(at_x[best], at_y[best], drawstyle="steps-post", color=PALETTE["blue"], linewidth=1.6, zorder=2)
    axes.scatter(at_x[best], at_y[best], s=52, color=PALETTE["blue"], zorder=3)
    axes.scatter(at_x[others], at_y[others], s=46, marker="D", facecolor="white", edgecolor=FAINT, linewidth=1.5, zorder=3)
    if unit is not None:
        axes.xaxis.set_major_formatter(EngFormatter(unit, sep=" "))
    elif log:
        axes.xaxis.set_major_formatter("{x:g}")
    if log:
        _few_ticks(axes.xaxis, *axes.get_xlim())
    name = getattr(cards[0], "metric_name", y) if y == "metric" else y
    axes.set_ylabel(f"{name} (%)" if name == "accuracy" else name)
    axes.set_xlabel(title)
    corners = [corner for a, b in pairwise(best) for corner in ((costs[a], values[a]), (costs[b], values[a]))]
    corners += [(costs[best[-1]], values[best[-1]])]
    caption(chart, finding or "Filled circles: no other network is both cheaper and better. Up and left is better.")
    order = [*best, *others]
    place_labels(axes, [(costs[at], values[at]) for at in order], [cards[at].name for at in order], corners)
    return chart


def _few_ticks(axis: Any, low: float, high: float) -> None:
    """Ticks at 1, 2, 5 (or only 1) times powers of ten: as many as can be read."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if np.log10(high / low) < 2.5 else (1,)
    axis.set_ticks([step * 10.0**decade for decade in decades for step in steps if low <= step * 10.0**decade <= high])
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
