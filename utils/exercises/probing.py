"""Call the student's function and bring home what it did, as plain values. Runs where the student's code runs.

A probe is a function `(function, *inputs) -> plain values and tensors`. The default one calls the
function on the inputs; a lab's `probes.py` holds its others, and a case names the one it wants.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib import import_module
from typing import Any

from torch import Tensor

from utils.exercises.answers import plain

Function = Callable[..., Any]


def answer(function: Function, inputs: tuple[Any, ...], lab: str, probe: str | None = None) -> Any:
    """The plain answer of `function` to copies of the inputs, by the probe of this name in labNN/probes.py.

    Raises:
        UnacceptableError: the answer is nothing that a judge looks at.
        BaseException: whatever the function raises.
    """
    chosen: Function = call if probe is None else getattr(import_module(f"utils.exercises.lab{lab}.probes"), probe)
    return plain(chosen(function, *copy.deepcopy(inputs)))


def call(function: Function, *inputs: Any) -> Any:
    """The default probe: what the function returns, plain. Called with a tensor, it may return no numpy array."""
    return plain(function(*inputs), numpy=not _holds_tensor(inputs))


def look_again(function: Function, *inputs: Any) -> dict[str, Any]:
    """The answer, and the inputs as they are afterwards (judge: `untouched`)."""
    return {"answer": call(function, *inputs), "inputs": inputs}  # call copies: the answer may be one of the inputs


def error_of(function: Function, *inputs: Any) -> dict[str, Any]:
    """The names of the classes of the exception that the function raises, or its answer (judge: `raises`)."""
    try:
        answer = function(*inputs)
    except NotImplementedError:  # an empty exercise refuses everything: that is no answer
        raise
    except Exception as error:
        return {"raised": [kind.__name__ for kind in type(error).__mro__]}
    return {"returned": answer}


def as_parameters(function: Function, *inputs: Any) -> Any:
    """As `call`, but float tensors come as a layer holds them: they want a gradient."""
    return call(function, *map(_wanting_gradient, inputs))


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict | list | tuple):
        return any(map(_holds_tensor, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Tensor)


def _wanting_gradient(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _wanting_gradient(item) for key, item in value.items()}
    return value.requires_grad_() if isinstance(value, Tensor) and value.is_floating_point() else value
