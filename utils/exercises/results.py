"""The result of an exercise: its cases, their verdicts, the points, and the hints that fit. Notebook and grader use the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from utils.exercises.declare import Exercise
from utils.exercises.messages.advice import Advice, advise, written_out
from utils.exercises.outcomes import Outcome

__all__ = ["Outcome", "Result"]


@dataclass(frozen=True)
class Result:
    """All outcomes of one exercise. stopped: the student ended the check before the last case.

    ready_made: the address of the course's function for this exercise that the answer calls; then no case was run.
    """

    exercise: Exercise
    outcomes: tuple[Outcome, ...]
    stopped: bool = False
    ready_made: str = ""

    @property
    def attempted(self) -> bool:
        """Whether there was anything to judge: an untouched stub is empty in every case."""
        return not all(outcome.empty for outcome in self.outcomes)

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the cases that did not pass."""
        return tuple(outcome.case.name for outcome in self.outcomes if not outcome.verdict.passed)

    @property
    def points(self) -> float:
        """The exercise's points times the weight of the cases that passed, divided by the weight of all cases."""
        if not self.failed:
            return self.exercise.points
        passed = sum(outcome.case.weight for outcome in self.outcomes if outcome.verdict.passed)
        return self.exercise.points * passed / sum(outcome.case.weight for outcome in self.outcomes)

    @cached_property
    def advice(self) -> list[Advice]:
        """The mistakes behind the failing cases, the plainest first, each with its hints."""
        return advise(self.outcomes, self.exercise.is_class)

    def steps(self, outcome: Outcome) -> str:
        """How to solve the exercise, for the first mistake; "" for the others: it is said once."""
        return self.exercise.steps if self.advice and self.advice[0].outcome is outcome else ""

    def hints(self, outcome: Outcome) -> tuple[str, ...]:
        """The hints below a failing case, () for a case that another one explains or that passes."""
        advice = next((one for one in self.advice if one.outcome is outcome), None)
        return () if advice is None else written_out(advice.hints, outcome)
