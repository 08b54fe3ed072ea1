"""Lab 07's probes: these run where the student's code runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from utils.exercises.inside.answers import plain
from utils.exercises.lab07.compiling import MAX_CHARACTERS, STRICT, build, call_dot

__all__ = ["called_in_c", "compiled", "compiled_strictly"]

Function = Callable[..., Any]


def _source(function: Function) -> str:
    source = plain(function())
    if type(source) is not str:
        raise TypeError(f"the C source is asked for, a str; yours is of type {type(source).__name__}")
    if len(source) > MAX_CHARACTERS:
        raise ValueError(f"one function is asked for; yours has {len(source)} characters, at most {MAX_CHARACTERS} are compiled")
    return source


def called_in_c(function: Function, *inputs: Any) -> dict[str, Any]:
    """What the C function gives for these inputs, in a process of its own; or {"refused"} by the compiler, {"failed"} when called.

    inputs: x, w (lists of numbers), the zero point.
    """
    built = build(_source(function))
    return {"refused": built.refused} if built.refused else call_dot(built, *inputs)


def compiled(function: Function, *_: Any) -> dict[str, Any]:
    """What the compiler says against the source ("" if nothing), and the first float in what it compiled ("" if none)."""
    built = build(_source(function))
    return {"floats": built.floats, "refused": built.refused}


def compiled_strictly(function: Function, *_: Any) -> dict[str, Any]:
    """As `compiled`, by a compiler that takes warnings, and what C99 does not have, for errors."""
    built = build(_source(function), STRICT)
    return {"floats": built.floats, "refused": built.refused}
