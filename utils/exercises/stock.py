"""Stock cases: what is asked of most functions, with the hints that help. options: of `Case`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from utils.exercises.declare import Case, Hints
from utils.exercises.dtypes import no_floats, of_dtype
from utils.exercises.judges import Judge, raises

ERROR: Hints = ("Which error does the docstring name for this?", "raise ValueError, with a sentence that says what was wrong.")
CHANGED: Hints = (
    "Print the inputs before and after.",
    "Methods that end in _, and -= or +=, change a tensor and what shares its memory: detach(), view(). "
    "pop(), append() and update() change a list or a dict.",
)
PARAMETER: Hints = (
    "A layer's weight is a parameter, which requires a gradient; the error says what that forbids.",
    "Call detach() first.",
)
NUMPY: Hints = ("Does this need numpy?", "It does not: tensors do all of it, and the check watches torch's operations alone.")
EMPTY: Hints = ("There is nothing in this input.", "The shape stays: work on the whole tensor, and look for no largest value.")


def refuses(what: str, inputs: Iterable[Any], error: type[Exception] = ValueError, **options: Any) -> Case:
    """The function raises this error. what: "NaN as high", for a case called "refuses NaN as high"."""
    return Case(f"refuses {what}", tuple(inputs), raises(error.__name__), about="refusal", **{"hints": ERROR, **options})


def keeps_inputs(*inputs: Any, name: str = "leaves its inputs as they were", **options: Any) -> Case:
    """The inputs stay as they were, and the answer is right."""
    hints = {"changed": CHANGED, **options.pop("hints_for", {})}
    return Case(name, inputs, about="inputs", hints_for=hints, **options)


def takes_parameter(*inputs: Any, name: str = "takes a layer's parameter", **options: Any) -> Case:
    """The answer is right where float tensors require a gradient, as those of a layer do."""
    hints = {"error": PARAMETER, **options.pop("hints_for", {})}
    return Case(name, inputs, probe="as_parameters", as_given=True, hints_for=hints, **options)


def takes_nothing(name: str, *inputs: Any, **options: Any) -> Case:
    """The answer is right for an input without elements. name: "no values"."""
    return Case(name, inputs, hints_on_error=True, **{"hints": EMPTY, **options})


def has_dtype(judge: Judge, expected: str, dtypes: tuple[str, ...], *inputs: Any, **options: Any) -> Case:
    """The answer is right and of one of these dtypes, or kinds (`of_dtype`). expected: "float32", "an integer dtype"."""
    name = options.pop("name", f"{expected} comes out" if " " not in expected else expected)
    hints = ("What is your result's dtype?", f"The docstring asks for {expected}: convert the result with .to().")
    return Case(name, inputs, of_dtype(judge, expected, *dtypes), **{"hints": hints, **options})


def without_floats(judge: Judge, keep_to: str, *inputs: Any, **options: Any) -> Case:
    """No operation of torch gives floating point on the way. keep_to: "Keep to @ and +", which operations do, as a sentence.

    The inputs must be some that floats get wrong: an answer that gets past the probe has then computed exactly.
    """
    float_hints = ("Which line makes a float?", keep_to)
    hints = {"float": float_hints, "numpy": NUMPY, **options.pop("hints_for", {})}
    name = "no float on the way"
    return Case(name, inputs, no_floats(judge), hints=float_hints, probe="without_floats", as_given=True, hints_for=hints, **options)
