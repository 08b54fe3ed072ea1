"""Output that never fails because of the terminal's code page: letters that it lacks are replaced."""

from __future__ import annotations

import codecs
import sys

ERRORS = "titans"
SUBSTITUTES = {
    **dict.fromkeys("\u00b5\u03bc", "u"),  # micro
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u201c\u201d", '"'),
    **dict.fromkeys("\u00a0\u2009\u202f", " "),
    **dict.fromkeys("\u2022\u00b7", "*"),  # bullets
    "\u2026": "...",
    "\u00d7": "x",
    "\u00b1": "+-",
    "\u00b0": " deg",
    "\u2192": "->",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u00b2": "^2",
    "\u00b3": "^3",
    "\u2082": "2",
}


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Plain letters for those that can't be encoded; "?" where there are none."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(SUBSTITUTES.get(letter, "?") for letter in error.object[error.start : error.end]), error.end


def adapt_streams() -> None:
    """Let stdout and stderr replace what their code page lacks. Everything that a command prints goes through them."""
    codecs.register_error(ERRORS, _substitute)
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors=ERRORS)
