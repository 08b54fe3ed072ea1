"""Grade one submission: the student's functions run in a sandbox, their answers are judged here.

What a probe sees, code in the same process can rewrite, and a function can look who calls it. So what counts is not seen there:

- Whether tensors and arrays were changed is read from memory that was handed out with the call (sandbox/shared_memory.py).
- A callable that a function gets answers from out here, and counts out here (`Case.outside`); its table never goes inside.
- A text, such as C, is compiled and called in a process where the student's code never ran (`Exercise.gives_text`).
- "No float on the way" is seen inside, for its hint; the same inputs give other numbers in float32, in lab 07 also in float64.
- A call whose inputs are to be refused, or to be left as they are, is made like any other.

What is left is a process's own word, where no number shows it: what a list or a dict holds afterwards (5 cases, and entries of
a few more), that a tensor gets no gradient (labs 02 and 03), that a draw was not remembered (labs 06 and 08), that an int32 sum
was not had by way of float64, which is the same number. Code that lies about it gains that case and no other, and what it needs
for it is named in the exercise's note, for a person to look at. And who raises at all inputs but one, whatever the answer to that,
passes the cases that ask for an error: to refuse some and answer others wrongly is what half-finished honest work does too.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import utils
from course.grading.challenge.challenge import challenge_marks
from course.grading.challenge.photos import hidden_photos
from course.grading.intake.notebooks import read
from course.grading.judge.attempts import Tries
from course.grading.judge.lab import GradedLab, graded_lab
from course.grading.judge.plan import Plan, plan
from course.grading.judge.trial import Trial, asked, judged, run, try_answer, verdicts_on
from course.grading.judge.work import Answer, Work, work_of
from course.grading.marks import CaseMark, ExerciseMark, LabMark
from course.grading.sandbox.jobs import Ended, Loaded, Raised, Reply
from course.grading.sandbox.keeper import Sandboxes
from utils.exercises.declare import PUBLIC_SEED, Case, Exercise
from utils.exercises.judges import Verdict
from utils.exercises.messages.values import short
from utils.exercises.messages.view import legible
from utils.exercises.results import Outcome, Result

if TYPE_CHECKING:
    from course.grading.submission import Submission


_ENDED = "ended"  # how an outcome is marked whose process did not live to answer


def grade_submission(submission: Submission, seed: int, sandboxes: Sandboxes, hidden: Path | None = None) -> LabMark:
    """Judge every exercise of a submission on inputs drawn from the secret seed; never raises for anything a student can do.

    submission: .student, .lab ("01_pruning", a lab of this course), .notebook (bytes of an .ipynb), .artifacts, .notes, .sha256.
    seed: any whole number from 0; the same submission and seed give the same marks.
    sandboxes: `with Sandboxes() as sandboxes:` proves the sandbox first and keeps a warm one; use one per process,
    for one submission at a time. `Sandboxes(unsafe=True)` does without, and every mark says so.
    hidden: file of the instructor's own photos for open challenges (`hidden_photos`), else public ones changed by the seed.
    The submission's notes come first in the mark's. A notebook that can't be read gives 0 for every exercise, and a note.

    Raises:
        ValueError: no such lab; a file that is no test set.
        SandboxError: a sandbox can't be had any more (the machine, not the student).
    """
    lab, notes = graded_lab(submission.lab), list(submission.notes)
    try:
        work = work_of(read(submission.notebook).notebook, lab)
    except Exception as error:  # a notebook can be broken in as many ways as there are people
        said = str(error) if isinstance(error, ValueError) else f"can't be taken apart ({type(error).__name__})"
        notes.append(f"The notebook could not be graded: it {legible(short(said, 200))}.")
        work = Work({})
    marks: dict[str, ExerciseMark] = {}
    with Tries(sandboxes, len(lab.order)) as tries:
        late = []
        for name in lab.order:
            tries.begin()
            marks[name] = _exercise(lab, work, name, _solved(marks), seed, tries)
            late += [name] if tries.cut_short else []
        for at, name in enumerate(late):
            tries.begin(again=len(late) - at)
            marks[name] = _exercise(lab, work, name, _solved(marks), seed, tries)
    versions = {**sandboxes.versions, "tiny_titans": utils.__version__, "lab": lab.source_sha256}
    challenge = challenge_marks(lab.declared.number, submission.artifacts, seed, sandboxes, hidden_photos(hidden) if hidden else None)
    return LabMark(
        submission.student, lab.name, seed, versions, tuple(marks.values()), tuple(notes), sandboxes.unsafe, submission.sha256, challenge
    )


def _solved(marks: Mapping[str, ExerciseMark]) -> set[str]:
    return {name for name, mark in marks.items() if mark.points == mark.of}


def _exercise(lab: GradedLab, work: Work, name: str, solved: set[str], seed: int, tries: Tries) -> ExerciseMark:
    exercise, answer = lab.declared.exercises[name], work.answers.get(name)
    if answer is None or not answer.fate.written:
        how = "the notebook has no cell for it" if answer is None or answer.fate.how == "missing" else "not begun"
        return ExerciseMark(name, 0, exercise.points, exercise.core, note=_sentences([how]))
    if answer.text is None:
        return ExerciseMark(name, 0, exercise.points, exercise.core, note=_sentences([*_found(answer), *_uncompiled(work)]))
    planned, cases = plan(name, work, lab, solved), exercise.cases(seed)
    if right := _right_at_once(lab, exercise, answer, planned, cases, tries):
        return right
    first = try_answer(lab, exercise, planned, cases, tries)
    whole = plan(name, work, lab, solved, whole=True) if first.points < exercise.points else planned
    if whole.cells == planned.cells:
        return _marked(lab, exercise, answer, first, tries)
    again = try_answer(lab, exercise, whole, cases, tries, brief=first.is_endless)
    if again.points <= first.points:
        return _marked(lab, exercise, answer, first, tries)
    changed = f"it depends on what cell {', '.join(map(str, sorted(set(whole.helpers) - set(planned.helpers))))} changes"
    mark = _marked(lab, exercise, answer, again, tries)
    return replace(mark, note=_sentences([mark.note.rstrip("."), changed]))


def _uncompiled(work: Work) -> list[str]:
    """Why a cell has no points that does not compile here; a notebook of a newer Python may use what that has and this has not."""
    here, theirs = sys.version_info[:2], tuple(map(int, work.python.split(".")[:2])) if work.python else ()
    if theirs <= here:
        return ["the cell does not compile"]
    versions = f"Python {here[0]}.{here[1]}, which grades it; the notebook was run with Python {work.python}"
    return [f"for the instructor: the cell does not compile with {versions}: grade it with that version"]


def _right_at_once(
    lab: GradedLab, exercise: Exercise, answer: Answer, planned: Plan, cases: Sequence[Case], tries: Tries
) -> ExerciseMark | None:
    """The mark of an answer that is right in the process that serves all exercises; None if it is not, or has to be seen alone."""
    replies = [] if exercise.gives_text else tries.at_once(*asked(lab, exercise, planned, cases))
    if not replies or not all(judged(case, reply).passed for case, reply in zip(cases, replies, strict=True)):
        return None
    right = tuple(CaseMark(case.name, True, weight=case.weight) for case in cases)
    notes = [*_found(answer), *_ran(exercise.name, planned, Loaded())]
    return ExerciseMark(exercise.name, exercise.points, exercise.points, exercise.core, right, _sentences(notes))


def _marked(lab: GradedLab, exercise: Exercise, answer: Answer, trial: Trial, tries: Tries) -> ExerciseMark:
    """The mark of an answer that was tried, and what to say of each case."""
    name, result = exercise.name, trial.result
    if trial.replies and all(isinstance(reply, Raised) and reply.stub for reply in trial.replies):
        return ExerciseMark(name, 0, exercise.points, exercise.core, note=_sentences(["not begun"]))
    notes = [*_found(answer), *_ran(name, trial.planned, trial.loaded)]
    if trial.bad:
        lost = tuple(CaseMark(outcome.case.name, False, weight=outcome.case.weight) for outcome in result.outcomes)
        return ExerciseMark(name, 0, exercise.points, exercise.core, lost, _sentences([*notes, trial.bad]))
    shown = Result(exercise, tuple(_shown(lab, exercise, trial.planned, result, trial.replies, tries)))
    marks = tuple(
        CaseMark(hidden.case.name, hidden.verdict.passed, _message(hidden, public), _hints(shown, public), hidden.case.weight)
        for hidden, public in zip(result.outcomes, shown.outcomes, strict=True)
    )
    return ExerciseMark(name, result.points, exercise.points, exercise.core, marks, _sentences(notes))


def _hints(result: Result, outcome: Outcome) -> tuple[str, ...]:
    steps = result.steps(outcome)
    return (*result.hints(outcome), steps) if steps else result.hints(outcome)


def _shown(lab: GradedLab, exercise: Exercise, planned: Plan, result: Result, replies: Sequence[Reply], tries: Tries) -> list[Outcome]:
    """What may be shown of each case, from a second run on the public inputs: nothing of a run that saw hidden ones is repeated.

    A process that ended says only how; a case that fails on hidden inputs alone passes here.
    """
    cases = exercise.cases(PUBLIC_SEED)
    ended_in = {case.name: reply.why for case, reply in zip(cases, replies, strict=True) if isinstance(reply, Ended)}
    names = set(result.failed) - set(ended_in)
    public = [case for case in cases if case.name in names]
    answers = run(tries, exercise, *asked(lab, exercise, planned, public))[1] if public else []
    found = {case.name: Outcome(case, verdict) for case, verdict in zip(public, verdicts_on(public, answers), strict=True)}
    found |= {outcome.case.name: outcome for outcome in result.outcomes if outcome.verdict.passed}
    ended_ones = {case.name: Outcome(case, Verdict(False, "", ended_in.get(case.name, ""), "error"), raised=_ENDED) for case in cases}
    return [found.get(case.name, ended_ones[case.name]) for case in cases]


def _message(hidden: Outcome, public: Outcome) -> str:
    """What to say of a case, by its public verdict."""
    verdict = public.verdict
    if hidden.verdict.passed:
        return ""
    if verdict.passed:
        return "It passes with the public inputs and fails with others: does it depend on their values?"
    if public.raised == _ENDED:
        return f"{verdict.got[:1].upper()}{verdict.got[1:]}."
    parts = [f"expected {verdict.expected}" if verdict.expected else "", f"got {verdict.got}" if verdict.got else ""]
    return legible(f"With the public inputs: {', '.join(filter(None, parts))}.")


def _found(answer: Answer) -> list[str]:
    """How the answer was found, where that is worth saying."""
    by_name = ["found by the function's name: the cell's id is not the lab's"] if answer.fate.how == "name" else []
    return [*by_name, *answer.fate.notes.values()]


def _ran(name: str, planned: Plan, loaded: Loaded) -> list[str]:
    """What there is to say of the cells' run, before any input was there."""
    notes = [f"it imports {', '.join(planned.course)}, which is not there when work is graded"] if planned.course else []
    if planned.replaced:
        notes.append(f"it calls {', '.join(planned.replaced)}: the reference's was used, so that one mistake is not charged twice")
    if planned.helpers:
        notes.append(f"it uses what cell {', '.join(map(str, planned.helpers))} defines")
    if planned.missing:
        notes.append(f"it uses {', '.join(planned.missing[:5])}, which nothing in the notebook gives without the course's packages")
    if planned.reaching:
        notes.append(f"for the instructor: it uses {', '.join(planned.reaching)}, which exercises hardly need; look at it")
    own = [error for error in loaded.errors if error[0] == name]
    notes += [legible(f"line {line} of its cell ends in {': '.join(filter(None, (kind, said)))}") for _, kind, said, line in own[:2]]
    return notes


def _sentences(notes: Sequence[str]) -> str:
    return " ".join(f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in notes if note)
