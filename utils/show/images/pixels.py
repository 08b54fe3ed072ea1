"""A photo as a processor reads it: whole numbers, some of them written out."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from utils.show.style import PALETTE, WIDTH, Chart, caption, figure

MAX_SIDE = 12  # numbers in a row that can still be read


def pixels(photo: Any, top: int, left: int, side: int = 8, *, finding: str = "") -> Chart:
    """A photo dark on light and, beside it, a square of it with the number of each pixel in its place.

    photo: (h, w) or (1, h, w) whole numbers in 0 .. 255. top, left, side: of the square, in pixels.

    Raises:
        ValueError: another shape, numbers that are no codes, or a square that is too large or not inside.
    """
    codes = np.asarray(photo)
    codes = codes[0] if codes.ndim == 3 and len(codes) == 1 else codes
    if codes.ndim != 2 or codes.dtype.kind not in "iu" or codes.min() < 0 or codes.max() > 255:
        raise ValueError(f"need integers in 0..255 of shape (height, width), got {codes.dtype} of shape {np.shape(photo)}")
    height, width = codes.shape
    if not 1 <= side <= MAX_SIDE or not (0 <= top <= height - side and 0 <= left <= width - side):
        raise ValueError(f"the square must have a side of 1..{MAX_SIDE} and lie in {height} x {width}, got {side} at {top}, {left}")
    chart = figure(WIDTH, 3.2)
    whole, near = chart.subplots(1, 2, width_ratios=[1, 1.15])
    for axes in (whole, near):
        axes.imshow(codes, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        axes.grid(visible=False)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    frame = {"fill": False, "edgecolor": PALETTE["vermilion"], "linewidth": 2}
    whole.add_patch(Rectangle((left - 0.5, top - 0.5), side, side, **frame))  # type: ignore[arg-type]
    near.set(xlim=(left - 0.5, left + side - 0.5), ylim=(top + side - 0.5, top - 0.5))
    for row in range(top, top + side):
        for column in range(left, left + side):
            color = "white" if codes[row, column] > 127 else "black"
            near.text(column, row, str(codes[row, column]), ha="center", va="center", color=color, fontsize=9 if side <= 9 else 7.5)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
