"""Declarations of exercises: cases, points, difficulty, time, mistakes, and what stands in for the answer until it is solved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal
from zlib import crc32

import numpy as np

from utils.exercises.judges import Judge, Verdict, answered, recognising, untouched
from utils.exercises.outside import Answers

Hints = tuple[str, ...]
About = Literal["answer", "inputs", "refusal"]
PUBLIC_SEED = 1  # what every notebook's check draws from; a grader takes its own


@dataclass(frozen=True)
class Case:
    """One thing that the function must do. `stock.py` has the usual ones with their hints.

    name: a claim, "keeps the largest half". inputs: what the function (or the probe) is called with.
    judge: (answer, inputs) -> Verdict, plain arrays only; None: the exercise's. weight: its part of the points, against the others'.
    hints: a nudge, then the likely mistake. hints_for: others, by what a verdict is `about`; "error" is an exception.
    basis: the case that must pass for the hints to make sense, besides the exercise's first one.
    probe: name of a probe, a shared one or the lab's own; None: a plain call.
    outside: makes, for each run, what answers the probe's questions. It stays where the judge is, and so does what it knows:
    the inputs must not hold it. The judge of an answer then sees {"answer", "asked"}.
    about: what is judged. "answer"; "inputs": that they stay as they were, and the answer as well; "refusal": the exception,
    by a judge that sees {"raised"} or {"returned"}. Whatever it is about, the function is called by the same probe.
    as_given: the probe calls the function with these inputs, the first of them at least, so a failing case can show them.
    hints_on_error: whether the hints hold for an exception too.
    """

    name: str
    inputs: tuple[Any, ...]
    judge: Judge | None = None
    weight: float = 1
    hints: Hints = ()
    probe: str | None = None
    hints_for: Mapping[str, Hints] = field(default_factory=dict)
    basis: str | None = None
    outside: Callable[[], Answers] | None = None
    about: About = "answer"
    as_given: bool = False
    hints_on_error: bool = False

    def judged(self, answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        """The verdict on a plain answer. inputs: the case's own, plain.

        Raises:
            TypeError: the case has no judge yet; those of `Exercise.cases` have one.
        """
        if self.judge is None:
            raise TypeError(f"the case {self.name!r} has no judge: take it from Exercise.cases")
        return self.judge(answer, inputs)

    def hints_about(self, mistake: str) -> Hints:
        """The hints for this mistake. An exception has only hints of its own: what is said of answers would mislead."""
        return self.hints_for.get(mistake, () if mistake == "error" and not self.hints_on_error else self.hints)


Rng = np.random.Generator  # what the cases of an exercise draw their inputs from
Cases = Iterator[Case]
Draw = Callable[[Rng], Cases]


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer, written once: judges recognise it, its hints are shown, and a test makes a wrong answer of it.

    made: what the mistake gives for an exercise's inputs, which are plain numbers and arrays; a wrong answer is made of it by
    `Exercise.answer_of`. loses: exactly these cases, as `cases_lost` reads them; "" for one or more, whichever.
    """

    name: str
    made: Callable[..., Any]
    hints: Hints
    loses: str = ""


def cases_lost(said: str, names: Iterable[str]) -> frozenset[str]:
    """The names of cases that a note lists: "a; b", "all", or "all but a; b". A * in a name is any text: "refuses *".

    names: of all cases of the exercise.

    Raises:
        ValueError: it lists a name that none of them has.
    """
    every, (rest, but) = frozenset(names), (said.removeprefix("all but "), said.startswith("all but "))
    if said == "all":
        return every
    found = {name.strip(): frozenset(one for one in every if fnmatchcase(one, name.strip())) for name in rest.split(";")}
    if unknown := sorted(name for name, some in found.items() if not some):
        raise ValueError(f"no case is called {unknown[0]!r}: use one of {'; '.join(sorted(every))}")
    listed = frozenset().union(*found.values())
    return every - listed if but else listed


