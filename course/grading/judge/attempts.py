"""How a submission's exercises are put to the sandbox: in one process as long as all is well, else each in one of its own.

Most answers are right and quick, and the process is what costs time: so a first one serves all exercises of a submission,
as a notebook's kernel does, with little patience. What is not right there at once has its mark from a process that nothing else has
touched, with all the time that is its due; no point is lost by what another exercise's cell has done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from course.grading.sandbox.jobs import CUT_SHORT, SLEPT, TOO_LONG, Answered, Call, Ended, Job, Limits, Loaded, Reply
from course.grading.sandbox.keeper import Sandboxes
from course.grading.sandbox.visit import Visit, ended

MOST_ENDS = 3  # so often may an exercise's process end before its other cases are given up
BRIEF_CPU_S, BRIEF_WALL_S = 0.9, 5
SUBMISSION_S = 480.0  # of waiting for a submission's exercises; what a pool allows for all of it is longer


class Tries:
    """A context manager, for one submission of so many exercises.

    The submission has `SUBMISSION_S` of waiting in all, and no exercise can spend the time of another. Each has its share of the
    first half; one that is cut short by that may begin again when all others have their marks, with its share of what is left.
    cut_short: whether the exercise that was begun last was.
    """

    def __init__(self, sandboxes: Sandboxes, exercises: int = 1) -> None:
        self._sandboxes = sandboxes
        self._left, self.cut_short = SUBMISSION_S, False
        self._share = self._mine = self._left / 2 / max(1, exercises)
        self._visit: Visit | None = None
        self._brief = replace(sandboxes.limits, cpu_s=min(BRIEF_CPU_S, sandboxes.limits.cpu_s), wall_s=BRIEF_WALL_S)

    def __enter__(self) -> Tries:
        return self

    def __exit__(self, *_: object) -> None:
        if self._visit is not None:
            self._visit.close()
        self._sandboxes.sweep()

    def begin(self, again: int = 0) -> None:
        """Begin an exercise. again: of how many that were cut short this is the next, this one included; 0 at the first time."""
        self._mine, self.cut_short = self._left / again if again else self._share, False

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - began
            self._left, self._mine = self._left - took, self._mine - took

    def at_once(self, job: Job, calls: Sequence[Call]) -> list[Reply]:
        """The answers of the process that serves all exercises; none if there is anything but answers, which ends that process.

        Its words are not for repeating: it has seen hidden inputs of other exercises.
        """
        if self._visit is None or self._visit.over:
            self._visit = self._sandboxes.together(self._brief)
        if self._visit is None:
            return []
        with self._timed():
            loaded, replies = self._visit.answers(job, calls)
        if loaded.found and not loaded.errors and all(isinstance(reply, Answered) for reply in replies):
            return replies
        self._visit.close()
        return []

    def alone(self, job: Job, calls: Sequence[Call], brief: bool = False) -> tuple[Loaded, list[Reply]]:
        """A reply for every call. One that ends the process costs that case, and the rest goes on in a new one, a few times.

        After one that took too long the others get little time, and once: an endless loop costs its limit, not one for each case.
        brief: all get little time, since the answer is known to take too long with other cells.
        """
        hurry = self._brief if brief else self._sandboxes.limits
        loaded, replies = self._answers(job, calls, hurry)
        for _ in range(MOST_ENDS - 1):
            bad = ended(replies)
            if not loaded.found or len(replies) >= len(calls) or bad is None or bad.forged or bad.why in (SLEPT, CUT_SHORT):
                break
            if bad.why == TOO_LONG and hurry is self._brief:
                break
            hurry = self._brief if bad.why == TOO_LONG else hurry
            replies += self._answers(job, calls[len(replies) :], hurry)[1]
        replies = replies[: len(calls)]
        replies += [Ended("it was not run: those before it ended badly")] * (len(calls) - len(replies))
        return loaded, replies

    def _answers(self, job: Job, calls: Sequence[Call], limits: Limits) -> tuple[Loaded, list[Reply]]:
        """As `Sandboxes.answers`, for as long as the exercise has time."""
        found: tuple[Loaded, list[Reply]] = (Loaded(), [Ended(CUT_SHORT, certain=True)])
        if self._mine > 0:
            with self._timed():
                found = self._sandboxes.answers(job, calls, replace(limits, most_wall_s=min(self._mine, limits.most_wall_s)))
        self.cut_short |= any(isinstance(reply, Ended) and reply.why == CUT_SHORT for reply in found[1])
        return found
