"""What a probe asks of the trusted side: a callable that answers, and keeps what was asked. Runs on the trusted side.

A notebook's check calls it in its own process; a grader's stays outside of the sandbox, so that a table of answers never
goes inside, and nobody can say that a question was not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MOST_QUESTIONS = 2000  # in one call of a student's function

Answers = Callable[..., Any]  # (name or number, ...) -> plain; ValueError for a question that has no answer


class AskedTooOftenError(ValueError):
    """More questions than any answer needs."""


class Outside:
    """Answers questions for one call of a student's function. asked: each of them, in order."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.asked: list[tuple[Any, ...]] = []

    def __call__(self, *question: Any) -> Any:
        """The answer.

        Raises:
            ValueError: there is none. AskedTooOftenError: it was asked more than MOST_QUESTIONS times.
        """
        if len(self.asked) >= MOST_QUESTIONS:
            raise AskedTooOftenError(f"what it was given to call was called more than {MOST_QUESTIONS} times")
        self.asked.append(question)
        return self._answers(*question)

    def beside(self, answer: Any) -> dict[str, Any]:
        """What the judge of such a case sees: the answer, and what was asked."""
        return {"answer": answer, "asked": list(self.asked)}
