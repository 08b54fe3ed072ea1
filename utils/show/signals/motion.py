"""A movement as a watch feels it: three directions of acceleration, three of turning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from utils.show.style import PALETTE, Chart, caption, figure

_LINES = (("x", "blue", "-"), ("y", "vermilion", "--"), ("z", "black", ":"))
_SENSORS = ("acceleration\n(g)", "turning\n(rad/s)")


def motion(windows: Mapping[str, Any], *, rate_hz: float = 50.0, finding: str = "") -> Chart:
    """Draw windows side by side: above the accelerometer, below the gyroscope, each row with one scale.

    windows: title -> (6, samples), ax, ay, az in g and wx, wy, wz in rad/s.

    Raises:
        ValueError: no window, more than three, or one that has not six channels.
    """
    arrays = {title: np.asarray(window, dtype=float) for title, window in windows.items()}
    if not 0 < len(arrays) <= 3 or any(array.ndim != 2 or len(array) != 6 for array in arrays.values()):
        raise ValueError(f"give one to three windows of six channels, got {[array.shape for array in arrays.values()]}")
    chart = figure(height=3.5)
    grid: Any = chart.subplots(2, len(arrays), sharex="col", sharey="row", squeeze=False)
    for column, (title, array) in enumerate(arrays.items()):
        seconds = np.arange(array.shape[1]) / rate_hz
        for row, sensor in enumerate(_SENSORS):
            axes = grid[row][column]
            for (name, color, style), values in zip(_LINES, array[3 * row : 3 * row + 3], strict=True):
                axes.plot(seconds, values, style, color=PALETTE[color], linewidth=1.4, label=name)
            axes.set(title="" if row else title, ylabel="" if column else sensor, xlabel="seconds" if row else "")
    lines, names = grid[0][0].get_legend_handles_labels()
    chart.legend(lines, names, loc="outside upper right", ncols=3, fontsize=9.5, handlelength=1.8, columnspacing=1.2)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]
