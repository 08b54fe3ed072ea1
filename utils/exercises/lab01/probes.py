"""Lab 01's probes: these run where the student's code runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from utils.exercises.probing import as_parameters, bare, call, error_of, look_again

__all__ = ["as_parameters", "error_of", "look_again", "look_again_after_l1", "look_up"]


def look_again_after_l1(function: Callable[..., Any], weight: Tensor, criterion: str) -> dict[str, Any]:
    """As `look_again`, after another call with "l1": the weight must survive both, but only the last answer is judged."""
    call(function, weight, "l1")
    return look_again(function, weight, criterion)


def look_up(function: Callable[..., Any], ask: Callable[..., Any], names: list[str], sparsities: list[float]) -> Any:
    """Call `sensitivity` with an `evaluate` that asks for its result: a table of `judges.table_of` gives it, and keeps what was asked."""

    def evaluate(name: str, sparsity: float) -> float:
        return ask(bare(name), bare(sparsity))

    return call(function, evaluate, names, sparsities)
