"""What a failing case was called with: in a few words, and as a call that can be pasted."""

from __future__ import annotations

import inspect
import math
from typing import Any

from utils.exercises.declare import Case, Exercise
from utils.exercises.inside import probing
from utils.exercises.messages.values import SMALL, describe, exact, is_array, nested

_ROOM = 220  # characters of one argument


def shown_inputs(exercise: Exercise, case: Case) -> str:
    """The arguments in a few words: "weight of shape (8, 16), sparsity=0.5"; "" where there are none."""
    names = _names(exercise, case)
    return ", ".join(_written(name, value) for name, value in zip(names, case.inputs, strict=False))


def exact_call(exercise: Exercise, case: Case) -> str:
    """Python that makes the inputs again, every digit included; "" where the words say all, or where it would be too long."""
    names = _names(exercise, case)
    values = [exact(value) for value in case.inputs[: len(names)]]
    given = ", ".join(f"{name}={value}" if name else value for name, value in zip(names, values, strict=False))
    return "" if not values or "..." in given or given == shown_inputs(exercise, case) else given


def _names(exercise: Exercise, case: Case) -> list[str]:
    """A name for each input: by the signature for a plain call, else by the probe's; "" for one without a name."""
    if _is_plain(case):
        names = [part.partition("=")[0].strip(" *)") for part in exercise.signature.partition("(")[2].split(",")]
        return names if case.as_given or len(names) >= len(case.inputs) else [""] * len(case.inputs)
    names = _probe_names(exercise.lab, case)
    return names if len(names) == len(case.inputs) else [""] * len(case.inputs)


def _written(name: str, value: Any) -> str:
    if is_array(value):
        if not 0 < math.prod(value.shape) <= SMALL:
            return f"{name or 'a tensor'} of shape {tuple(value.shape)}"
        return f"{name}{'=' * bool(name)}tensor({nested(value.tolist())})"
    return f"{name}={describe(value, _ROOM)}" if name else describe(value, _ROOM)


def _is_plain(case: Case) -> bool:
    return case.probe is None or case.as_given


def _probe_names(lab: str, case: Case) -> list[str]:
    """The names that the probe has for the inputs, behind the function and what it asks with."""
    try:
        probe = probing.probe_named(lab, str(case.probe))
        parameters = list(inspect.signature(probe).parameters.values())[1 if case.outside is None else 2 :]
    except (ImportError, AttributeError, ValueError):
        return []
    return [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
