"""The table below a check cell: HTML in a notebook, the same as text elsewhere.

Colours come from JupyterLab's theme, and the words alone say everything.
"""

from __future__ import annotations

import math
import sys
import textwrap
from contextlib import suppress
from html import escape
from typing import Any

from utils.exercises.results import Outcome, Result

WIDTH = 100  # of the text table, in characters
# a third of the theme's ink makes its green and its red dark enough on white, and light enough on black
_INK = "var(--jp-ui-font-color0, CanvasText)"
_GOOD = f"color-mix(in srgb, var(--jp-success-color1, #2e7d32) 67%, {_INK})"
_BAD = f"color-mix(in srgb, var(--jp-error-color1, #c62828) 67%, {_INK})"
_LEFT = "padding:4px 0 4px var(--jp-code-padding, 5px)"  # in line with printed text
_LINE = "1px solid var(--jp-border-color2, #bdbdbd)"
_TABLE = f"margin:0;width:100%;table-layout:auto;border-collapse:collapse;border-top:{_LINE};border-bottom:{_LINE}"
_CELL = "text-align:left;vertical-align:top;padding:2px 14px 2px 0;white-space:normal;overflow-wrap:anywhere"
_NAME = "text-align:left;vertical-align:top;padding:2px 14px 2px 0;white-space:nowrap"


def show(what: Sentence | Table) -> None:
    """Display in a notebook, print elsewhere."""
    ipython = sys.modules.get("IPython")  # loaded if this is a notebook, and not worth loading if not
    shell = getattr(ipython, "get_ipython", lambda: None)()
    if shell is not None and getattr(shell, "kernel", None) is not None:
        from IPython.display import display

        display(what)
    else:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        with suppress(OSError):  # nobody reads: no reason to stop
            print(legible(repr(what), encoding))


def legible(text: str, encoding: str = "utf-8") -> str:
    """The text, with escapes for what cannot be written in this encoding."""
    return text.encode(encoding, "backslashreplace").decode(encoding)


def points(value: float) -> str:
    """Points with at most two decimals, rounded down: 2.999 is not yet 3."""
    return f"{math.floor(value * 100 + 1e-6) / 100:.2f}".rstrip("0").rstrip(".")


def status(result: Result) -> str:
    """What the lab goes on with, and the points, in one line."""
    exercise = result.exercise
    score = f"{points(result.points)} of {points(exercise.points)} points"
    if not result.failed:
        return f"all public checks pass: the lab goes on with your function; {score}"
    solved = "not solved yet" if not result.attempted else "not all public checks pass yet"
    solved = "you stopped the check, so nothing is recorded" if result.stopped else solved
    return f"{solved}: the lab goes on with {exercise.stand_in.label}; {score}"


class Sentence:
    """One line."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<div style="{_LEFT};overflow-wrap:anywhere">{escape(self.text)}</div>'


class Table:
    """The cases of one exercise.

    failing_runs: case -> failing runs in a row; the second opens the second hint, the third the exercise's steps.
    """

    def __init__(self, result: Result, failing_runs: dict[str, int]) -> None:
        self.result, self.failing_runs = result, failing_runs

    @property
    def title(self) -> str:
        """The exercise, that these are public checks, the points."""
        exercise = self.result.exercise
        return f"{exercise.name}: public checks, {points(self.result.points)} of {points(exercise.points)} points"

    def details(self, outcome: Outcome) -> list[tuple[str, str]]:
        """(label, text) of what there is to say below a failing case; an error or a hint that repeats is said once."""
        if outcome.verdict.passed or self._repeats(outcome):
            return []
        lines = [("input", self.result.exercise.called_with(outcome.case)), ("expected", outcome.verdict.expected)]
        lines += [("got", outcome.verdict.got), ("hint", self._hints(outcome))]
        lines += [("steps", self.result.steps(outcome) if self.failing_runs.get(outcome.case.name, 1) > 2 else "")]
        return [(label, text) for label, text in lines if text]

    def name(self, outcome: Outcome) -> str:
        """The case's name, and whether it met the same error as one above."""
        return f"{outcome.case.name} (the same error)" if self._repeats(outcome) else outcome.case.name

    def _hints(self, outcome: Outcome) -> str:
        hints = self.result.hints(outcome)
        if any(hints == self.result.hints(other) for other in self.result.failing_before(outcome)):
            return ""
        return " ".join(hints[: 2 if self.failing_runs.get(outcome.case.name, 1) > 1 else 1])

    def _repeats(self, outcome: Outcome) -> bool:
        return outcome.verdict.about == "error" and any(outcome.verdict == other.verdict for other in self.result.failing_before(outcome))

    def __repr__(self) -> str:
        lines = [self.title]
        for outcome in self.result.outcomes:
            lines.append(f"  {_word(outcome)}  {self.name(outcome)}")
            for label, text in self.details(outcome):
                lines += textwrap.wrap(text, WIDTH, initial_indent=f"          {label + ':':10}", subsequent_indent=" " * 20)
        return "\n".join([*lines, _sentence(status(self.result))])

    def _repr_html_(self) -> str:
        rows = "".join(self._rows(outcome) for outcome in self.result.outcomes)
        return (
            f'<div style="max-width:52rem;{_LEFT}">'
            f'<div style="font-weight:600;padding-bottom:4px">{escape(self.title)}</div>'
            f'<table style="{_TABLE}">{rows}</table>'
            f'<div style="padding-top:4px;overflow-wrap:anywhere">{escape(_sentence(status(self.result)))}</div></div>'
        )

    def _rows(self, outcome: Outcome) -> str:
        passed = outcome.verdict.passed
        word = f'<span style="color:{_GOOD if passed else _BAD};font-weight:{400 if passed else 700}">{_word(outcome).strip()}</span>'
        name = escape(self.name(outcome))
        rows = _row(
            f'<td style="{_NAME};width:3.5rem">{word}</td><td colspan="2" style="{_CELL}">{name if passed else f"<b>{name}</b>"}</td>'
        )
        for label, text in self.details(outcome):
            quiet = f'<td style="{_NAME};width:3.5rem;opacity:0.8">{label}</td>'
            rows += _row(f'<td style="{_NAME}"></td>{quiet}<td style="{_CELL}">{escape(text)}</td>')
        return rows


def _row(cells: str) -> str:
    return f'<tr style="background:none;text-align:left">{cells}</tr>'


def _word(outcome: Any) -> str:
    return "passed" if outcome.verdict.passed else "FAILED"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
