"""Every lab, through the sandbox: nothing gives nothing, the reference everything, each wrong answer exactly its points."""

import json

import pytest

from course.grading.judge.grade import grade_submission
from course.grading.judge.lab import graded_lab
from course.grading.marks import LabMark
from tests.course.grading.sandboxed import LABS, SEED, answers, handed_in, lab_notebook, marks_of, sandboxes

__all__ = ["sandboxes"]


def rounds(found):
    """Answers in as few submissions as go: in each, every exercise has at most one."""
    while found:
        one = {exercise: (name, text, lost) for name, exercise, text, lost in reversed(found)}
        yield one
        chosen = {name for name, _, _ in one.values()}
        found = [answer for answer in found if answer[0] not in chosen]


def one_of_each_kind(lab):
    """Of a lab's wrong answers one for each kind of case that is lost: by the answer, the inputs, a refusal, by what was asked."""
    cases = {name: {case.name: case for case in one.cases(SEED)} for name, one in graded_lab(lab).declared.exercises.items()}
    chosen, seen = [], set()
    for answer in answers(lab, "wrong")[0]:
        _, exercise, _, lost = answer
        kinds = {(cases[exercise][case].about, cases[exercise][case].outside is not None) for case in lost}
        if kinds - seen:
            chosen.append(answer)
            seen |= kinds
    return chosen


def assert_each_gets_exactly_its_points(lab, found, shared, sandboxes):
    """Grades all of them; returns the submissions with their marks."""
    declared, graded = graded_lab(lab).declared.exercises, []
    for chosen in rounds(found):
        submission = handed_in(lab, {name: text for name, (_, text, _) in chosen.items()}, shared)
        graded.append((submission, grade_submission(submission, SEED, sandboxes)))
        marks = {mark.name: mark for mark in graded[-1][1].exercises}
        for name, (function, _, lost) in chosen.items():
            mark = marks[name]
            assert {case.name for case in mark.cases if not case.passed} == lost, (function, mark.note)
            assert mark.cases, (function, mark.note)
            weights = {case.name: case.weight for case in declared[name].cases(SEED)}
            share = 1 - sum(weights[case] for case in lost) / sum(weights.values())
            assert mark.points == pytest.approx(declared[name].points * share), function
    return graded


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
        assert told == {"With the public inputs: expected ValueError, got ValueError for every input: raise it only for invalid ones."}


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_a_wrong_answer_of_each_kind_gets_exactly_its_points_and_again_the_same(lab, sandboxes):
    """The same seed, the same marks: also in another sandbox, and after they have been through JSON."""
    for submission, first in assert_each_gets_exactly_its_points(lab, one_of_each_kind(lab), answers(lab, "wrong")[1], sandboxes):
        assert grade_submission(submission, SEED, sandboxes) == first
        assert LabMark.from_dict(json.loads(json.dumps(first.to_dict()))) == first


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("kind", ["right", "wrong"])
def test_each_answer_gets_exactly_its_points(lab, kind, sandboxes):
    """All answers, which are judged without a sandbox at every commit."""
    assert_each_gets_exactly_its_points(lab, *answers(lab, kind), sandboxes)
