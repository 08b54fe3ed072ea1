"""What a declaration of an exercise is made of, from one place: cases, mistakes, stock cases, judges and what they say."""

from utils.exercises.declare import Case, Cases, Hints, Mistake, Rng, exercise
from utils.exercises.dtypes import integer, of_dtype
from utils.exercises.judges import (
    Judge,
    Verdict,
    answered,
    as_mask,
    as_number,
    close_to,
    describe,
    difference,
    equal_to,
    knowing,
    number,
    recognising,
    short,
)
from utils.exercises.stock import CHANGED, ERROR, has_dtype, keeps_inputs, refuses, takes_nothing, takes_parameter, without_floats

__all__ = [
    "CHANGED",
    "ERROR",
    "Case",
    "Cases",
    "Hints",
    "Judge",
    "Mistake",
    "Rng",
    "Verdict",
    "answered",
    "as_mask",
    "as_number",
    "close_to",
    "describe",
    "difference",
    "equal_to",
    "exercise",
    "has_dtype",
    "integer",
    "keeps_inputs",
    "knowing",
    "number",
    "of_dtype",
    "recognising",
    "refuses",
    "short",
    "takes_nothing",
    "takes_parameter",
    "without_floats",
]
