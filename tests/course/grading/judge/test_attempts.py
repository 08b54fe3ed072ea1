"""A submission's exercises share one process only as long as all is well there: no exercise gains or loses by what another left behind."""

import json
from types import SimpleNamespace

import pytest

from course.grading.judge import attempts
from course.grading.judge.attempts import Tries
from course.grading.judge.grade import grade_submission
from course.grading.judge.lab import graded_lab
from course.grading.sandbox.jobs import CUT_SHORT, SLEPT, TOO_LONG, Answered, Call, Ended, Job, Limits, Loaded, Raised
from course.grading.sandbox.keeper import Sandboxes
from tests.course.grading.sandboxed import SEED, handed_in, lab_notebook, marks_of, reference, sandboxes

__all__ = ["sandboxes"]

LAB = "01_pruning"
LATER = ("cubic_sparsity", "channel_importance")


def answered(first, later=()):
    """A right `magnitude_mask` with something before it, and right answers to others, each with something before it."""
    before = {name: reference(LAB, name) for name in LATER} | {
        name: f"{text}\n{reference(LAB, name)}" for name, text in dict(later).items()
    }
    return handed_in(LAB, {"magnitude_mask": f"{first}\n{reference(LAB, 'magnitude_mask')}", **before})


@pytest.fixture
def visits(monkeypatch):
    """Names of the exercises that are run alone, and whether briefly."""
    alone, run = [], Tries.alone
    monkeypatch.setattr(
        Tries, "alone", lambda self, job, calls, brief=False: (alone.append((job.function, brief)), run(self, job, calls, brief))[1]
    )
    return alone


def test_what_is_right_at_once_is_not_run_again(sandboxes, visits):
    mark = grade_submission(handed_in(LAB, notebook=lab_notebook(LAB, "solutions")), SEED, sandboxes)
    assert mark.points == mark.of and visits == []


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("def magnitude_mask(weight, sparsity):\n    return weight > 0", [False, False, False]),  # its cells, all cells, public inputs
        ("def magnitude_mask(weight, sparsity):\n    while True:\n        pass", [False, True]),  # no other cell ends this loop soon
    ],
)
def test_all_cells_above_are_tried_once(text, runs, sandboxes, visits, monkeypatch):
    monkeypatch.setattr(attempts, "SUBMISSION_S", 1e5)  # on a busy machine too
    marks = marks_of(handed_in(LAB, {"magnitude_mask": text}, ["own = 1"]), sandboxes)
    assert marks["magnitude_mask"].points < marks["magnitude_mask"].of
    assert visits == [("magnitude_mask", brief) for brief in runs]


@pytest.mark.parametrize(
    "spoils",
    [
        "import torch\ntorch.Tensor.abs = None",
        "import builtins\nbuiltins.min = builtins.max = lambda *_: 0",
        "import sys, torch\nsys.modules['torch.nn'] = None\ntorch.linalg.vector_norm = None",
        "import os, threading\nthreading.Timer(0.05, os._exit, [0]).start()",
        "import sys\nsys.setrecursionlimit(60)",
    ],
)
def test_what_one_exercise_spoils_costs_no_other_a_point(spoils, sandboxes, visits):
    marks = marks_of(answered("", {"cubic_sparsity": f"try:\n    exec({spoils!r})\nfinally:\n    pass"}), sandboxes)
    assert marks["magnitude_mask"].points == marks["magnitude_mask"].of
    assert marks["channel_importance"].points == marks["channel_importance"].of, marks["channel_importance"]


def test_what_one_exercise_mends_gives_no_other_a_point(sandboxes):
    """A wrong answer that an earlier cell replaces in the shared process is judged there: is that the same as its own answer?"""
    patch = "import builtins\nbuiltins.cubic = lambda s, b, e, f: f * (1 - (1 - min(max((s - b) / (e - b), 0), 1)) ** 3)"
    uses = "def cubic_sparsity(*inputs):\n    import builtins\n    return builtins.cubic(*inputs)"
    mark = marks_of(handed_in(LAB, {"magnitude_mask": f"{patch}\n{reference(LAB, 'magnitude_mask')}", "cubic_sparsity": uses}), sandboxes)
    assert mark["magnitude_mask"].points == 3
    assert mark["cubic_sparsity"].points == 2, "the work is the student's own, wherever in the notebook it stands"


