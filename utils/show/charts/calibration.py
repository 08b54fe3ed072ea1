"""Whether probabilities are to be believed, and what a network gets wrong that decides its surest cases only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from utils.show.style import FAINT, PALETTE, Chart, caption, direct_label, figure, label_lines, readable

_STYLES = [("vermilion", "s", "--"), ("blue", "o", "-"), ("green", "^", "-."), ("black", "D", ":")]


class Points(Protocol):
    """The points of a reliability diagram, as `utils.measure.statistics.Reliability` has them."""

    confidence: Any
    frequency: Any
    counts: Any

    @property
    def error(self) -> float:
        """The expected calibration error, a fraction."""
        ...


class Curve(Protocol):
    """A risk-coverage curve, as `utils.measure.statistics.Coverage` has it."""

    coverage: Any
    error: Any


def reliability_diagram(
    points: Mapping[str, Points], *, title: str = "", x: str = "probability that the network gives", finding: str = ""
) -> Chart:
    """A panel for each network: the frequency of the finding against the probability given; bars below show where the cases are.

    A network to be believed has its points on the diagonal. points: name -> `reliability(...)`, one to three.

    Raises:
        ValueError: no networks, or more than three.
    """
    if not 1 <= len(points) <= 3:
        raise ValueError(f"a reliability diagram has one to three panels, got {len(points)}: draw the others in a second figure")
    chart = figure(height=3.7)
    if title:
        chart.suptitle(title, x=0.01, ha="left", fontsize=11)
    upper, lower = chart.subplots(2, len(points), sharex=True, sharey="row", height_ratios=[4, 1], squeeze=False)
    for at, (name, one) in enumerate(points.items()):
        color = PALETTE[_STYLES[at][0]]
        axes, below = upper[at], lower[at]
        axes.plot([0, 100], [0, 100], color=FAINT, linewidth=1)
        axes.plot(100 * one.confidence, 100 * one.frequency, marker=_STYLES[at][1], color=color, linewidth=1.5, markersize=5)
        axes.set(title=name, xlim=(0, 100), ylim=(0, 100), ylabel="frequency (%)" if not at else "")
        words = f"ECE {100 * one.error:.1f} %"
        axes.text(0.97, 0.05, words, transform=axes.transAxes, ha="right", va="bottom", color=readable(color), fontweight="bold")
        below.bar(100 * one.confidence, 100 * one.counts / sum(one.counts), width=3.5, color=color)
        below.set(xlabel=f"{x} (%)" if len(points) < 3 or at == 1 else "", ylabel="cases (%)" if not at else "")
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def coverage_chart(curves: Mapping[str, Curve], *, title: str = "", finding: str = "", target: float | None = None) -> Chart:
    """The error among the decided cases against the fraction that is decided, the rest referred to a doctor; one to four networks.

    curves: name -> `coverage_curve(...)`. target: a fraction of errors to draw as a line.

    Raises:
        ValueError: no networks, or more than four.
    """
    if not 0 < len(curves) <= len(_STYLES):
        raise ValueError(f"a coverage chart has one to {len(_STYLES)} curves, got {len(curves)}")
    chart = figure(height=3.2)
    axes = chart.add_subplot()
    for (name, one), (color, _, line) in zip(curves.items(), _STYLES, strict=False):
        begins = len(one.coverage) // 20  # the error of a handful of cases jumps and says nothing
        axes.plot(100 * one.coverage[begins:], 100 * one.error[begins:], line, color=PALETTE[color], label=name)
    if target is not None:
        axes.axhline(100 * target, color=FAINT, linewidth=1, linestyle=":")
        direct_label(axes, 0, 100 * target, f"{100 * target:g} % wrong", dx=4, dy=7, fontsize=9)
    axes.set(title=title, xlabel="decided by the network, the surest first (%)", ylabel="wrong among them (%)", xlim=(0, 100))
    axes.set_ylim(bottom=0)
    label_lines(axes)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def severity_chart(
    sweeps: Mapping[str, Mapping[str, Sequence[float]]], *, y: str, title: str = "", finding: str = "", reference: float | None = None
) -> Chart:
    """A panel for each kind of corruption, a line for each network over the severities 0, 1, 2 and so on.

    sweeps: network -> kind -> a figure at each severity. y: what the figure is. reference: a level to compare with.

    Raises:
        ValueError: no networks, more than four, or networks with other kinds or severities.
    """
    kinds = list(next(iter(sweeps.values()), {}))
    lengths = {(tuple(one), tuple(len(values) for values in one.values())) for one in sweeps.values()}
    if not kinds or len(sweeps) > len(_STYLES) or len(lengths) != 1:
        raise ValueError(f"need one to {len(_STYLES)} networks with the same kinds and severities, got {sorted(lengths)}")
    chart = figure(height=3.0)
    if title:
        chart.suptitle(title, x=0.01, ha="left", fontsize=11)
    panels = chart.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for at, (axes, kind) in enumerate(zip(panels, kinds, strict=True)):
        if reference is not None:
            axes.axhline(reference, color=FAINT, linewidth=1)
        for (name, one), (color, marker, line) in zip(sweeps.items(), _STYLES, strict=False):
            axes.plot(range(len(one[kind])), one[kind], line, marker=marker, color=PALETTE[color], label=name)
        axes.set(title=kind, xlabel="severity", ylabel=y if not at else "", xticks=range(len(next(iter(sweeps.values()))[kind])))
    if len(sweeps) > 1:
        label_lines(panels[-1])
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
