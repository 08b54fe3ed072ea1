"""Commit to a guess, then see it drawn against the measurement, which waits for the guess."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from html import escape
from typing import Any

from utils.show.style import FAINT, PALETTE, WIDTH, Chart, caption, figure, in_notebook

Record = Callable[[str, str, dict[str, Any]], object]
_record: Record | None = None  # of every guess that is given no other


class Guess:
    """A question with a slider; `value` is None until the student commits."""

    def __init__(
        self,
        key: str,
        question: str,
        low: float,
        high: float,
        step: float,
        unit: str,
        record: Record | None = None,
        start: float | None = None,
    ) -> None:
        self.key, self.question, self.low, self.high, self.step, self.unit = key, question, low, high, step, unit
        self.start = low + step * round((high - low) / 2 / step) if start is None else start
        self._value: float | None = None
        self._record = record
        self._closed = False
        self._controls: tuple[Any, ...] = ()
        self._waiting: Callable[[], None] | None = None  # draws the answer where it waits for the guess

    @property
    def value(self) -> float | None:
        """The guess, None if nothing was committed."""
        return self._value

    def __repr__(self) -> str:
        return f"{self.key}: {'no guess' if self._value is None else 'your guess is ' + self._written(self._value)}"

    def _written(self, value: float, more: int = 0) -> str:
        """With the slider's decimals, or so many more, and the unit."""
        return f"{value:.{self._decimals + more}f} {self.unit}".strip()

    @property
    def _decimals(self) -> int:
        return len(f"{self.step:.6f}".rstrip("0").partition(".")[2])

    def commit(self, value: float) -> None:
        """Fix the guess; the button does this with the slider's value.

        Raises:
            ValueError: a value that the slider does not have, or too late: the answer has been shown.
        """
        if self._closed:
            raise ValueError("the measurement has been shown: run the question's cell again to guess again")
        if not self.low <= value <= self.high:
            raise ValueError(f"a guess must lie in {self.low} to {self.high}, got {value}: move the slider")
        self._value = round(float(value), self._decimals + 2)  # a slider that counts in tenths says 0.1000000000000001
        if self._record:
            self._record("guess", self.key, {"question": self.question, "guess": self._value, "unit": self.unit})
        self._lock("Committed")  # said when it is kept
        if self._waiting:
            self._waiting()

    def _lock(self, text: str) -> None:
        if self._controls:
            slider, button = self._controls
            slider.disabled = button.disabled = True
            button.description = text

    def widget(self) -> Any:
        """Question, slider and button for a notebook."""
        import ipywidgets

        if not self._controls:
            slider = ipywidgets.FloatSlider(
                self.start,
                min=self.low,
                max=self.high,
                step=self.step,
                readout_format=f".{self._decimals}f",
                layout={"width": "440px", "flex": "0 1 auto"},
            )
            button = ipywidgets.Button(description="Commit", tooltip="fix your guess", layout={"flex": "0 0 auto"})
            button.on_click(lambda _: self.commit(slider.value))
            self._controls = (slider, button)
        slider, button = self._controls
        unit = ipywidgets.Label(self.unit, layout={"flex": "0 0 auto"})
        question = ipywidgets.HTML(escape(self.question))  # unlike a label it goes on in a second line
        return ipywidgets.VBox([question, ipywidgets.HBox([slider, unit, button])])

    def reveal(self, measured: float, *, how: str = "measured", between: tuple[float, float] | None = None) -> Any:
        """Draw the answer and, if there is one, the guess; after that nothing can be committed.

        In a notebook the answer waits for a guess: until one is committed the figure is empty, with a button to show the
        answer anyway. In a plain process, and with TITANS_STRICT=1, where nobody guesses, it is drawn at once.
        how: how the answer was found, "measured" or "by the model". between: what the answer may lie between.
        Returns: the figure, or the widget in which it waits.

        Raises:
            ValueError: a measurement that is not finite.
        """
        if not all(map(math.isfinite, (measured, *(between or ())))):
            raise ValueError(f"the measurement is {measured}: run the cells above first")

        def answer() -> Chart:
            self._closed, self._waiting = True, None
            self._lock("Committed" if self._value is not None else "No guess")
            return _number_line(self, float(measured), how, between)

        waits = self._value is None and not self._closed and in_notebook() and os.environ.get("TITANS_STRICT") != "1"
        return self._waiting_widget(answer) if waits else answer()

    def _waiting_widget(self, answer: Callable[[], Chart]) -> Any:
        """The empty figure and a button; the answer takes the figure's place when a guess is committed or the button is pressed."""
        import ipywidgets

        layout = {"max_width": "100%", "margin": "0"}  # with a margin it would be wider than a narrow window
        image = ipywidgets.Image(value=_empty_line(self).png(), format="png", width=round(WIDTH * 100), layout=layout)
        button = ipywidgets.Button(description="Show anyway", tooltip="show the answer without a guess")

        def show(_: Any = None) -> None:
            image.value = answer().png()
            button.disabled = True

        button.on_click(show)
        self._waiting = show
        return ipywidgets.VBox([image, button], layout={"margin": "0 0 8px"})