def test_no_hidden_input_of_one_exercise_is_told_by_the_cell_of_another(sandboxes):
    """The first keeps its inputs; the second's cell raises them where errors of cells are told, and answers with them."""
    keep = "import builtins\nbuiltins.kept = ['LEAK']\n"
    first = keep + reference(LAB, "magnitude_mask").replace("\n    ", "\n    kept.append(f'{weight.double().sum():.9f}')\n    ", 1)
    assert "kept.append" in first and first.index("kept.append") > first.index("def ")
    tells = "import builtins\nprint(builtins.kept)\nraise ValueError(str(builtins.kept))\n"
    for text in (
        tells + reference(LAB, "cubic_sparsity"),
        "def cubic_sparsity(*_):\n    raise ValueError(str(kept))",
        "def cubic_sparsity(*_):\n    return kept",
    ):
        mark = grade_submission(handed_in(LAB, {"magnitude_mask": first, "cubic_sparsity": text}), SEED, sandboxes)
        marks = {one.name: one for one in mark.exercises}
        assert marks["magnitude_mask"].points == 3
        assert "LEAK" not in json.dumps(marks["cubic_sparsity"].to_dict())


LOADED = Loaded((), True)


class Scripted:
    """Sandboxes that answer as told and note with what limits they were asked."""

    def __init__(self, *replies, loaded=LOADED):
        self.limits, self.replies, self.loaded, self.asked, self.visits = Limits(), list(replies), loaded, [], []

    def answers(self, job, calls, limits=None):
        self.asked.append((len(calls), (limits or self.limits).cpu_s))
        return self.loaded, self.replies.pop(0)

    def together(self, limits):
        self.visits.append(limits)
        self.over = False
        return self

    def close(self):
        self.over = True

    def sweep(self):
        self.swept = True


JOB = Job((), "f", "01", ())
CALLS = [Call((number,)) for number in range(5)]


def test_with_little_time_a_loop_ends_it_all():
    made = Scripted([Answered(0), Ended(TOO_LONG, certain=True)], [Answered(2)] * 3)
    with Tries(made) as asked:
        _, replies = asked.alone(JOB, CALLS, brief=True)
    assert [isinstance(reply, Answered) for reply in replies] == [True, False, False, False, False]
    assert made.asked == [(5, attempts.BRIEF_CPU_S)]


def test_after_a_loop_that_never_ends_the_others_get_little_time():
    made = Scripted([Answered(0), Ended(TOO_LONG, certain=True)], [Answered(2), Ended(TOO_LONG, certain=True)], [Answered(4)])
    with Tries(made) as asked:
        _, replies = asked.alone(JOB, CALLS)
    assert [isinstance(reply, Answered) for reply in replies] == [True, False, True, False, False]
    assert made.asked == [(5, 5), (3, attempts.BRIEF_CPU_S)]


def test_little_time_stays_little_after_another_end():
    made = Scripted([Ended(TOO_LONG, certain=True)], [Answered(1), Ended("it died")], [Answered(3), Answered(4)])
    with Tries(made) as asked:
        _, replies = asked.alone(JOB, CALLS)
    assert [isinstance(reply, Answered) for reply in replies] == [False, True, False, True, True]
    assert [cpu_s for _, cpu_s in made.asked] == [5, attempts.BRIEF_CPU_S, attempts.BRIEF_CPU_S]


@pytest.mark.parametrize(
    ("bad", "tries"), [(Ended(SLEPT), 1), (Ended("it wrote", forged=True, certain=True), 1), (Ended("it died"), attempts.MOST_ENDS)]
)
def test_a_process_that_sleeps_or_forges_is_not_tried_again(bad, tries):
    made = Scripted(*([bad] for _ in range(9)))
    with Tries(made) as asked:
        _, replies = asked.alone(JOB, CALLS)
    assert len(made.asked) == tries and len(replies) == len(CALLS) and all(isinstance(reply, Ended) for reply in replies)
    assert all(cpu_s == 5 for _, cpu_s in made.asked)


@pytest.mark.parametrize(
    "last",
    [[Ended("it died")], [Answered(4), Ended("it died")], [Answered(4), Ended("it wrote", forged=True, certain=True)]],
    ids=["with the last case", "after it", "after it, forged"],
)
def test_an_end_that_leaves_no_case_is_not_tried_again(last):
    made = Scripted([*map(Answered, range(4)), *last])
    with Tries(made) as asked:
        _, replies = asked.alone(JOB, CALLS)
    assert made.asked == [(5, 5)] and replies == [*map(Answered, range(4)), last[0]], "a reply for every case, and no more"


