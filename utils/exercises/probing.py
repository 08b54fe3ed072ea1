"""Call the student's function and bring home what it did, as plain values. Runs where the student's code runs.

A probe is a function `(function, *inputs) -> plain values and tensors`. The default one calls the
function on the inputs; a lab's `probes.py` holds its others, and a case names the one it wants.
What a probe sees, the code that it looks at can rewrite. So a grader asks for no more than it must: the inputs
it looks at itself (`look_again`), and what is counted, it counts outside: such a probe is `(function, ask, *inputs)`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from torch import Tensor

from utils.exercises.answers import plain

Function = Callable[..., Any]


def answer(function: Function, inputs: tuple[Any, ...], lab: str, probe: str | None = None, ask: Function | None = None) -> Any:
    """The plain answer of `function`, by the probe of this name in labNN/probes.py.

    inputs: the function may change them; give it a copy. ask: what the probe asks, where it does; its arguments are `bare`.

    Raises:
        UnacceptableError: the answer is nothing that a judge looks at.
        BaseException: whatever the function raises.
    """
    chosen: Function = call if probe is None else getattr(import_module(f"utils.exercises.lab{lab}.probes"), probe)
    return plain(chosen(function, *([] if ask is None else [ask]), *inputs))


def call(function: Function, *inputs: Any) -> Any:
    """The default probe: what the function returns, plain. Called with a tensor, it may return no numpy array."""
    return plain(function(*inputs), numpy=not _holds_tensor(inputs))


def look_again(function: Function, *inputs: Any) -> dict[str, Any]:
    """The answer, and the inputs as they are afterwards (judge: `untouched`). A grader looks at arrays and tensors itself."""
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


def bare(value: Any) -> Any:
    """A name or a number as it can be asked for: a number of numpy's or torch's becomes Python's.

    Raises:
        ValueError: it is something else, or too long.
    """
    if isinstance(value, np.generic | np.ndarray | Tensor) and value.ndim == 0:
        value = value.item()
    short = len(value) <= 100 if type(value) is str else type(value) is not int or value.bit_length() < 64
    if type(value) not in (bool, int, float, str) or not short:
        raise ValueError(f"a name or a number is asked for, not a value of type {type(value).__name__[:60]}")
    return value


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict | list | tuple):
        return any(map(_holds_tensor, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Tensor)


def _wanting_gradient(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _wanting_gradient(item) for key, item in value.items()}
    return value.requires_grad_() if isinstance(value, Tensor) and value.is_floating_point() else value
