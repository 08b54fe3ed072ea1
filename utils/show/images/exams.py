"""Small photos or X-rays in rows, each with a mark below it, under a title that says what they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.show.style import INK, PALETTE, WIDTH, Chart, caption, figure, readable

_COLORS = ("blue", "vermilion", "green", "purple")


def exam_images(images: Any, marks: Sequence[str], *, title: str, columns: int = 8, finding: str = "") -> Chart:
    """Draw images with a mark below each; each text has its color, also with a star at its end.

    images: (n, h, w) gray or (n, h, w, 3) uint8 pixels, as `utils.data.as_pixels` gives them. marks: n short texts, "" for none.
    title: what the data is, such as "synthetic, no clinical meaning".

    Raises:
        ValueError: no images, another shape or other values, not one mark for each, no title, or fewer than one column.
    """
    pixels = np.asarray(images)
    if pixels.ndim not in (3, 4) or (pixels.ndim == 4 and pixels.shape[3] != 3) or not pixels.size or pixels.dtype != np.uint8:
        raise ValueError(f"images must be (n, h, w) or (n, h, w, 3) uint8, got {pixels.shape} {pixels.dtype}: use utils.data.as_pixels")
    if len(marks) != len(pixels) or not title or columns < 1:
        raise ValueError(f"need a mark for each of {len(pixels)} images, a title and columns, got {len(marks)}, {title!r} and {columns}")
    plain = [mark.rstrip("*") for mark in marks]
    colors = {kind: PALETTE[_COLORS[at % len(_COLORS)]] for at, kind in enumerate(dict.fromkeys(filter(None, plain)))}
    columns = min(columns, len(pixels))
    rows = -(-len(pixels) // columns)
    chart = figure(WIDTH, 0.45 + rows * (WIDTH / columns + 0.12) + (0.3 if finding else 0))
    chart.suptitle(title, x=0.01, ha="left", fontsize=11)
    for at, image in enumerate(pixels):
        axes = chart.add_subplot(rows, columns, at + 1)
        axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_axis_off()
        color = readable(colors.get(plain[at], INK))
        axes.text(0.5, -0.05, marks[at], transform=axes.transAxes, ha="center", va="top", fontsize=8.5, color=color)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