@pytest.mark.parametrize(("due_s", "brief_s"), [(5, attempts.BRIEF_CPU_S), (0.5, 0.5)])
def test_the_shared_process_gets_little_time_and_all_else_as_due(due_s, brief_s):
    made = Scripted([Answered(1)])
    made.limits = Limits(cpu_s=due_s, processes=7)
    with Tries(made) as asked:
        asked.at_once(JOB, CALLS)
    assert made.visits == [Limits(cpu_s=brief_s, wall_s=attempts.BRIEF_WALL_S, processes=7)]


@pytest.mark.parametrize(
    ("loaded", "replies", "clean"),
    [
        (Loaded((), True), [Answered(1)], True),
        (Loaded((("cell", "E", "", 1),), True), [Answered(1)], False),
        (Loaded((), False), [], False),
        (Loaded((), True), [Answered(1), Raised("E", "", 1, "", False)], False),
        (Loaded((), True), [Answered(1), Ended("it died")], False),
    ],
)
def test_only_answers_are_taken_from_the_shared_process(loaded, replies, clean):
    made = Scripted(replies, loaded=loaded)
    with Tries(made) as asked:
        assert asked.at_once(JOB, CALLS) == (replies if clean else [])
        assert made.over is not clean, "what is not clean leaves nothing running beside the others"


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves by hand: `clock.now += 5`."""
    found = SimpleNamespace(now=0.0)
    monkeypatch.setattr(attempts, "time", SimpleNamespace(monotonic=lambda: found.now))
    return found


def spending(clock, seconds, why=CUT_SHORT):
    """Sandboxes whose every run takes so long and is cut short, and the limits of all runs."""
    made, given = Scripted(), []

    def answers(job, calls, limits):
        given.append(limits.most_wall_s)
        clock.now += seconds
        return LOADED, [Ended(why, certain=True)]

    made.answers = answers
    return made, given


def test_no_exercise_spends_the_time_of_another(clock):
    """Four exercises, of which each takes all that it gets: has each its share at first, and its share of the rest in the end?"""
    made, given = spending(clock, 60)
    with Tries(made, 4) as asked:
        for again in (0, 0, 0, 0, 4, 3, 2, 1):
            asked.begin(again)
            _, replies = asked.alone(JOB, CALLS)
            assert asked.cut_short and len(replies) == len(CALLS) and replies[0].why == CUT_SHORT
    assert given == [attempts.SUBMISSION_S / 8] * 4 + [60, 60, 60, 60]


def test_an_exercise_without_time_is_not_run(clock):
    made, given = spending(clock, 10_000, TOO_LONG)
    with Tries(made, 4) as asked:
        asked.begin()
        assert not asked.cut_short and [reply.why for reply in asked.alone(JOB, CALLS)[1]][:2] == [TOO_LONG, CUT_SHORT]
        assert asked.cut_short
        asked.begin(again=1)
        loaded, replies = asked.alone(JOB, CALLS)
    assert (loaded.found, replies[0].why, len(given)) == (False, CUT_SHORT, 1)


def test_exercises_that_take_all_the_time_cost_no_other_a_point(sandboxes, clock, monkeypatch):
    """By a clock on which each run of two wrong answers takes hours: are all others graded, and these two with a reason?"""
    whole = Sandboxes.answers

    def answers(self, job, calls, limits=None):
        clock.now += 10_000 if job.function in ("magnitude_mask", "cubic_sparsity") else 0
        return whole(self, job, calls, limits)

    monkeypatch.setattr(Sandboxes, "answers", answers)
    notebook = lab_notebook(LAB, "solutions")
    names = {"magnitude_mask": "weight, sparsity", "cubic_sparsity": "*steps"}
    mark = grade_submission(
        handed_in(LAB, {name: f"def {name}({given}):\n    return 7" for name, given in names.items()}, notebook=notebook), SEED, sandboxes
    )
    marks = {one.name: one for one in mark.exercises}
    for name, one in marks.items():
        assert one.points == (0 if name in names else one.of), one
    assert all("took more time than one exercise of a submission has" in marks[name].note for name in names)
    assert list(marks) == list(graded_lab(LAB).order)


def test_where_every_job_needs_a_sandbox_of_its_own_nothing_is_shared():
    made = Scripted()
    made.together = lambda limits: None
    with Tries(made) as asked:
        assert asked.at_once(JOB, CALLS) == []
    assert made.asked == []


def test_the_shared_process_is_kept_until_it_is_over():
    made = Scripted([Answered(1)], [Answered(1)], [Ended("it died")], [Answered(1)])
    with Tries(made) as asked:
        assert [len(made.visits) for _ in range(4) if asked.at_once(JOB, CALLS) is not None] == [1, 1, 1, 2]
    assert made.over
