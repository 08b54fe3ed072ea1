"""The result of an exercise: its cases, their verdicts, the points, and the hints that fit. Notebook and grader use the same."""

from __future__ import annotations

from dataclasses import dataclass

from utils.exercises.declare import Case, Exercise, Hints
from utils.exercises.judges import Verdict


@dataclass(frozen=True)
class Outcome:
    """A case and its verdict. empty: the function is a stub, which raises a bare NotImplementedError itself.

    raised: the class of the exception that ended it, "" if there was none.
    """

    case: Case
    verdict: Verdict
    empty: bool = False
    raised: str = ""


@dataclass(frozen=True)
class Result:
    """All outcomes of one exercise. stopped: the student ended the check before the last case."""

    exercise: Exercise
    outcomes: tuple[Outcome, ...]
    stopped: bool = False

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

    def failing_before(self, outcome: Outcome) -> list[Outcome]:
        """The failing cases above this one."""
        above = self.outcomes[: [other is outcome for other in self.outcomes].index(True)]
        return [other for other in above if not other.verdict.passed]

    def steps(self, outcome: Outcome) -> str:
        """How to solve the exercise, for the first failing case; "" for the others: it is said once."""
        return "" if outcome.verdict.passed or self.failing_before(outcome) else self.exercise.steps

    def hints(self, outcome: Outcome) -> Hints:
        """The hints that fit a failing case, () for a passing one.

        The first failing case shows its hints. A later one does so only if the cases it builds on pass: otherwise it
        fails for their reason.
        """
        builds_on = {self.outcomes[0].case.name, outcome.case.basis}
        if outcome.verdict.passed or (self.failing_before(outcome) and builds_on & set(self.failed)):
            return ()
        return outcome.case.hints_about(outcome.verdict.about)
