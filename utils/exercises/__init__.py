"""Exercises and their checks.

    declare.py    what an exercise is: cases, points, stand-in         trusted side
    judges.py     compare an answer with an oracle; plain arrays only  trusted side
    outside.py    answers what a probe asks, and counts                trusted side
    probing.py    call the student's function, return plain values     student's side
    answers.py    what may be an answer                                student's side
    standins.py   what the lab goes on with until an exercise is solved
    results.py    the verdicts of an exercise: points, and the hints that fit
    checking.py   both sides in one process, for the notebook
    view.py       the table below a check cell
    labNN/        cases, judges, oracles, standins (trusted side); probes (student's side)

The sides do not import each other, so that a grader can run them in two processes: importing this
package, or a lab's, loads neither.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

__all__ = ["lab_attributes"]


def lab_attributes(package: str) -> Callable[[str], Any]:
    """The `__getattr__` of a lab's package: `lab` and `check` are made when they are asked for."""

    def attribute(name: str) -> Any:
        if name not in ("lab", "check"):
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        lab = import_module(f"{package}.cases").lab
        return lab if name == "lab" else partial(import_module("utils.exercises.checking").check, lab)

    return attribute
