"""Call the student's function and return what it did, as plain values. Runs where the student's code runs.

A probe is a function `(function, *inputs) -> plain values and tensors`. The default one calls the function on the inputs;
the shared ones are here, a lab's own are in its inside/probes.py, and a case names the one it wants. Code in the same process
can rewrite what a probe sees, so a grader looks at the inputs itself, and counts outside what is counted: a probe of a case
with answers from outside is `(function, ask, *inputs)`. A probe that builds something out of its inputs, such as a dict of
callables, writes back into them what became of it, so that a case about the inputs can see it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from torch import Tensor

from utils.exercises.inside.answers import plain
from utils.exercises.inside.floats import watched

Function = Callable[..., Any]


def answer(
    function: Function,
    inputs: tuple[Any, ...],
    lab: str,
    probe: str | None = None,
    ask: Function | None = None,
    again: bool = False,
) -> Any:
    """The plain answer of `function`, by the probe of this name.

    inputs: the function may change them; give it a copy.
    ask: answers the probe's questions, for a probe that asks; its arguments are `bare`.
    again: return {"answer", "inputs"}, with the inputs as they are afterwards.

    Raises:
        UnacceptableError: the answer is nothing that a judge looks at.
        BaseException: whatever the function raises.
    """
    chosen = call if probe is None else probe_named(lab, probe)
    found = plain(chosen(function, *([] if ask is None else [ask]), *inputs))
    return plain({"answer": found, "inputs": inputs}) if again else found


def probe_named(lab: str, name: str) -> Function:
    """A shared probe, or the lab's own of this name."""
    if name in _SHARED:
        return _SHARED[name]
    chosen: Function = getattr(import_module(f"utils.exercises.lab{lab}.inside.probes"), name)
    return chosen


def call(function: Function, *inputs: Any) -> Any:
    """The default probe: what the function returns, plain. Called with a tensor, it may return no numpy array."""
    return plain(function(*inputs), numpy=not _holds_tensor(inputs))


def as_parameters(function: Function, *inputs: Any) -> Any:
    """As `call`, but float tensors come as a layer holds them: they require a gradient."""
    return call(function, *map(_requiring_gradient, inputs))


def applied(function: Any, *inputs: Any) -> Any:
    """As `call`, of a class that is called by its method apply."""
    return call(function.apply, *inputs)


def without_floats(function: Function, *inputs: Any) -> dict[str, Any]:
    """The answer, the first of torch's operations that gave floating point on the way to it, and of those that left torch."""
    found, floats, left = watched(function, *inputs)
    return {"answer": call(lambda *_: found, *inputs), "floats": floats, "left": left}


_SHARED: dict[str, Function] = {"applied": applied, "as_parameters": as_parameters, "without_floats": without_floats}


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


def _requiring_gradient(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _requiring_gradient(item) for key, item in value.items()}
    return value.requires_grad_() if isinstance(value, Tensor) and value.is_floating_point() else value
