"""One figure style: readable at 700 pixels, for the color-blind, in gray, and on a dark page.

The background is opaque and nearly white, so axes and labels stay readable in a dark theme. Figures
are made without pyplot: it keeps every figure alive, and a lab makes many.
"""

from __future__ import annotations

import io
import sys
import textwrap
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

# Okabe and Ito (2008), in an order whose neighbors also differ in gray.
PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
    "black": "#000000",
    "yellow": "#F0E442",
}
INK, FAINT, PAPER = "#222222", "#767676", "#FDFDFD"
ON_PAPER: dict[str, Any] = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}  # behind a text: no line crosses it
WIDTH = 7.0  # inches: 700 pixels
CAPTION_LETTERS = 100  # that fit into one line of WIDTH

STYLE: dict[str, Any] = {
    "figure.figsize": (WIDTH, 3.4),
    "figure.dpi": 100,
    "savefig.dpi": "figure",
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.08,  # inches: on a dark page the edge of the paper shows
    "figure.constrained_layout.h_pad": 0.08,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.8,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "axes.prop_cycle": cycler(color=list(PALETTE.values())),
}


def use_style() -> None:
    """Make this the style of every figure that is drawn from now on, also of those drawn with pyplot."""
    for name, value in STYLE.items():
        mpl.rcParams[name] = value  # type: ignore[index] # matplotlib lists the names as literals


class Chart(Figure):
    """A figure that a notebook shows as a PNG, whether or not pyplot was loaded."""

    def png(self) -> bytes:
        """The figure as the bytes of a PNG file; equal figures give equal bytes."""
        file = io.BytesIO()
        self.savefig(file, format="png", metadata={"Software": None})
        return file.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()


def figure(width: float = WIDTH, height: float = 3.4) -> Chart:
    """An empty figure in our style; width and height in inches (100 pixels each)."""
    use_style()
    return Chart(figsize=(width, height))


def caption(chart: Figure, finding: str) -> Figure:
    """Write below the figure what it shows, in a sentence; returns the figure."""
    letters = int(CAPTION_LETTERS * chart.get_figwidth() / WIDTH)
    chart.supxlabel("\n".join(textwrap.wrap(finding, letters)), x=0.01, ha="left", fontsize=9.5, color=INK)
    return chart


def readable(color: str) -> str:
    """The color, darkened until text in it has a contrast of 4.5 to 1 with the paper (what WCAG asks of text)."""
    rgb = np.array(to_rgb(color))
    while 1.05 / (0.05 + float(np.dot(np.where(rgb <= 0.04, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), (0.2126, 0.7152, 0.0722)))) < 4.6:
        rgb = rgb * 0.95
    return to_hex((rgb[0], rgb[1], rgb[2]))


def direct_label(axes: Axes, x: float, y: float, text: str, color: str = INK, *, dx: float = 6, dy: float = 0, **more: Any) -> Text:
    """Write `text` beside a point in place of a legend; dx, dy in points."""
    options = {"ha": "left" if dx >= 0 else "right", "va": "center", "annotation_clip": False, **more}
    return axes.annotate(text, (x, y), (dx, dy), textcoords="offset points", color=readable(color), **options)


def label_lines(axes: Axes) -> list[Text]:
    """Write each line's name at its right end, moved apart where two would overlap.

    Lines count that were plotted with a label. The axes get room at the right for the longest name. Call it after `caption`,
    which makes the axes lower and moves the ends of the lines.
    """
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_") and len(np.asarray(line.get_xydata()))]
    if not lines:
        return []
    chart = root_figure(axes)
    ends = [tuple(np.asarray(line.get_xydata())[-1]) for line in lines]
    labels = [
        direct_label(axes, x, y, str(line.get_label()), str(line.get_color()), fontweight="bold", bbox=ON_PAPER)
        for (x, y), line in zip(ends, lines, strict=True)
    ]
    chart.draw_without_rendering()
    height = max(label.get_window_extent().height for label in labels) * 1.05
    order = np.argsort([axes.transData.transform(end)[1] for end in ends])
    wanted = np.array([axes.transData.transform(ends[at])[1] for at in order])
    placed = wanted.copy()
    for at in range(1, len(placed)):
        placed[at] = max(placed[at], placed[at - 1] + height)
    placed -= np.mean(placed - wanted)  # share the shift between those above and those below
    for at, shift in zip(order, placed - wanted, strict=True):
        labels[at].set_position((6, shift * 72 / chart.dpi))
    return labels


def root_figure(axes: Axes) -> Figure:
    """The whole figure that the axes lie in."""
    chart = axes.get_figure(root=True)
    assert isinstance(chart, Figure)
    return chart


def in_notebook() -> bool:
    """Whether a notebook's kernel runs us, so that display() reaches a page."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None
