"""Training, watched: a line that says how far it is and a figure that grows by a point an epoch.

When training ends, the figure stays as an ordinary picture, so a stored notebook shows it too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from matplotlib.ticker import MaxNLocator

from utils.show.style import PALETTE, Chart, direct_label, figure
from utils.show.widgets.live_output import LiveOutput


class Live:
    """Hand its two methods to the training loop: `fit(..., on_epoch=live.on_epoch, after_step=live.after_step)`.

    epochs: how many there will be. title: over the figure. every_s: the line changes at most that often.
    In a terminal the line is written to stderr; where nobody watches, nothing is.
    """

    def __init__(self, epochs: int, title: str = "", *, every_s: float = 0.5, clock: Callable[[], float] = time.monotonic) -> None:
        if epochs < 1:
            raise ValueError(f"epochs must be at least 1, got {epochs}")
        self.epochs, self.title, self.every_s, self._clock = epochs, title, every_s, clock
        self._output = LiveOutput()
        self._loss: list[float] = []
        self._accuracy: list[float] = []
        self._started = self._last = clock()

    @property
    def updates(self) -> int:
        """How often the line was written."""
        return self._output.updates

    def after_step(self, share: float) -> None:
        """After each update. share: of the training done, in (0, 1]."""
        now = self._clock()
        if now - self._last < self.every_s or share >= 1:
            return
        self._last = now
        left = (now - self._started) * (1 - share) / share
        epoch = min(self.epochs, int(share * self.epochs) + 1)
        self._output.say(f"epoch {epoch} of {self.epochs}, {share:.0%} done, about {left:.0f} s left")

    def on_epoch(self, number: int, history: Any) -> None:
        """After each epoch. history: has `loss` and `accuracy`, a number an epoch (accuracy may be empty)."""
        self._loss, self._accuracy = list(history.loss), list(history.accuracy)
        said = f"epoch {number} of {self.epochs}: loss {self._loss[-1]:.3f}"
        if self._accuracy:
            said += f", validation accuracy {self._accuracy[-1]:.2f} %"
        self._output.say(said, final=number >= self.epochs)
        self._output.draw(self.figure)

    def figure(self) -> Chart:
        """Loss and, if it was measured, accuracy of the epochs so far."""
        panels = [(self._loss, "training loss", PALETTE["blue"], "o-", "{:.3f}")]
        if self._accuracy:
            panels.append((self._accuracy, "validation accuracy (%)", PALETTE["vermilion"], "s-", "{:.2f}"))
        chart = figure(height=2.5)
        for at, (values, name, color, style, form) in enumerate(panels):
            axes = chart.add_subplot(1, len(panels), at + 1)
            first = self.epochs - len(values) + 1 if len(values) > self.epochs else 1
            axes.plot(range(first, first + len(values)), values, style, color=color, markersize=4.5 if self.epochs < 30 else 0)
            axes.set(xlabel="epoch", title=name, xlim=(0.5, self.epochs + 0.5 + 0.18 * self.epochs))
            axes.set_xticks(range(1, self.epochs + 1, -(-self.epochs // 8)))
            axes.yaxis.set_major_locator(MaxNLocator(5))
            axes.margins(y=0.15)
            if values:
                direct_label(axes, first + len(values) - 1, values[-1], form.format(values[-1]), color, fontweight="bold")
        if self.title:
            chart.suptitle(self.title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        return chart
