"""Every lab, through the sandbox: nothing gives nothing, the reference everything, each wrong answer exactly its points."""

import json

import pytest

from course.grading.judge.grade import grade_submission
from course.grading.judge.lab import graded_lab
from course.grading.marks import LabMark
from tests.course.grading.sandboxed import LABS, SEED, answers, handed_in, lab_notebook, marks_of, sandboxes

__all__ = ["sandboxes"]


def rounds(lab, kind):
    """The answers of a file in as few submissions as go: in each, every exercise has at most one."""
    found, shared = answers(lab, kind)
    while found:
        one = {exercise: (name, text, lost) for name, exercise, text, lost in reversed(found)}
        yield one, shared
        chosen = {name for name, _, _ in one.values()}
        found = [answer for answer in found if answer[0] not in chosen]


@pytest.mark.parametrize("lab", LABS)
def test_a_blank_lab_gets_nothing_and_the_reference_everything(lab, sandboxes):
    blank = grade_submission(handed_in(lab), SEED, sandboxes)
    assert (blank.points, blank.extra) == (0, 0)
    assert {mark.note for mark in blank.exercises} == {"Not begun."}
    whole = grade_submission(handed_in(lab, notebook=lab_notebook(lab, "solutions")), SEED, sandboxes)
    assert whole.points == whole.of > 0
    for mark in whole.exercises:
        assert mark.points == mark.of, (mark.name, mark.note, [case for case in mark.cases if not case.passed])
        assert all(case.passed and not case.message and not case.hints for case in mark.cases)


@pytest.mark.parametrize("lab", LABS)
def test_refusing_everything_gives_nothing(lab, sandboxes):
    """Cases that ask for a ValueError are passed by what raises one always: does that count, and is it said?"""
    refusing = {
        name: f"def {name}(*given, **named):\n    raise ValueError('no')"
        for name, exercise in graded_lab(lab).declared.exercises.items()
        if any(case.about == "refusal" for case in exercise.cases(SEED))
    }
    marks = marks_of(handed_in(lab, refusing), sandboxes)
    assert {name: marks[name].points for name in refusing} == dict.fromkeys(refusing, 0)
    for name in refusing:
        told = {case.message for case in marks[name].cases if case.name.startswith("refuses")}
        assert told == {"With the public inputs: expected ValueError, got ValueError, as for other inputs, and no answer for any."}


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_the_same_seed_gives_the_same_marks(lab, sandboxes):
    """Also in another sandbox, after it has been through JSON, and with another seed for a right answer."""
    submission = handed_in(lab, {name: text for name, (_, text, _) in next(rounds(lab, "wrong"))[0].items()}, next(rounds(lab, "wrong"))[1])
    first, again = (grade_submission(submission, SEED, sandboxes) for _ in range(2))
    assert first == again
    assert LabMark.from_dict(json.loads(json.dumps(first.to_dict()))) == first


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("kind", ["right", "wrong"])
def test_each_answer_gets_exactly_its_points(lab, kind, sandboxes):
    declared = graded_lab(lab).declared.exercises
    for chosen, shared in rounds(lab, kind):
        marks = marks_of(handed_in(lab, {name: text for name, (_, text, _) in chosen.items()}, shared), sandboxes)
        for name, (function, _, lost) in chosen.items():
            mark = marks[name]
            assert {case.name for case in mark.cases if not case.passed} == lost, (function, mark.note)
            assert mark.cases, (function, mark.note)
            weights = {case.name: case.weight for case in declared[name].cases(SEED)}
            share = 1 - sum(weights[case] for case in lost) / sum(weights.values())
            assert mark.points == pytest.approx(declared[name].points * share), function
