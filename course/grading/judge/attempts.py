"""How a submission's exercises are put to the sandbox: in one process as long as all is well, else each in one of its own.

Most answers are right and quick, and the process is what costs time: so a first one serves all exercises of a submission,
as a notebook's kernel does, with little patience. What is not right there at once has its mark from a process that nothing else has
touched, with all the time that is its due; no point is lost by what another exercise's cell has done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from course.grading.sandbox.jobs import SLEPT, TOO_LONG, Answered, Call, Ended, Job, Loaded, Reply
from course.grading.sandbox.keeper import Sandboxes
from course.grading.sandbox.visit import Visit, ended

MOST_ENDS = 3  # so often may an exercise's process end before its other cases are given up
BRIEF_CPU_S, BRIEF_WALL_S = 0.9, 5


class Tries:
    """A context manager, for one submission."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes
        self._visit: Visit | None = None
        self._brief = replace(sandboxes.limits, cpu_s=min(BRIEF_CPU_S, sandboxes.limits.cpu_s), wall_s=BRIEF_WALL_S)

    def __enter__(self) -> Tries:
        return self

    def __exit__(self, *_: object) -> None:
        if self._visit is not None:
            self._visit.close()
        self._sandboxes.sweep()

    def at_once(self, job: Job, calls: Sequence[Call]) -> list[Reply]:
        """The answers of the process that serves all exercises; none if there is anything but answers, which ends that process.

        Its words are not for repeating: it has seen hidden inputs of other exercises.
        """
        if self._visit is None or self._visit.over:
            self._visit = self._sandboxes.together(self._brief)
        if self._visit is None:
            return []
        loaded, replies = self._visit.answers(job, calls)
        if loaded.found and not loaded.errors and all(isinstance(reply, Answered) for reply in replies):
            return replies
        self._visit.close()
        return []

    def alone(self, job: Job, calls: Sequence[Call]) -> tuple[Loaded, list[Reply]]:
        """A reply for every call. One that ends the process costs that case, and the rest goes on in a new one, a few times.

        After one that took too long the others get little time, and once: an endless loop costs its limit, not one for each case.
        """
        loaded, replies = self._sandboxes.answers(job, calls)
        hurry = None
        for _ in range(MOST_ENDS - 1):
            bad = ended(replies)
            if not loaded.found or len(replies) >= len(calls) or bad is None or bad.forged or bad.why == SLEPT:
                break
            if bad.why == TOO_LONG and hurry:
                break
            hurry = self._brief if bad.why == TOO_LONG else hurry
            replies += self._sandboxes.answers(job, calls[len(replies) :], hurry)[1]
        replies = replies[: len(calls)]
        replies += [Ended("it was not run: those before it ended badly")] * (len(calls) - len(replies))
        return loaded, replies