def _axis(chart: Chart, low: float, high: float) -> Any:
    """One horizontal axis, nothing else."""
    axes = chart.add_subplot()
    margin = 0.04 * (high - low)
    axes.set(xlim=(low - margin, high + margin), ylim=(-1, 1), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)
    return axes


def _empty_line(guess: Guess) -> Chart:
    """The axis without the answer."""
    chart = figure(height=1.75)
    axes = _axis(chart, guess.low, guess.high)
    text = "No guess yet. Commit one above, and the answer appears here."
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=FAINT, style="italic")
    caption(chart, guess.question)
    return chart


def _number_line(guess: Guess, measured: float, how: str, between: tuple[float, float] | None) -> Chart:
    """One axis; the measurement below it as a filled circle, the guess above it as an open triangle."""
    chart = figure(height=1.75)
    ends = between or (measured, measured)
    low, high = min(guess.low, *ends), max(guess.high, *ends)
    axes = _axis(chart, low, high)
    side = lambda x: ("left", 10) if x < (low + high) / 2 else ("right", -10)  # noqa: E731
    ha, dx = side(measured)
    if between:
        axes.plot(between, [-0.45, -0.45], color=PALETTE["blue"], linewidth=5, alpha=0.3, solid_capstyle="butt", clip_on=False)
    axes.plot([measured], [-0.45], "o", color=PALETTE["blue"], markersize=10, clip_on=False)
    text = f"{how}: {guess._written(measured, more=1 if measured < 1000 else 0)}"
    text += f" ({between[0]:,.0f} to {between[1]:,.0f})" if between else ""
    words: dict[str, Any] = {"ha": ha, "va": "center", "color": PALETTE["blue"], "fontweight": "bold"}
    axes.annotate(text, (measured, -0.45), (dx, -12 if between else 0), textcoords="offset points", **words)
    if guess.value is None:
        axes.text(0.5, 0.75, "no guess", transform=axes.transAxes, ha="center", va="center", color=FAINT, style="italic")
    else:
        ha, dx = side(guess.value)
        color = PALETTE["vermilion"]
        axes.plot([guess.value, measured], [0, 0], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot([guess.value], [0.45], "v", color=color, markerfacecolor="white", markeredgewidth=2, markersize=10, clip_on=False)
        text = f"your guess: {guess._written(guess.value)}"
        axes.annotate(text, (guess.value, 0.45), (dx, 0), textcoords="offset points", ha=ha, va="center", color=color, fontweight="bold")
    caption(chart, guess.question)
    return chart


def record_guesses(record: Record | None) -> None:
    """Record the committed guesses of this process with `record`; None records them nowhere.

    record: called with ("guess", key, {question, guess, unit}) when a guess is committed, as `utils.ledger.record` is.
    """
    global _record
    _record = record


def guess(
    key: str,
    question: str,
    low: float,
    high: float,
    step: float = 1.0,
    unit: str = "",
    *,
    start: float | None = None,
    record: Record | None = None,
) -> Guess:
    """Ask a question with a slider from `low` to `high`; in a notebook it is shown at once.

    key: the name of the question in the student's ledger.
    start: the slider's position before it is moved; the middle if not given.
    record: records the committed guess instead of the function given to `record_guesses`.

    Later: `guess.reveal(measured)`.

    Raises:
        ValueError: an empty range, or a step or a start that does not fit into it.
    """
    if not low < high or not 0 < step <= high - low:
        raise ValueError(f"need low < high and a step that fits between them, got {low}, {high}, {step}")
    if start is not None and not low <= start <= high:
        raise ValueError(f"the slider must start in {low} to {high}, got {start}")
    asked = Guess(key, question, low, high, step, unit, record or _record, start)
    if in_notebook():
        from IPython.display import display

        display(asked.widget())
    return asked
