"""A zoo of attacks. Each is a student's cell for `magnitude_mask` of lab 01, one file in attacks/; none is ever imported here.

Every attack gets what its docstring says, mostly nothing; other exercises of the same notebook keep all their points,
the next submission is not touched, and nothing is left running. Attacks are bounded by themselves and run in a proven
sandbox only, one at a time.
"""

import ast
import json
import re
import signal
import time
from pathlib import Path

import pytest

from course.grading.judge.grade import grade_submission
from course.grading.judge.lab import graded_lab
from course.grading.sandbox.jobs import Job, Limits
from course.grading.sandbox.keeper import Sandboxes
from tests.course.grading.sandboxed import SEED, handed_in, lab_notebook, marks_of, opened, reference, sandboxes
from utils.exercises.declare import PUBLIC_SEED

__all__ = ["sandboxes"]

LAB = "01_pruning"
ATTACKS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "attacks").glob("*.py"))}
OBSERVED = {path.stem: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "attacks" / "observed").glob("*.py"))}
# A right answer, as a cell of the student's own: an attack that succeeds returns it.
RIGHT = """
def right(weight, sparsity):
    rank = weight.detach().abs().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
"""
OTHERS = ("cubic_sparsity", "channel_importance")


@pytest.fixture(scope="module")
def tight():
    """Sandboxes with little time, so that endless loops end soon."""
    with opened(limits=Limits(cpu_s=1, cpu_hard_s=3, wall_s=15)) as those:
        yield those


def attacked(text):
    return handed_in(LAB, {"magnitude_mask": text, **{name: reference(LAB, name) for name in OTHERS}}, own=(RIGHT,))


EXITING, KILL = 0x4, 1 << signal.SIGKILL - 1  # a flag of proc_pid_stat(5), a bit of the masks in proc_pid_status(5)


def left_running(sandboxes):
    """What runs in the warm sandbox beyond the worker, as /proc tells it.

    One that the kernel is taking down, or will as soon as it gets the processor, runs no more code of its own and does not count.
    """
    warm = sandboxes._warm
    if warm is None or warm.closed:
        return {}
    found = {process.pid: _told(process.pid) for process in warm._below() if process.pid not in warm._own}
    return {pid: told for pid, told in found.items() if told and not told["ends"]}


def _told(pid):
    """State, and whether it ends; {} if it is gone."""
    try:
        stat, status, where = (Path(f"/proc/{pid}/{name}").read_text() for name in ("stat", "status", "wchan"))
    except (FileNotFoundError, ProcessLookupError):
        return {}
    state, parent, *_, flags = stat.rpartition(")")[2].split()[:7]
    pending = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))]
    ends = state in "ZX" or bool(int(flags) & EXITING) or any(mask & KILL for mask in pending)
    return {"state": state, "parent": int(parent), "waits in": where, "ends": ends}


def test_there_are_enough():
    assert len(ATTACKS) >= 30
    assert all("Ought to get nothing" in text or "Ought to get everything" in text for text in ATTACKS.values())


def test_what_attacks_return_when_they_succeed_is_right(sandboxes):
    """Does an attack that gets through show, with all points?"""
    marks = marks_of(attacked("def magnitude_mask(weight, sparsity):\n    return right(weight, sparsity)"), sandboxes)
    assert marks["magnitude_mask"].points == 3


def ended_in_time(sandboxes):
    """Wait for the end of what was killed: it sleeps longer than this. Returns what runs still."""
    until = time.monotonic() + 30
    while (left := left_running(sandboxes)) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def test_what_is_left_running_would_be_seen(tight):
    """A visit that is still open is three processes: its guardian, the first of its name space, and the one that serves."""
    with tight.together(tight.limits) as visit:
        visit.answers(Job((), "f", "01", ()), [])
        assert len(left_running(tight)) == 3
    assert ended_in_time(tight) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing_and_harms_nobody(name, tight, tmp_path):
    text = ATTACKS[name]
    canary = tmp_path / "canary"
    canary.write_text("alive")
    mark = grade_submission(attacked(text), SEED, tight)
    marks = {one.name: one for one in mark.exercises}
    whole = "Ought to get everything" in ast.get_docstring(ast.parse(text))
    assert marks["magnitude_mask"].points == (3 if whole else 0), marks["magnitude_mask"]
    assert [marks[other].points for other in OTHERS] == [marks[other].of for other in OTHERS], "a neighbour lost points"
    assert canary.read_text() == "alive" and not Path("/tmp/titans-pickled").exists()
    json.dumps(mark.to_dict()).encode()
    assert ended_in_time(tight) == {}
    again = marks_of(handed_in(LAB, {"cubic_sparsity": reference(LAB, "cubic_sparsity")}), tight)
    assert again["cubic_sparsity"].points == 2


LEAK = """
def magnitude_mask(weight, sparsity):
    told = f"LEAK{weight.double().sum():.9f}"
    print(told)
    if len(weight.shape) == 2:
        raise ValueError(told)
    if weight.dim() == 1:
        raise type(told, (Exception,), {})(told)
    return [told, weight * 0 + 0.123456789]
"""


