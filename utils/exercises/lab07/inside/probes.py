"""Lab 07's probes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from utils.exercises.inside.answers import plain
from utils.exercises.lab07.inside.compiling import MAX_CHARACTERS, STRICT, build, call_dot

__all__ = ["called_in_c", "compiled", "compiled_strictly"]

Function = Callable[..., Any]


def _source(function: Function) -> str:
    source = plain(function())
    if type(source) is not str:
        raise TypeError(f"the C source is asked for, a str; yours is of type {type(source).__name__}")
    if len(source) > MAX_CHARACTERS:
        raise ValueError(f"one function is asked for; yours has {len(source)} characters, at most {MAX_CHARACTERS} are compiled")
    return source


def called_in_c(function: Function, x: list[int], w: list[int], x_zero_point: int) -> dict[str, Any]:
    """What the C function gives for these inputs, in a process of its own; or {"refused"} by the compiler, {"failed"} when called."""
    built = build(_source(function))
    return {"refused": built.refused} if built.refused else call_dot(built, x, w, x_zero_point)


def compiled(function: Function) -> dict[str, Any]:
    """What the compiler says against the source ("" if nothing), and the first float in what it compiled ("" if none)."""
    built = build(_source(function))
    return {"floats": built.floats, "refused": built.refused}


def compiled_strictly(function: Function) -> dict[str, Any]:
    """As `compiled`, by a compiler that takes warnings, and what C99 does not have, for errors."""
    built = build(_source(function), STRICT)
    return {"floats": built.floats, "refused": built.refused}
