"""Lab 01's probes: these run where the student's code runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from utils.exercises.probing import as_parameters, call, error_of, look_again

__all__ = ["as_parameters", "error_of", "look_again", "look_again_after_l1", "look_up", "look_up_counting"]


def look_again_after_l1(function: Callable[..., Any], weight: Tensor, criterion: str) -> dict[str, Any]:
    """As `look_again`, after another call with "l1": the weight must survive both, but only the last answer is judged."""
    call(function, weight, "l1")
    return look_again(function, weight, criterion)


def look_up(function: Callable[..., Any], names: list[str], sparsities: list[float], table: dict[str, list[float]]) -> Any:
    """Call `sensitivity` with an `evaluate` that looks its result up: table[name][index of the sparsity]."""
    return look_up_counting(function, names, sparsities, table)["answer"]


def look_up_counting(
    function: Callable[..., Any], names: list[str], sparsities: list[float], table: dict[str, list[float]]
) -> dict[str, Any]:
    """The same, and how often each value of the table was asked for: calls[name][index of the sparsity]."""
    calls = {name: [0] * len(sparsities) for name in names}

    def evaluate(name: str, sparsity: float) -> float:
        if name not in names or sparsity not in sparsities:
            raise ValueError(f"evaluate was asked for ({name!r}, {sparsity!r}): ask for one of the names and one of the sparsities given")
        at = sparsities.index(sparsity)
        calls[name][at] += 1
        return table[name][at]

    return {"answer": call(function, evaluate, list(names), list(sparsities)), "calls": calls}
