"""Wrong answers to exercises: those of a lab's wrong.py, and one made of each declared mistake; and a table of public inputs."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from utils.exercises.checking import assess
from utils.exercises.declare import PUBLIC_SEED, Case, Exercise, cases_lost
from utils.exercises.inside.answers import plain
from utils.exercises.messages.view import Table

_UNKNOWN = "<no value>"


def note(function: Any) -> tuple[str, list[str]]:
    """What the docstring says after "Loses:", and the beginnings of hints after "Hints:".

    One line does: "Truncates. Loses: all but no values; 16 bits. Hints: Which integer is nearest."
    """
    text = " ".join((function.__doc__ or "").split())
    loses, _, hints = text.partition("Loses: ")[2].partition(" Hints: ")
    return loses.rstrip("."), [hint.strip() for hint in hints.rstrip(".").split(";") if hint]


def hints_shown(result: Any) -> list[str]:
    """The hints below the failing cases of a result."""
    table = Table(result, {})
    return [text for outcome in result.outcomes for label, text in table.details(outcome) if label == "hint"]


def lost_by(exercise: Exercise, function: Any) -> frozenset[str]:
    """The cases that the docstring of a wrong answer lists."""
    return cases_lost(note(function)[0], [case.name for case in exercise.cases()])


def edited(function: Any, changes: Mapping[str, str]) -> Any:
    """A right function, or class, with a mistake in its source. changes: a text of it -> what stands there instead.

    The result has its `source`, which a grader runs as a cell.

    Raises:
        ValueError: the source has no such text: the right answer was written in another way since.
    """
    source = inspect.getsource(function)
    for old, new in changes.items():
        if old not in source:
            raise ValueError(f"{function.__name__} has no {old!r}: take a text of its source")
        source = source.replace(old, new)
    scope = dict(vars(inspect.getmodule(function)))
    exec(compile(source, f"<{function.__name__}, edited>", "exec"), scope)
    made = scope[function.__name__]
    made.source = source
    return made


def answer_by(exercise: Exercise, made: Callable[..., Any]) -> Any:
    """A student's function (or class) that makes this mistake, and refuses what the stand-in refuses."""
    if exercise.answer_of is not None:
        return exercise.answer_of(made)

    def wrong(*inputs: Any) -> Any:
        right = exercise.stand_in(*copy.deepcopy(inputs))
        with np.errstate(all="ignore"):
            return _like(made(*plain(inputs)), right)

    return wrong


def stock_mistakes(exercise: Exercise) -> dict[str, tuple[Any, frozenset[str]]]:
    """What goes wrong in most functions -> (the stand-in with that mistake, the cases that it must lose); only those that lose one."""
    if exercise.is_class or exercise.gives_text:
        return {}
    right = exercise.stand_in

    def changes_its_inputs(*inputs: Any) -> Any:
        if any(one.requires_grad for one in _tensors(inputs)):
            return right(*inputs)
        answer = copy.deepcopy(right(*inputs))
        for one in inputs:
            _change(one)
        return answer

    def refuses_nothing(*inputs: Any) -> Any:
        try:
            return right(*inputs)
        except ValueError:
            return 0

    def gives_numpy(*inputs: Any) -> Any:
        answer = right(*inputs)
        return plain(answer) if _tensors(answer) else answer

    def takes_no_parameter(*inputs: Any) -> Any:
        if any(one.requires_grad for one in _tensors(inputs)):
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return right(*inputs)

    def needs_a_value(*inputs: Any) -> Any:
        for one in _tensors(inputs):
            one.detach().max()
        return right(*inputs)

    def called_plainly_with_tensors(case: Case) -> bool:
        return case.about != "refusal" and case.probe in (None, "as_parameters") and bool(_tensors(case.inputs))

    made = {
        gives_numpy: lambda case: called_plainly_with_tensors(case) and bool(_tensors(right(*copy.deepcopy(case.inputs)))),
        changes_its_inputs: lambda case: case.about == "inputs",
        refuses_nothing: lambda case: case.about == "refusal",
        takes_no_parameter: lambda case: case.probe == "as_parameters",
        needs_a_value: lambda case: case.about in ("answer", "refusal") and any(one.numel() == 0 for one in _tensors(case.inputs)),
    }
    found = {wrong.__name__: (wrong, frozenset(case.name for case in exercise.cases() if loses(case))) for wrong, loses in made.items()}
    return {name: (wrong, lost) for name, (wrong, lost) in found.items() if lost}


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in _tensors(item)]
    return [value] if isinstance(value, torch.Tensor) else []


def _change(value: Any) -> None:
    """Another value in the same memory."""
    if isinstance(value, torch.Tensor):
        value.copy_(value == 0)
    elif isinstance(value, list):
        value.append(None)
    elif isinstance(value, dict):
        value["more"] = None


def _like(value: Any, right: Any) -> Any:
    """The value in the right answer's types, and where it fits in the right answer's dtypes."""
    if isinstance(right, torch.Tensor) and isinstance(value, int | float | np.ndarray | np.generic):
        found = torch.as_tensor(np.asarray(value))
        cast = found.to(right.dtype)
        both = found.is_floating_point() and right.is_floating_point()
        return cast if both or torch.equal(cast.double(), found.double()) else found
    if type(value) is dict:
        return {key: _like(item, right.get(key) if type(right) is dict else None) for key, item in value.items()}
    if type(value) in (list, tuple):
        known = right if isinstance(right, list | tuple) and len(right) == len(value) else [None] * len(value)
        return type(value)(_like(item, one) for item, one in zip(value, known, strict=True))
    if isinstance(value, np.ndarray):
        return torch.as_tensor(value)
    return value.item() if isinstance(value, np.generic) else value


def table_of_public_inputs(exercise: Exercise) -> Any:
    """Right for the inputs that every notebook shows, ValueError for all others: what a table of answers would do."""
    right = exercise.stand_in.apply if exercise.is_class else exercise.stand_in
    answers: dict[Any, Any] = {}

    def recording(*inputs: Any) -> Any:
        key = _key(inputs)
        found = right(*inputs)
        answers.setdefault(key, copy.deepcopy(found) if _UNKNOWN in repr(key) else None)
        return found

    def looked_up(*inputs: Any) -> Any:
        key = _key(inputs)
        if key not in answers:
            raise ValueError("this input is not in the table")
        return right(*inputs) if answers[key] is None else copy.deepcopy(answers[key])

    assess(exercise, _as_asked(exercise, recording), PUBLIC_SEED)
    return _as_asked(exercise, looked_up)


def _as_asked(exercise: Exercise, function: Any) -> Any:
    return type(exercise.name, (), {"apply": staticmethod(function)}) if exercise.is_class else function


def _key(value: Any) -> Any:
    """Something that can be looked up; what has no value, such as a callable or a generator, is _UNKNOWN."""
    if isinstance(value, dict):
        return tuple((key, _key(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_key, value))
    if isinstance(value, torch.Tensor | np.ndarray):
        array = np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)
        return array.shape, str(array.dtype), array.tobytes().hex()
    return value if isinstance(value, bool | int | float | str | None) else _UNKNOWN
