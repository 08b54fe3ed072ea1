"""An answer put to the sandbox: its replies, the verdicts on them, and what it would get."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.grading.judge.attempts import Tries
from course.grading.judge.lab import GradedLab
from course.grading.judge.plan import Plan
from course.grading.sandbox.jobs import TOO_LONG, Answered, Call, Ended, Job, Loaded, Raised, Reply
from utils.exercises.declare import Case, Exercise
from utils.exercises.inside.answers import UnacceptableError, plain
from utils.exercises.judges import Verdict, verdict_of
from utils.exercises.refusals import told_apart
from utils.exercises.results import Outcome, Result


@dataclass(frozen=True)
class Trial:
    """An answer that ran with these cells, in a process of its own. bad: why all is lost, "" if it is not."""

    planned: Plan
    loaded: Loaded
    replies: list[Reply]
    result: Result
    bad: str

    @property
    def points(self) -> float:
        """What it would get."""
        return 0 if self.bad else self.result.points

    @property
    def is_endless(self) -> bool:
        """Whether a case took all the time that there is."""
        return any(isinstance(reply, Ended) and reply.why == TOO_LONG for reply in self.replies)


def try_answer(lab: GradedLab, exercise: Exercise, planned: Plan, cases: Sequence[Case], tries: Tries, brief: bool = False) -> Trial:
    """Run an answer in a process of its own and judge it. brief: as `Tries.alone` has it."""
    loaded, replies = run(tries, exercise, *asked(lab, exercise, planned, cases), brief)
    bad = ""
    if any(isinstance(reply, Ended) and reply.forged for reply in replies) or not loaded.found:
        end = next((reply for reply in replies if isinstance(reply, Ended)), None)
        bad = end.why if end else f"there is no function {exercise.name} after the cell has run"
    verdicts = [Verdict(False, "", "")] * len(cases) if bad else verdicts_on(cases, replies)
    return Trial(planned, loaded, replies, Result(exercise, tuple(map(Outcome, cases, verdicts))), bad)


def asked(lab: GradedLab, exercise: Exercise, planned: Plan, cases: Sequence[Case]) -> tuple[Job, list[Call]]:
    """The job, and a call for each case."""
    job = Job(planned.cells, exercise.name, lab.declared.number, lab.modules)
    return job, [call_for(case) for case in cases]


def run(tries: Tries, exercise: Exercise, job: Job, calls: Sequence[Call], brief: bool = False) -> tuple[Loaded, list[Reply]]:
    """A reply for every call. What an exercise gives as a text is had first, then looked at where the student's code never ran."""
    if not exercise.gives_text:
        return tries.alone(job, calls, brief)
    own, replies = tries.alone(job, [Call(())], brief)
    if not replies or not isinstance(replies[-1], Answered):
        return own, replies[-1:] * len(calls)
    return own, tries.alone(replace(job, cells=(("", giving(exercise.name, replies[-1].value)),)), calls)[1]


def call_for(case: Case) -> Call:
    """How a case is put to the process: as any other, so that a function can't tell what it is about.

    Lists and dicts can't be shared: where a case about the inputs has one, the process is asked what they hold afterwards.
    """
    inside = any(isinstance(one, list | tuple | dict) for one in case.inputs)
    about = "both" if case.about == "inputs" and inside else case.about
    return Call(case.inputs, case.probe, about, case.probe is None or case.about == "inputs", case.outside)


def giving(name: str, value: Any) -> str:
    """A cell whose function gives this text. Probes look at it in a process where the student's code never ran, and can't change them."""
    kept = value if type(value) is str else type(value)() if type(value) in (bool, int, float, list, tuple, dict) else None
    return f"def {name}(*_):\n    return {kept!r}\n"


def verdicts_on(cases: Sequence[Case], replies: Sequence[Reply]) -> list[Verdict]:
    """The verdicts on all cases of an exercise; an error that comes for every input alike refuses nothing."""
    verdicts = [judged(case, reply) for case, reply in zip(cases, replies, strict=True)]
    kinds = [reply.type if isinstance(reply, Raised) else "" if isinstance(reply, Answered) else "ended" for reply in replies]
    return told_apart(cases, verdicts, kinds)


def judged(case: Case, reply: Reply) -> Verdict:
    """The verdict on a reply. Only an answer can pass; a judge that stumbles over one has not been convinced."""
    if isinstance(reply, Raised):
        return Verdict(False, "", _told(reply), "error")
    if isinstance(reply, Ended):
        return Verdict(False, "", reply.why, "error")
    try:
        answer = plain(reply.value)
    except UnacceptableError as error:
        return Verdict(False, "", str(error), "error")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return verdict_of(case.judged, answer, plain(case.inputs))


def _told(raised: Raised) -> str:
    if raised.stub:
        return "it is not written yet"
    if raised.type == "UnacceptableError":
        return raised.said
    where = f" (line {raised.line})" if raised.line > 0 else ""
    return f"{': '.join(filter(None, (raised.type, raised.said)))}{where}"
