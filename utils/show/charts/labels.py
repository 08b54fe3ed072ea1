"""Names beside points such that no name covers another, a point or a line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from utils.show.style import FAINT, root_figure

# directions to try, best first: right, above right, above, ...
DIRECTIONS = [(1.0, 0.0), (0.8, 0.8), (0.8, -0.8), (0.0, 1.0), (0.0, -1.0), (-0.8, 0.8), (-0.8, -0.8), (-1.0, 0.0)]
DISTANCES = (8.0, 14.0, 20.0, 28.0, 38.0, 50.0)  # points
LEADER_FROM = 20.0  # points; farther names get a thin line to their point
PASSES = 3  # the first names were placed when the others had no place yet


def _overlap(box: np.ndarray, others: np.ndarray) -> float:
    """Area that box (x0, y0, x1, y1) shares with others (n, 4)."""
    if not len(others):
        return 0.0
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    return float((width.clip(0) * height.clip(0)).sum())


def place_labels(axes: Axes, points: Sequence[tuple[float, float]], names: Sequence[str], line: Sequence[tuple[float, float]] = ()) -> None:
    """Annotate each point with its name. points, line: data coordinates; the corners of `line` are kept free too.

    Limits and scales of the axes must be set before.
    """
    chart = root_figure(axes)
    labels: list[Annotation] = []
    for (x, y), name in zip(points, names, strict=True):
        label = axes.annotate(name, (x, y), (0, 0), textcoords="offset points", ha="center", va="center", annotation_clip=False)
        label.set_in_layout(False)
        labels.append(label)
    chart.draw_without_rendering()
    scale = chart.dpi / 72
    frame = axes.get_window_extent()
    sizes = [(label.get_window_extent().width, label.get_window_extent().height) for label in labels]
    marks = np.array([axes.transData.transform(point) for point in points])
    obstacles = [np.array([x - 5 * scale, y - 5 * scale, x + 5 * scale, y + 5 * scale]) for x, y in marks]
    for start, end in pairwise(line):
        a, b = axes.transData.transform([start, end])
        obstacles += [np.array([*(at - 1.5 * scale), *(at + 1.5 * scale)]) for at in np.linspace(a, b, 40)]
    fixed, leaders = np.array(obstacles), [False] * len(labels)
    boxes: list[np.ndarray] = [np.zeros(4)] * len(labels)
    for _ in range(PASSES):
        for at, ((x, y), (width, height)) in enumerate(zip(marks, sizes, strict=True)):
            candidates = []
            others = np.array([box for other, box in enumerate(boxes) if other != at]).reshape(-1, 4)
            for distance in DISTANCES:
                for rank, (right, up) in enumerate(DIRECTIONS):
                    cx = x + right * distance * scale + np.sign(right) * width / 2
                    cy = y + up * distance * scale + np.sign(up) * height / 4
                    box = np.array([cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2])
                    outside = width * height - _overlap(box, np.array([frame.extents]))
                    cost = _overlap(box, fixed) + 4 * _overlap(box, others) + 3 * outside + 8 * distance + rank
                    candidates.append((cost, distance, (cx, cy), box))
            _, distance, (cx, cy), boxes[at] = min(candidates, key=lambda candidate: candidate[0])
            labels[at].set_position(((cx - x) / scale, (cy - y) / scale))
            leaders[at] = distance >= LEADER_FROM
    for (x, y), box, needed in zip(marks, boxes, leaders, strict=True):
        if needed:
            nearest = np.clip((x, y), box[:2], box[2:])
            ends = axes.transData.inverted().transform([(x, y), nearest])
            axes.plot(*ends.T, color=FAINT, linewidth=0.8, zorder=1, scalex=False, scaley=False)
