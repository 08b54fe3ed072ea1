"""Lab 07's probes: these run where the student's code runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from utils.exercises.answers import plain
from utils.exercises.lab02.probes import without_floats
from utils.exercises.lab07.compiling import MOST_CHARACTERS, STRICT, call_dot, compile_c
from utils.exercises.probing import error_of, look_again

__all__ = ["called_in_c", "compiled_strictly", "error_of", "look_again", "without_floats"]

Function = Callable[..., Any]


def _source(function: Function) -> str:
    source = plain(function())
    if type(source) is not str:
        raise TypeError(f"the C source is asked for, a str; yours is of type {type(source).__name__}")
    if len(source) > MOST_CHARACTERS:
        raise ValueError(f"one function is asked for; yours has {len(source)} characters, at most {MOST_CHARACTERS} are compiled")
    return source


def called_in_c(function: Function, *inputs: Any) -> dict[str, Any]:
    """What the C function gives for these inputs, in a process of its own; or {"refused"} by the compiler, {"failed"} when called.

    inputs: x, w (lists of numbers), the zero point.
    """
    library = compile_c(_source(function))
    return {"refused": library} if isinstance(library, str) else call_dot(library, *inputs)


def compiled_strictly(function: Function, *_: Any) -> dict[str, Any]:
    """The source, and what a compiler that takes warnings for errors says of it ("" if nothing)."""
    source = _source(function)
    library = compile_c(source, STRICT)
    return {"source": source, "refused": library if isinstance(library, str) else ""}
