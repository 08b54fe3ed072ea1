"""What an exercise is: its cases, points, difficulty, time, and what stands in for it until it is solved."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from utils.exercises.judges import Judge
from utils.exercises.outside import Answers
from utils.exercises.standins import Substitute

Hints = tuple[str, ...]
PUBLIC_SEED = 1  # what every notebook's check draws from; a grader takes its own
AS_GIVEN = (None, "look_again", "error_of", "as_parameters")  # probes that call with the case's inputs
AND_MORE = ("forward_and_backward",)  # probes that call with the first of them, and use what is left otherwise
# Probes that also give the inputs as they are afterwards: a grader looks at the memory of arrays and tensors itself.
LOOK_AGAIN = ("look_again", "look_again_after_l1", "apply_and_look_again", "projected_again", "interleave_again", "noised_again", "tensors")
# Probes that turn an exception into an answer, and the one that calls in the same way and does not: a grader uses that,
# so that a function can't tell by its caller that something is to be refused.
REFUSALS = {"error_of": None, "projected_error": "projected", "refused": "noised", "interleave_error": "interleaved"}


@dataclass(frozen=True)
class Case:
    """One thing that the function must do.

    name: a claim, "keeps the largest half". inputs: what the function (or the probe) is called with.
    judge: (answer, inputs) -> Verdict, plain arrays only. weight: its share of the points, against the others'.
    hints: a nudge, then the likely mistake. hints_for: others, by what a verdict is `about`; "error" is an exception.
    basis: the case that must pass for the hints to make sense, besides the exercise's first one.
    probe: name of a function in the lab's probes.py, or None for a plain call.
    outside: makes, for each run, what answers the probe's questions. It stays where the judge is, and so does what it knows:
    the inputs must not hold it. The judge then sees {"answer", "asked"}.
    """

    name: str
    inputs: tuple[Any, ...]
    judge: Judge
    weight: float = 1
    hints: Hints = ()
    probe: str | None = None
    hints_for: Mapping[str, Hints] = field(default_factory=dict)
    basis: str | None = None
    outside: Callable[[], Answers] | None = None

    @property
    def looks_again(self) -> bool:
        """Whether it is about what becomes of the inputs: the answer is {"answer", "inputs"}."""
        return self.probe in LOOK_AGAIN

    def hints_about(self, mistake: str) -> Hints:
        """The hints for this mistake. An exception has only hints of its own: what is said of answers would mislead."""
        return self.hints_for.get(mistake, () if mistake == "error" else self.hints)


@dataclass(frozen=True)
class Exercise:
    """A function, or a class, that the student writes. minutes: how long it takes most people; difficulty: 1 to 5.

    gives_text: it takes no arguments, and the cases look at the text that it returns: a grader does that where the
    student's code never ran.
    """

    lab: str
    name: str
    points: float
    difficulty: int
    minutes: int
    core: bool
    stand_in: Substitute
    generate: Callable[[np.random.Generator], Iterator[Case]]
    gives_text: bool = False

    @property
    def key(self) -> str:
        """How the ledger calls it: "01/magnitude_mask"."""
        return f"{self.lab}/{self.name}"

    @property
    def signature(self) -> str:
        """How to call it: "magnitude_mask(weight, sparsity)", as the declaration's docstring begins; else the name.

        A class may be called by a method of its own: "FakeQuant.apply(x, scale)".
        """
        said = (self.generate.__doc__ or "").partition(" -> ")[0]
        return said if said.startswith((f"{self.name}(", f"{self.name}.")) else self.name

    @property
    def is_class(self) -> bool:
        """Whether the student writes a class: then a class stands in for it."""
        return isinstance(self.stand_in.function, type)

    def called_with(self, case: Case) -> str:
        """What the function is called with: "weight of shape (8, 16), sparsity=0.5"; "" where a probe makes the call its own way."""
        if case.probe not in AS_GIVEN + AND_MORE:
            return ""
        names = [part.partition("=")[0].strip() for part in self.signature.partition("(")[2].rstrip(")").split(",")]
        if len(names) < len(case.inputs) and case.probe not in AND_MORE:
            return ""
        return ", ".join(written(name, value) for name, value in zip(names, case.inputs, strict=False))

    def cases(self, seed: int = PUBLIC_SEED) -> tuple[Case, ...]:
        """Its cases with inputs drawn from this seed; the same seed gives the same inputs.

        Raises:
            ValueError: no case, two of one name, a weight that is not positive, or a basis that is no case.
        """
        cases = tuple(self.generate(np.random.default_rng([seed, crc32(self.name.encode())])))
        names = {case.name for case in cases}
        if not cases or len(names) < len(cases) or any(case.weight <= 0 for case in cases):
            raise ValueError(f"{self.key} needs at least one case, names that differ, and positive weights")
        if not {case.basis for case in cases} <= names | {None}:
            raise ValueError(f"{self.key} has a basis that is none of its cases: use one of {', '.join(sorted(names))}")
        return cases


def written(name: str, value: Any) -> str:
    """An argument in a few words: a small one in full, of a large one its shape or its size."""
    if (shape := getattr(value, "shape", None)) is not None:
        small = len(shape) < 2 and math.prod(shape) <= 8
        if not small:
            return f"{name} of shape {tuple(shape)}"
        few = [round(x, 4) for x in value.flatten().tolist()]
        return f"{name}=tensor({few if len(shape) else few[0]})"
    text = repr(value)
    if "tensor(" in text or len(text) > 90:
        held = ", ".join(map(str, value)) if isinstance(value, dict) else str(len(value)) if isinstance(value, list | tuple) else ""
        return f"{name}: {type(value).__name__} of {held}" if held else f"{name}: {type(value).__name__}"
    return f"{name}={text}"


@dataclass
class Lab:
    """The exercises of one lab, by name, in the order of their declaration. number: "01"."""

    number: str
    exercises: dict[str, Exercise] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """What all core exercises give together."""
        return sum(exercise.points for exercise in self.exercises.values() if exercise.core)

    def exercise(
        self,
        *,
        stand_in: Substitute,
        points: float = 3,
        difficulty: int = 1,
        minutes: int = 10,
        core: bool = True,
        gives_text: bool = False,
    ) -> Callable[[Callable[[np.random.Generator], Iterator[Case]]], Exercise]:
        """Declare an exercise: put this on a generator of cases that has the name of the student's function."""

        def declare(generate: Callable[[np.random.Generator], Iterator[Case]]) -> Exercise:
            name = generate.__name__
            if name in self.exercises:
                raise ValueError(f"lab {self.number} has two exercises called {name}: rename one")
            self.exercises[name] = Exercise(self.number, name, points, difficulty, minutes, core, stand_in, generate, gives_text)
            return self.exercises[name]

        return declare
