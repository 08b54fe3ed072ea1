"""Small images in rows, each with its label and, if given, what a network said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from utils.show.style import PALETTE, WIDTH, Chart, figure


def _grey(images: Any) -> np.ndarray:
    """(n, h, w) from (n, h, w) or (n, 1, h, w), torch or numpy."""
    array = np.asarray(images)
    if array.ndim == 4 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 3 or not len(array):
        raise ValueError(f"images must be (n, 1, height, width) or (n, height, width) with n >= 1, got {np.shape(images)}")
    return array.astype(np.float32)


def garments(images: Any, labels: Any, classes: Sequence[str], predictions: Any = None, *, columns: int = 8) -> Chart:
    """Draw images dark on light, the label below each.

    images: (n, 1, h, w) or (n, h, w); labels, predictions: (n,) indices into `classes`.
    A wrong prediction gets a frame and is written out, so that it does not depend on color.

    Raises:
        ValueError: other shapes, or not one label (and prediction) for each image.
    """
    pixels, labels = _grey(images), np.asarray(labels)
    said = labels if predictions is None else np.asarray(predictions)
    if not len(pixels) == len(labels) == len(said):
        raise ValueError(f"need one label and one prediction an image, got {len(pixels)}, {len(labels)} and {len(said)}")
    columns = min(columns, len(pixels))
    rows = -(-len(pixels) // columns)
    width = max(WIDTH * columns / 8, 1.2) if columns < 8 else WIDTH
    chart = figure(width, rows * (width / columns + (0.2 if predictions is None else 0.42)))
    size = 9.5 if columns <= 8 else 8
    low, high = pixels.min(), pixels.max()
    for at, image in enumerate(pixels):
        axes = chart.add_subplot(rows, columns, at + 1)
        axes.imshow(image, cmap="gray_r", vmin=low, vmax=high, interpolation="nearest")
        axes.set_axis_off()
        text = classes[labels[at]]
        if predictions is not None:
            wrong = said[at] != labels[at]
            text += f"\nsaid {classes[said[at]]}" if wrong else "\nright"
        label = axes.text(0.5, -0.06, text, transform=axes.transAxes, ha="center", va="top", fontsize=size)
        if predictions is not None and wrong:
            label.set_fontweight("bold")
            frame = Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, color=PALETTE["vermilion"], linewidth=2.5, linestyle="--")
            axes.add_patch(frame)
    return chart