def test_no_hidden_input_is_told(sandboxes):
    """A function that tells its inputs by messages, types, answers and prints: do only the public ones come out?"""
    mark = grade_submission(handed_in(LAB, {"magnitude_mask": LEAK}), SEED, sandboxes)
    text = json.dumps(mark.to_dict())
    exercise = graded_lab(LAB).declared.exercises["magnitude_mask"]
    told = {seed: {f"LEAK{case.inputs[0].double().sum():.9f}" for case in exercise.cases(seed)} for seed in (SEED, PUBLIC_SEED)}
    assert any(one in text for one in told[PUBLIC_SEED]), "the test tells nothing"
    assert not any(one in text for one in told[SEED] - told[PUBLIC_SEED])


@pytest.mark.parametrize("name", OBSERVED)
def test_what_is_observed_is_not_forged(name, sandboxes):
    """Right answers but for what is observed, and code that has the probe see what it likes. Does each lose what it ought to, no less?"""
    said = ast.get_docstring(ast.parse(OBSERVED[name]))
    lab, exercise = re.search(r"Of (\w+), (\w+)\.", said).groups()
    lost = set(re.findall(r"^- (.*)$", said, re.MULTILINE))
    assert lost or "Ought to lose: nothing." in said
    mark = marks_of(handed_in(lab, {exercise: OBSERVED[name]}), sandboxes)[exercise]
    assert {case.name for case in mark.cases if not case.passed} == lost, mark
    assert mark.cases


CHANGES_A_LIST = """
import sys


def select_trainable(names, *rest):
    answer, before = real(names, *rest), list(names)
    names.append("more")
    FORGE
    return answer
"""
FORGE = """probing = sys.modules["utils.exercises.inside.probing"]
    plain = probing.plain
    probing.plain = lambda value, numpy=True: plain({**value, "inputs": (before, *rest)} if "inputs" in value else value, numpy)"""


def test_what_a_list_holds_can_still_be_forged_and_a_person_is_told(sandboxes):
    """A list is the process's own, and can't be shared. Nothing else is won by that, and the note says where to look."""
    lab, name = "08_on_device_learning", "select_trainable"
    text = reference(lab, name).replace(f"def {name}(", "def real(") + CHANGES_A_LIST
    plain, forged = (marks_of(handed_in(lab, {name: text.replace("FORGE", how)}), sandboxes)[name] for how in ("pass", FORGE))
    leaves = {case.name for case in graded_lab(lab).declared.exercises[name].cases() if case.about == "inputs"}
    assert {case.name for case in plain.cases if not case.passed} == leaves
    assert {case.name for case in forged.cases if not case.passed} <= leaves
    assert "for the instructor: it uses modules" in forged.note.replace("For", "for")
    assert "instructor" not in plain.note


def test_answers_to_the_public_inputs_are_not_enough(sandboxes):
    """A table of right answers for the inputs that every notebook shows: does the mark say what is wrong with it?"""
    exercise = graded_lab(LAB).declared.exercises["cubic_sparsity"]
    table = {case.inputs: exercise.stand_in(*case.inputs) for case in exercise.cases(PUBLIC_SEED)}
    cell = f"TABLE = {table!r}\n\ndef cubic_sparsity(*inputs):\n    return TABLE.get(inputs, -1.0)"
    mark = marks_of(handed_in(LAB, {"cubic_sparsity": cell}), sandboxes)["cubic_sparsity"]
    assert 0 <= mark.points < mark.of / 2
    failed = [case for case in mark.cases if not case.passed]
    assert {case.message for case in failed} == {"It passes with the public inputs and fails with others: does it depend on their values?"}


def test_an_earlier_exercise_is_the_references_only_for_a_later_one(sandboxes):
    """Calling a later exercise that one has not solved gives nothing; an earlier one's mistake is charged once."""
    by_later = "def magnitude_mask(weight, sparsity):\n    return global_masks({'w': weight}, sparsity)['w']"
    marks = marks_of(handed_in(LAB, {"magnitude_mask": by_later}), sandboxes)
    assert marks["magnitude_mask"].points == 0
    wrong = "def magnitude_mask(weight, sparsity):\n    return weight > 0"
    marks = marks_of(handed_in(LAB, {"magnitude_mask": wrong, "global_masks": reference(LAB, "global_masks")}), sandboxes)
    assert marks["magnitude_mask"].points < 3
    assert marks["global_masks"].points == 3
    assert "reference" in marks["global_masks"].note


def test_without_a_sandbox_every_mark_says_so():
    """The same marks for an honest notebook, and unsafe written on them; only code that is trusted runs here."""
    with Sandboxes(unsafe=True) as those:
        mark = grade_submission(handed_in(LAB, notebook=lab_notebook(LAB, "solutions")), SEED, those)
    assert mark.unsafe and mark.points == mark.of
