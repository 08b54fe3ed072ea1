"""What a network says of one image: a bar for the probability of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from utils.show.style import INK, PALETTE, WIDTH, Chart, caption, figure


def answer_bars(axes: Axes, probabilities: Any, classes: Sequence[str], *, label: int | None = None, names: bool = True) -> None:
    """Draw one answer into `axes`, a row for each class. probabilities: (classes,), in [0, 1].

    label: the class to hatch, the right one. names: whether the classes are written at the left.

    Raises:
        ValueError: not one probability a class, values that are none or whose sum is not 1, or a label that is no class.
    """
    values = np.asarray(probabilities, dtype=float).reshape(-1)
    if len(values) != len(classes) or not (values.min() >= 0 and abs(values.sum() - 1) <= 0.01):  # half precision and rounding may show
        raise ValueError(f"need {len(classes)} probabilities, one a class and 1 in sum, got shape {np.shape(probabilities)}: use softmax")
    _check_label(label, classes)
    bars = axes.barh(range(len(values)), 100 * values, color=PALETTE["sky"], edgecolor=PALETTE["blue"], height=0.72)
    if label is not None:
        bars[label].set(facecolor=PALETTE["orange"], hatch="//")
    for row, value in enumerate(values):
        text = "" if not value else "<0.1" if value < 0.001 else f"{100 * value:.1f}" if value < 0.1 else f"{100 * value:.0f}"
        axes.annotate(text, (100 * value, row), (3, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)
    axes.set_yticks(range(len(values)), list(classes) if names else [""] * len(classes))
    axes.set(xlim=(0, 118), ylim=(len(values) - 0.4, -0.6), xlabel="probability (%)", xticks=[0, 50, 100])
    axes.grid(axis="y", visible=False)


def _check_label(label: int | None, classes: Sequence[str]) -> None:
    if label is not None and not 0 <= label < len(classes):
        raise ValueError(f"label must be a class, 0..{len(classes) - 1}, got {label}")


def answers(
    image: Any, said: Mapping[str, Any], classes: Sequence[str], *, label: int | None = None, finding: str = "", height: float = 3.0
) -> Chart:
    """An image and, beside it, several answers to it, one panel each.

    image: (h, w) or (1, h, w). said: title -> (classes,) probabilities. label: the right class; its bar is hatched.

    Raises:
        ValueError: no or more than three answers, an image of another shape, or what `answer_bars` refuses.
    """
    pixels = np.asarray(image, dtype=float)
    pixels = pixels[0] if pixels.ndim == 3 and len(pixels) == 1 else pixels
    if pixels.ndim != 2 or not 1 <= len(said) <= 3:
        raise ValueError(f"need an image (height, width) and one to three answers, got shape {np.shape(image)} and {len(said)}")
    _check_label(label, classes)
    chart = figure(WIDTH, height)
    panels = chart.subplots(1, 1 + len(said), width_ratios=[1] + [1.15] * len(said))
    panels[0].imshow(pixels, cmap="gray_r", interpolation="nearest")
    panels[0].set_axis_off()
    panels[0].set_title(classes[label] if label is not None else "")
    for at, (title, probabilities) in enumerate(said.items()):
        answer_bars(panels[at + 1], probabilities, classes, label=label, names=not at)
        panels[at + 1].set_title(title)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
