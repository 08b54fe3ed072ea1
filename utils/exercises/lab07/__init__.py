"""Lab 07, microcontroller: `check` for the notebook, `lab` (its exercises) for a grader."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from utils.exercises import lab_attributes

_attribute = lab_attributes(__name__)


def __getattr__(name: str) -> Any:
    if name == "check":  # one exercise needs a C compiler: without one it is not judged
        return import_module("utils.exercises.lab07.checking").check
    return _attribute(name)
