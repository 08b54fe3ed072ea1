"""A line of text and a figure that are replaced while something runs; the last ones stay in a stored notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from utils.show.style import Chart, in_notebook


class LiveOutput:
    """The line goes to the notebook's page, or to a terminal's stderr; where nobody watches, nothing is written.

    updates: how often the line was written.
    """

    def __init__(self) -> None:
        self.updates = 0
        self._line: Any = None
        self._picture: Any = None

    def say(self, text: str, *, final: bool = False) -> None:
        """Replace the line. final: a terminal goes on below it."""
        self.updates += 1
        if in_notebook():
            self._line = _display(_Line(text), self._line)
        elif sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="\n" if final else "", file=sys.stderr, flush=True)

    def draw(self, figure: Callable[[], Chart]) -> None:
        """Replace the figure; it is not computed where there is no notebook."""
        if in_notebook():
            self._picture = _display(figure(), self._picture)


class _Line:
    """A line of text that a page can replace."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _display(thing: Any, handle: Any) -> Any:
    """Show a thing, or replace the one that was shown before."""
    from IPython.display import display

    if handle is None:
        return display(thing, display_id=True)
    handle.update(thing)
    return handle
