"""Lines over a common axis, named at their ends; bars that carry their numbers; promise against measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from utils.show.style import FAINT, ON_PAPER, PALETTE, Chart, caption, figure, label_lines

_STYLES = [("blue", "o", "-"), ("vermilion", "s", "--"), ("green", "^", "-."), ("black", "D", ":")]


class Ratio(Protocol):
    """A median with its interval, as `utils.measure.Ratio`; figures know no other part of the project."""

    median: float
    low: float
    high: float


def curves(
    x_values: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    x: str,
    y: str,
    finding: str = "",
    reference: float | None = None,
    height: float = 3.2,
) -> Chart:
    """Up to four lines over the same points; line style and marker differ too, so gray is enough.

    x, y: what the axes show, with the unit. finding: the sentence below. reference: a level to compare with.

    Raises:
        ValueError: no lines, more than four, or one of another length than `x_values`.
    """
    if not 0 < len(series) <= len(_STYLES) or any(len(values) != len(x_values) for values in series.values()):
        lengths = {name: len(values) for name, values in series.items()}
        raise ValueError(f"need one to {len(_STYLES)} lines with {len(x_values)} points each, got {lengths}")
    chart = figure(height=height)
    axes = chart.add_subplot()
    if reference is not None:
        axes.axhline(reference, color=FAINT, linewidth=1)
    for (name, values), (color, marker, line) in zip(series.items(), _STYLES, strict=False):
        axes.plot(x_values, values, line, marker=marker, color=PALETTE[color], label=name)
    axes.set(xlabel=x, ylabel=y)
    if all(float(value).is_integer() for value in x_values) and max(x_values) - min(x_values) <= 10:
        axes.set_xticks(x_values)  # bits, epochs: nothing lies between
    if finding:
        caption(chart, finding)
    label_lines(axes)
    return chart


def bars(
    values: Mapping[str, float],
    *,
    x: str,
    finding: str = "",
    reference: float | None = None,
    digits: int = 1,
) -> Chart:
    """Horizontal bars from top to bottom, each with its number.

    Raises:
        ValueError: nothing to draw.
    """
    if not values:
        raise ValueError("bars need at least one value, got none")
    chart = figure(height=0.75 + 0.27 * len(values))
    axes = chart.add_subplot()
    names, numbers = list(values), list(values.values())
    axes.barh(names, numbers, color=PALETTE["blue"], height=0.62)
    for row, number in enumerate(numbers):
        place: dict[str, Any] = {"xytext": (4, 0), "textcoords": "offset points", "va": "center", "bbox": ON_PAPER}
        axes.annotate(f"{number:.{digits}f}", (number, row), fontsize=9, **place)
    if reference is not None:
        axes.axvline(reference, color=PALETTE["vermilion"], linewidth=1.5, linestyle="--")
    axes.invert_yaxis()
    axes.set(xlabel=x, xlim=(0, 1.12 * max(*numbers, reference or 0, 1e-9)))
    axes.grid(axis="y", visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def promised_and_measured(
    promised: Mapping[str, float], measured: Mapping[str, Ratio], *, promise: str = "fewer MACs", finding: str = ""
) -> Chart:
    """How many times less work a network promises, and how many times faster it was.

    promised: name -> factor. measured: name -> the time ratio with its interval (`utils.measure.Ratio`). promise: less of what.
    """
    chart = figure(height=0.9 + 0.75 * len(promised))
    axes = chart.add_subplot()
    for row, name in enumerate(promised):
        median, low, high = measured[name].median, measured[name].low, measured[name].high
        axes.plot([promised[name], median], [row, row], color=FAINT, linewidth=1)
        axes.plot(promised[name], row, "s", color=PALETTE["vermilion"], markerfacecolor="white", markeredgewidth=2, markersize=9)
        axes.errorbar(median, row, xerr=[[median - low], [high - median]], fmt="o", color=PALETTE["blue"], markersize=8, capsize=3)
        words: dict[str, Any] = {"textcoords": "offset points", "ha": "center"}
        axes.annotate(f"{promised[name]:.1f}x {promise}", (promised[name], row), (0, 11), va="bottom", color=PALETTE["vermilion"], **words)
        axes.annotate(f"{median:.1f}x faster", (median, row), (0, -11), va="top", color=PALETTE["blue"], **words)
    reach = max(*promised.values(), *(ratio.high for ratio in measured.values()))
    axes.set_yticks(range(len(promised)), list(promised))
    axes.set(xlabel="factor against the large network", xlim=(0, 1.1 * reach), ylim=(len(promised) - 0.4, -0.6))
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
