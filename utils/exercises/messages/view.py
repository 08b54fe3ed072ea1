"""The table below a check cell: HTML in a notebook, the same as text elsewhere.

Colors come from JupyterLab's theme, and the words alone say everything.
"""

from __future__ import annotations

import sys
import textwrap
from contextlib import suppress
from html import escape

from utils.exercises.messages.report import FAILED, PASSED, Section, last_line, points, sections, status, title
from utils.exercises.results import Outcome, Result

__all__ = ["Sentence", "Table", "legible", "points", "show", "status"]

WIDTH = 100  # of the text table, in characters
# a third of the theme's ink makes its green and its red dark enough on white, and light enough on black
_INK = "var(--jp-ui-font-color0, CanvasText)"
_COLORS = {
    PASSED: f"color-mix(in srgb, var(--jp-success-color1, #2e7d32) 67%, {_INK})",
    FAILED: f"color-mix(in srgb, var(--jp-error-color1, #c62828) 67%, {_INK})",
}
_LEFT = "padding:4px 0 4px var(--jp-code-padding, 5px)"  # in line with printed text
_LINE = "1px solid var(--jp-border-color2, #bdbdbd)"
_TABLE = f"margin:0;width:100%;table-layout:auto;border-collapse:collapse;border-top:{_LINE};border-bottom:{_LINE}"
_WRAPS = "text-align:left;vertical-align:top;padding:2px 14px 2px 0;white-space:normal;overflow-wrap:anywhere"
_STAYS = "text-align:left;vertical-align:top;padding:2px 14px 2px 0;white-space:nowrap"
_NARROW = f"{_STAYS};width:3.5rem"
_CODE = "font-family:var(--jp-code-font-family, monospace);font-size:0.95em"
_QUIET = "opacity:0.8"
_AIR = "padding-top:5px;padding-bottom:3px"
_VALUES = ("input", "expected", "got")
_NAMED = 6  # other cases that are named before the list is opened


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


class Sentence:
    """One line."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<div style="{_LEFT};overflow-wrap:anywhere">{escape(self.text)}</div>'


class Table:
    """The cases of one exercise. failing_runs: case -> failing runs in a row; each opens one hint more."""

    def __init__(self, result: Result, failing_runs: dict[str, int]) -> None:
        self.result = result
        self.sections = sections(result, failing_runs)
        self.title, self.last_line = title(result), last_line(result, failing_runs)

    def details(self, outcome: Outcome) -> list[tuple[str, str]]:
        """(label, text) of what is said about a case that shows a mistake; [] for any other."""
        section = next((one for one in self.sections if one.word == FAILED and one.names == (outcome.case.name,)), None)
        return list(section.rows) if section else []

    def __repr__(self) -> str:
        lines = [self.title]
        for section in self.sections:
            lines += _wrapped("; ".join(section.names), f"  {section.word:9}", 11)
            for label, text in [*section.rows, *_folded_rows(section)]:
                lines += _wrapped(text, f"{'':11}{label + ':':10}", 21)
        return "\n".join([*lines, self.last_line])

    def _repr_html_(self) -> str:
        rows = "".join(map(_section, self.sections))
        return (
            f'<div style="max-width:52rem;{_LEFT}">'
            f'<div style="font-weight:600;padding-bottom:4px">{escape(self.title)}</div>'
            f'<table style="{_TABLE}">{rows}</table>'
            f'<div style="padding-top:4px;overflow-wrap:anywhere">{escape(self.last_line)}</div></div>'
        )


def _wrapped(text: str, first: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * indent) or [first.rstrip()]


def _folded_rows(section: Section) -> list[tuple[str, str]]:
    """What is folded in a notebook, as text."""
    names = "; ".join(name for name, _ in section.others)
    rows = [("also", f"failing: {names}"), ("steps", section.steps)]
    return [(label, text) for label, text in rows if text.removeprefix("failing: ")]


def _section(section: Section) -> str:
    color = _COLORS.get(section.word, _INK)
    word = f'<span style="color:{color};font-weight:{700 if section.word == FAILED else 400}">{section.word}</span>'
    names = escape("; ".join(section.names))
    shown = f"<b>{names}</b>" if section.word == FAILED else names
    rows = _row(f'<td style="{_NARROW};{_AIR}">{word}</td><td colspan="2" style="{_WRAPS};{_AIR}">{shown}</td>')
    rows += "".join(_labelled(label, _value(label, text) + (_exact(section) if label == "input" else "")) for label, text in section.rows)
    if section.steps:
        rows += _labelled("stuck?", _fold("the steps", f'<div style="white-space:pre-wrap">{escape(section.steps)}</div>'))
    return rows + (_labelled("also", _others(section)) if section.others else "")


def _value(label: str, text: str) -> str:
    """Values in the font of code: what was expected and what came stand one below the other, digit below digit."""
    return f'<span style="{_CODE}">{escape(text)}</span>' if label in _VALUES else escape(text)


def _labelled(label: str, content: str) -> str:
    return _row(f'<td style="{_STAYS}"></td><td style="{_NARROW};{_QUIET}">{label}</td><td style="{_WRAPS}">{content}</td>')


def _row(cells: str) -> str:
    return f'<tr style="background:none;text-align:left">{cells}</tr>'


def _fold(summary: str, content: str) -> str:
    return f'<details style="margin:0"><summary style="cursor:pointer">{summary}</summary>{content}</details>'


def _exact(section: Section) -> str:
    if not section.exact:
        return ""
    return _fold("every digit", f'<div style="{_CODE};user-select:all;padding:2px 0 4px">{escape(section.exact)}</div>')


def _others(section: Section) -> str:
    """The other failing cases: their names, and in the fold what each expected and got."""
    names = [name for name, _ in section.others]
    more = f"; and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    each = "".join(
        f'<div style="padding:2px 0 2px 1rem">{escape(name)}'
        + "".join(
            f'<div style="padding-left:1rem"><span style="{_QUIET}">{label}</span> {_value(label, text)}</div>' for label, text in rows
        )
        + "</div>"
        for name, rows in section.others
    )
    return _fold(f"failing: {escape('; '.join(names[:_NAMED]) + more)}", each)