@dataclass(frozen=True)
class Exercise:
    """A function, or a class, that the student writes.

    generate: its cases, from a generator of random numbers; its docstring begins with the signature.
    stand_in: the function, or the class, that the lab continues with until the exercise is solved.
    points, core: what it counts. minutes: how long it takes most people. difficulty: 1 to 5.
    judge: of all cases that name none. hints_for: hints of all cases but refusals, by what a verdict is `about`; a case's own come first.
    mistakes: what the judges recognise, the first that fits; rtol: how near.
    steps: how to solve it, one step after the other: the last hint. needs: a tool without which nobody can judge it (`needs.py`).
    gives_text: it takes no arguments, and the cases look at the text that it returns: a grader does that where the
    student's code never ran.
    answer_of: makes an answer of a mistake's `made` where that takes other arguments than the student's function.
    """

    name: str
    generate: Draw
    stand_in: Callable[..., Any]
    points: float = 3
    difficulty: int = 1
    minutes: int = 10
    core: bool = True
    gives_text: bool = False
    judge: Judge | None = None
    mistakes: tuple[Mistake, ...] = ()
    hints_for: Mapping[str, Hints] = field(default_factory=dict, hash=False)
    rtol: float = 1e-4
    steps: str = ""
    needs: str = ""
    answer_of: Callable[[Callable[..., Any]], Any] | None = None
    lab: str = ""

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
        return isinstance(self.stand_in, type)

    def cases(self, seed: int = PUBLIC_SEED) -> tuple[Case, ...]:
        """Its cases with inputs drawn from this seed; the same seed gives the same inputs.

        Raises:
            ValueError: no case, two of one name, a weight that is not positive, a basis that is none of the cases, or no judge.
        """
        cases = tuple(map(self._complete, self.generate(np.random.default_rng([seed, crc32(self.name.encode())]))))
        names = {case.name for case in cases}
        if not cases or len(names) < len(cases) or any(case.weight <= 0 for case in cases):
            raise ValueError(f"{self.key} needs at least one case, names that differ, and positive weights")
        if not {case.basis for case in cases} <= names | {None}:
            raise ValueError(f"{self.key} has a basis that is none of its cases: use one of {', '.join(sorted(names))}")
        return cases

    def _complete(self, case: Case) -> Case:
        """The case with its judge, which knows the mistakes and looks at what the case is about, and with their hints."""
        judge = case.judge or self.judge
        if judge is None:
            raise ValueError(f"{self.key} has no judge for {case.name!r}: give one to the case or to the exercise")
        if case.about != "refusal" and self.mistakes:
            judge = recognising(judge, {mistake.name: mistake.made for mistake in self.mistakes}, self.rtol)
        if case.about == "inputs":
            judge = untouched(judge)
        if case.about != "answer" and case.outside is not None:
            judge = answered(judge)
        shared = {} if case.about == "refusal" else dict(self.hints_for)
        return replace(case, judge=judge, hints_for={one.name: one.hints for one in self.mistakes} | shared | dict(case.hints_for))


def exercise(stand_in: Callable[..., Any], **options: Any) -> Callable[[Draw], Exercise]:
    """Declare an exercise: put this on a generator of cases that has the name of the student's function. options: of `Exercise`."""

    def declare(generate: Draw) -> Exercise:
        return Exercise(generate.__name__, generate, stand_in, **options)

    return declare


@dataclass
class Lab:
    """The exercises of one lab, by name, in the notebook's order. number: "01"."""

    number: str
    exercises: dict[str, Exercise] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """What all core exercises give together."""
        return sum(exercise.points for exercise in self.exercises.values() if exercise.core)

    def add(self, declared: Exercise) -> Exercise:
        """The exercise as one of this lab's, behind those that it has.

        Raises:
            ValueError: it has one of this name.
        """
        if declared.name in self.exercises:
            raise ValueError(f"lab {self.number} has two exercises called {declared.name}: rename one")
        self.exercises[declared.name] = replace(declared, lab=self.number)
        return self.exercises[declared.name]

    def exercise(self, stand_in: Callable[..., Any], **options: Any) -> Callable[[Draw], Exercise]:
        """Declare an exercise and add it."""
        return lambda generate: self.add(exercise(stand_in, **options)(generate))
