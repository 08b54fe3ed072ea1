"""Lab 01's probes: these run where the student's code runs."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from utils.exercises.inside.probing import bare, call

__all__ = ["after_l1", "look_up"]


def after_l1(function: Callable[..., Any], weight: Tensor, criterion: str) -> Any:
    """The answer after another call with "l1": the weight must survive both, but only the last answer is judged."""
    call(function, weight, "l1")
    return call(function, weight, criterion)


def look_up(function: Callable[..., Any], ask: Callable[..., Any], names: list[str], sparsities: list[float]) -> Any:
    """Call `sensitivity` with an `evaluate` that asks for its result, which is outside: the table of `sensitivity.table_of`."""

    def evaluate(name: str, sparsity: float) -> float:
        return ask(bare(name), bare(sparsity))

    return call(function, evaluate, names, sparsities)
