"""Lab 07's probes."""

from typing import Any

from utils.exercises.inside.c.calling import Signature, call
from utils.exercises.inside.c.compiling import Function, build, compiled, compiled_strictly, source_of

__all__ = ["called_in_c", "compiled", "compiled_strictly"]

_DOT = Signature("dot", (("x", "uint8_t"), ("w", "int8_t")), numbers=2)


def called_in_c(function: Function, x: list[int], w: list[int], x_zero_point: int) -> dict[str, Any]:
    """What the C function gives for these inputs, in a process of its own; or {"refused"} by the compiler, {"failed"} when called."""
    built = build(source_of(function))
    return {"refused": built.refused} if built.refused else call(built, _DOT, (x, w), (len(x), x_zero_point))
