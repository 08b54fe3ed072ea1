"""Exercises and their checks.

    declare.py    what an exercise is: cases, mistakes, points, stand-in     trusted side
    chances.py    judges of random answers                                 trusted side
    stock.py      the usual cases, with their hints                          trusted side
    draws.py      the usual inputs                                           trusted side
    judges.py, dtypes.py      compare an answer with an oracle; plain arrays only     trusted side
    kit.py        all of these, for a declaration to import                  trusted side
    outside.py    answers what a probe asks, and counts                      trusted side
    refusals.py   which exceptions refuse an input                           trusted side
    results.py, outcomes.py   the verdicts of an exercise and of a case, the points
    standins.py   what the lab continues with until an exercise is solved
    needs.py      tools without which an exercise is not judged
    checking.py   both sides in one process, for the notebook
    in_process/   one case there, which may fail, loop, be stopped, or call the course's own function
    messages/     what a check says: values as text, the hint that fits, the table below the cell
    c/            answers in C                                               trusted side
    inside/       calls the student's function: runs in the student's process
    labNN/        one file an exercise, in the order of its __init__.py; inside/: what runs in the student's process

The sides do not import each other, so that a grader can run them in two processes: importing this
package, or a lab's, loads neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any

__all__ = ["lab_attributes"]


def lab_attributes(package: str, *exercises: str) -> Callable[[str], Any]:
    """The `__getattr__` of a lab's package: `lab` and `check` are made when they are asked for.

    exercises: their names, in the notebook's order. FakeQuant is declared in fake_quant.py of the package.
    """

    @cache
    def lab() -> Any:
        made = import_module("utils.exercises.declare").Lab(package[-2:])
        for name in exercises:
            made.add(getattr(import_module(f"{package}.{_file_of(name)}"), name))
        return made

    def attribute(name: str) -> Any:
        if name not in ("lab", "check"):
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return lab() if name == "lab" else partial(import_module("utils.exercises.checking").check, lab())

    return attribute


def _file_of(exercise: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", exercise).lower()
