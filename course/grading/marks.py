"""Marks: what the grader says about a submission, as plain data that goes to JSON and back.

Nothing in a mark comes from a run that saw hidden inputs: names, points and hints are the exercise's own,
and a message tells of the public inputs, which every notebook's check shows too, or of the way a run ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class CaseMark:
    """One case. message: what went wrong, "" if nothing did. hints: a nudge, then the likely mistake. weight: its share of the points."""

    name: str
    passed: bool
    message: str = ""
    hints: tuple[str, ...] = ()
    weight: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "hints": list(self.hints)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CaseMark:
        """The mark again.

        Raises:
            KeyError, TypeError: the data lacks something, or has what no mark has.
        """
        return cls(**{**data, "hints": tuple(data["hints"])})


@dataclass(frozen=True)
class ExerciseMark:
    """One exercise. points of `of`; core: whether it counts towards the lab's points, or is extra.

    cases: empty if there was no answer to judge. note: in one or more sentences what else there is to say:
    where the answer was found, what was mended, how its run ended; "" if nothing.
    """

    name: str
    points: float
    of: float
    core: bool
    cases: tuple[CaseMark, ...] = ()
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "cases": [case.to_dict() for case in self.cases]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExerciseMark:
        """The mark again. Raises as `CaseMark.from_dict` does."""
        return cls(**{**data, "cases": tuple(map(CaseMark.from_dict, data["cases"]))})


@dataclass(frozen=True)
class LabMark:
    """One submission. lab: "01_pruning". seed: the inputs were drawn from it; keep it secret, and keep it for appeals.

    versions: "python", "torch", "numpy", "tiny_titans", "lab" (the sha256 of the lab's source) -> version.
    notes: sentences about the whole submission. unsafe: graded without a sandbox.
    challenge: what an artifact of the open challenge reached, name -> number or sentence; empty if there was none.
    """

    student: str
    lab: str
    seed: int
    versions: Mapping[str, str]
    exercises: tuple[ExerciseMark, ...]
    notes: tuple[str, ...]
    unsafe: bool
    submission_sha256: str
    challenge: Mapping[str, Any] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """What the core exercises gave together."""
        return sum(exercise.points for exercise in self.exercises if exercise.core)

    @property
    def of(self) -> float:
        """What the core exercises can give together."""
        return sum(exercise.of for exercise in self.exercises if exercise.core)

    @property
    def extra(self) -> float:
        """What the extra exercises gave together."""
        return sum(exercise.points for exercise in self.exercises if not exercise.core)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        exercises = [exercise.to_dict() for exercise in self.exercises]
        plain = {"versions": dict(self.versions), "notes": list(self.notes), "challenge": dict(self.challenge)}
        return {**asdict(self), **plain, "exercises": exercises}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LabMark:
        """The mark again. Raises as `CaseMark.from_dict` does."""
        exercises = tuple(map(ExerciseMark.from_dict, data["exercises"]))
        return cls(**{**data, "exercises": exercises, "notes": tuple(data["notes"])})
