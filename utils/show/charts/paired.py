"""Two ways of training over the same seeds: what one gains over the other, seed by seed, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from utils.show.style import FAINT, INK, PALETTE, Chart, caption, figure


@dataclass(frozen=True)
class Gain:
    """The mean of paired differences and the interval that holds their true mean at 95 %."""

    differences: tuple[float, ...]
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


def gain(values: Sequence[float], against: Sequence[float]) -> Gain:
    """What `values` gain over `against`, paired: the same seed at the same place. The interval is Student's.

    Raises:
        ValueError: fewer than two pairs, not as many of one as of the other, or values that are not finite.
    """
    if len(values) != len(against) or len(values) < 2:
        raise ValueError(f"paired differences need two values of each or more, seed by seed, got {len(values)} and {len(against)}")
    from scipy.stats import t  # takes a second to load

    differences = np.asarray(values, dtype=float) - np.asarray(against, dtype=float)
    if not np.isfinite(differences).all():
        raise ValueError("paired differences hold NaN or infinity: leave out the seed in both")
    half = t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / math.sqrt(len(differences))
    return Gain(tuple(differences.tolist()), float(differences.mean()), float(differences.mean() - half), float(differences.mean() + half))


def paired(
    results: Mapping[str, Sequence[float]],
    against: Sequence[float],
    *,
    x: str,
    controls: Sequence[str] = (),
    finding: str = "",
) -> Chart:
    """One row for each name: a dot for each seed's gain over `against`, a band for the 95 % interval, both in figures.

    against: the results of the same seeds without what is tried; a row of fewer seeds is compared with the first ones.
    controls: rows drawn open.

    Raises:
        ValueError: no rows, values that can't be paired, or a control that is no row.
    """
    if not results:
        raise ValueError("paired results need at least one row, got none")
    if unknown := set(controls) - results.keys():
        raise ValueError(f"a control must be one of the rows {', '.join(results)}, got {', '.join(sorted(unknown))}")
    chart = figure(height=0.95 + 0.42 * len(results))
    axes = chart.add_subplot()
    axes.axvline(0, color=FAINT, linewidth=1)
    for row, (name, values) in enumerate(results.items()):
        found = gain(values, against[: len(values)])
        color = PALETTE["vermilion"] if name in controls else PALETTE["blue"]
        face = "white" if name in controls else color
        axes.plot([found.low, found.high], [row, row], color=color, linewidth=9, alpha=0.25, solid_capstyle="butt")
        axes.plot(
            found.differences, [row] * len(found.differences), "o", color=color, markerfacecolor=face, markeredgewidth=1.5, alpha=0.85
        )
        axes.plot([found.mean] * 2, [row - 0.28, row + 0.28], color=color, linewidth=2.5)
        axes.annotate(str(found), (1.02, row), xycoords=("axes fraction", "data"), va="center", color=INK, annotation_clip=False)
    axes.set_yticks(range(len(results)), list(results))
    axes.set(xlabel=x, ylim=(len(results) - 0.5, -0.5))
    axes.grid(axis="y", visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
