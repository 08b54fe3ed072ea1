"""Tools that an exercise needs to be judged. Without its tool an exercise is not judged, and nothing is recorded of it."""

from __future__ import annotations

from utils.exercises.inside.tools import NO_COMPILER, compiler

_TOOLS = {"gcc": (compiler, NO_COMPILER)}


def missing(tool: str) -> str:
    """What this machine lacks, in a sentence without its full stop; "" if nothing. tool: by the name that doctor has for it, or "".

    Raises:
        KeyError: no exercise can need it yet.
    """
    if not tool:
        return ""
    find, sentence = _TOOLS[tool]
    return "" if find() else sentence
