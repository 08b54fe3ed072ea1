"""A search, watched: its candidates and their Pareto front, drawn again while the search runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from matplotlib.ticker import EngFormatter

from utils.show.charts.pareto import COSTS
from utils.show.style import FAINT, INK, PALETTE, Chart, caption, figure, readable
from utils.show.widgets.live_output import LiveOutput

TITLES = {**COSTS, "file_bytes": ("size of the int8 file (bytes)", "B")}


class Found(Protocol):
    """A result of a search so far, as `utils.compress.search.SearchResult`; figures know no other part of the project."""

    candidates: Sequence[Any]
    refused: int

    def front(self, cost: str = "macs") -> list[Any]:
        """The candidates on the Pareto front, by rising cost."""


class LiveFront:
    """Hand it to a search as `progress`: `search(space, budget, evaluate, config, progress=LiveFront(config.evaluations))`.

    evaluations: how many there will be. cost: a field of a candidate's counts. limit: of this cost in the budget.
    control: a finished search, whose front is drawn dashed. title: over the figure.
    every_s: line and figure change at most that often; the last ones are always drawn and stay.

    Raises:
        ValueError: fewer than 1 evaluation, an unknown cost.
    """

    def __init__(
        self,
        evaluations: int,
        cost: str = "macs",
        *,
        limit: float | None = None,
        control: Found | None = None,
        title: str = "",
        every_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if evaluations < 1 or cost not in TITLES:
            raise ValueError(f"need at least 1 evaluation and one of {', '.join(TITLES)} as cost, got {evaluations} and {cost!r}")
        self.evaluations, self.cost, self.limit, self.control, self.title = evaluations, cost, limit, control, title
        self.every_s, self._clock = every_s, clock
        self._started, self._last = clock(), float("-inf")
        self._output = LiveOutput()
        self._found: Found | None = None
        self._before = 0  # candidates at the last drawing

    @property
    def updates(self) -> int:
        """How often the line was written."""
        return self._output.updates

    def __call__(self, found: Found) -> None:
        """After each batch of candidates. found: the result so far."""
        done, now = len(found.candidates), self._clock()
        if done < self.evaluations and now - self._last < self.every_s:
            return
        self._before = len(self._found.candidates) if self._found else 0
        self._last, self._found = now, found
        best = max(one.accuracy for one in found.candidates)
        said = f"{done} of {self.evaluations} networks evaluated, best estimate {best:.2f} %, {found.refused:,} refused"
        if 0 < done < self.evaluations:
            said += f", about {(now - self._started) * (self.evaluations - done) / done:.0f} s left"
        self._output.say(said, final=done >= self.evaluations)
        self._output.draw(self.figure)

    def figure(self) -> Chart:
        """Candidates so far, the newest ones in color, and the front.

        Raises:
            ValueError: no candidate was evaluated yet.
        """
        if self._found is None:
            raise ValueError("no candidate was evaluated yet: hand this object to a search as progress")
        points = [(self._cost(one), one.accuracy) for one in self._found.candidates]
        front = [(self._cost(one), one.accuracy) for one in self._found.front(self.cost)]
        chart = figure(height=3.8)
        axes = chart.add_subplot()
        final = len(points) >= self.evaluations
        old, new = (points, []) if final else (points[: self._before], points[self._before :])
        axes.plot(*_columns(old), "o", color=FAINT, alpha=0.45, markersize=4, markeredgewidth=0, zorder=2)
        axes.plot(*_columns(new), "D", color=PALETTE["orange"], markeredgecolor=INK, markeredgewidth=0.6, markersize=5.5, zorder=4)
        self._add_control(axes)
        axes.plot(*_columns(front), "o", color=PALETTE["blue"], drawstyle="steps-post", linestyle="-", zorder=3)
        _write(axes, f"best: {front[-1][1]:.1f} %", "left", PALETTE["blue"])
        if self.limit is not None:
            axes.axvline(self.limit, color=INK, linestyle=":", linewidth=1.5)
        title, unit = TITLES[self.cost]
        axes.xaxis.set_major_formatter(EngFormatter(unit or "", sep=" "))
        axes.set(xlabel=title, ylabel="estimated accuracy (%)")
        axes.margins(x=0.06, y=0.08)
        if self.title:
            chart.suptitle(self.title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        caption(chart, self._words(len(points), len(front), final))
        return chart

    def _cost(self, candidate: Any) -> float:
        return getattr(candidate.counts, self.cost)

    def _add_control(self, axes: Any) -> None:
        if self.control is None:
            return
        line = [(self._cost(one), one.accuracy) for one in self.control.front(self.cost)]
        axes.plot(
            *_columns(line), "s--", color=PALETTE["vermilion"], drawstyle="steps-post", markerfacecolor="white", markersize=5, zorder=3
        )
        _write(axes, f"control's best: {line[-1][1]:.1f} %", "right", PALETTE["vermilion"])

    def _words(self, count: int, front: int, final: bool) -> str:
        said = f"{front} of {count} candidates are on the front"
        said += "." if final else "; diamonds: the newest ones."
        said += " Squares: the front of the control." if self.control else ""
        return said + (" Dotted: the limit of the budget." if self.limit is not None else "")


def _write(axes: Any, text: str, side: str, color: str) -> None:
    """Above the axes, where no candidate and no front can be. side: "left" or "right"."""
    axes.set_title(text, loc=side, color=readable(color), fontweight="bold", fontsize=10)


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
