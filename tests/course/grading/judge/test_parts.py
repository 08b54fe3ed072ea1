"""The parts of the grader's core that need no sandbox: marks as data, what goes inside, names, plans, sentences."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from course.grading.judge import work as works
from course.grading.judge.dependencies import bound, course_imports, needed, reaching, runnable
from course.grading.judge.lab import graded_lab
from course.grading.judge.plan import plan
from course.grading.judge.trial import call_for, giving, judged, verdicts_on
from course.grading.judge.work import work_of
from course.grading.marks import CaseMark, ExerciseMark, LabMark
from course.grading.sandbox import bubblewrap
from course.grading.sandbox.jobs import Answered, Ended, Limits, Raised
from course.grading.sandbox.modules import modules_for
from course.grading.sandbox.self_test import findings
from tests.course.grading.sandboxed import LABS, SEED, code, lab_notebook, reference
from utils.exercises.declare import Case
from utils.exercises.judges import Verdict, equal_to, raises
from utils.files import ROOT

LAB = "01_pruning"


def test_marks_go_to_json_and_back():
    cases = (CaseMark("a", False, "wrong", ("think", "again"), 2.0), CaseMark("b", True))
    mark = LabMark(
        "Ada", LAB, 7, {"torch": "2"}, (ExerciseMark("f", 1.5, 3, True, cases, "n"), ExerciseMark("g", 1, 1, False)), ("x",), False, "ab"
    )
    assert LabMark.from_dict(json.loads(json.dumps(mark.to_dict()))) == mark
    assert (mark.points, mark.of, mark.extra) == (1.5, 3, 1)


@pytest.mark.parametrize("change", [{"more": 1}, {"name": None, "of": ...}])
def test_data_that_is_no_mark_is_refused(change):
    data = {**ExerciseMark("f", 1, 3, True).to_dict(), **change}
    data = {key: value for key, value in data.items() if value is not ...}
    with pytest.raises((KeyError, TypeError)):
        ExerciseMark.from_dict(data)


@pytest.mark.parametrize("lab", sorted(path.name[3:] for path in (ROOT / "utils" / "exercises").glob("lab*/")))
def test_nothing_of_the_trusted_side_goes_into_the_sandbox(lab):
    """Of every lab: its inside/, the shared one and nothing else, each file after what it needs."""
    names = [name for name, _ in modules_for(lab)]
    package = f"utils.exercises.lab{lab}"
    assert {"utils", "utils.exercises", "utils.exercises.inside", "utils.exercises.inside.probing"} <= set(names)
    parents = {name.rpartition(".")[0] for name in names}
    inside = ("utils.exercises.inside.", f"{package}.inside.")
    assert all(name.startswith(inside) or name in parents for name in names)
    for at, (name, source) in enumerate(modules_for(lab)):
        assert all(needed in names[:at] for needed in names if source and f"from {needed} import" in source), name


ELSEWHERE = ["utils.exercises.judges", "utils.exercises.lab99.answers", "utils.exercises.lab98.inside.probes", "utils.exercises.table"]
ELSEWHERE += ["utils.compress.pruning", "course.cli", "utils"]


@pytest.mark.parametrize("imported", ELSEWHERE)
def test_a_probe_that_needs_a_file_of_another_place_is_refused(imported, tmp_path):
    """A table of answers under any name, in any folder but inside/, stays out."""
    folder = tmp_path / "utils" / "exercises"
    for name in ("inside", "lab98/inside", "lab99/inside"):
        (folder / name).mkdir(parents=True)
    for name in ("inside/probing", "lab98/inside/probes", "lab99/answers", "table"):
        (folder / f"{name}.py").write_text("ANSWERS = {(1, 2): 3}\n")
    (folder / "lab99" / "inside" / "probes.py").write_text(f"from {imported} import something\n")
    with pytest.raises(ValueError, match="must not be where students' code runs"):
        modules_for("99", tmp_path)


def test_only_three_files_of_the_course_lie_in_the_sandbox(request):
    folder = bubblewrap.stage()
    request.addfinalizer(lambda: shutil.rmtree(folder))
    assert sorted(path.name for path in (folder / "worker").iterdir()) == ["channel.py", "confine.py", "worker.py"]
    for name in bubblewrap.FILES:
        assert "import course" not in (folder / "worker" / name).read_text() and "from course" not in (folder / "worker" / name).read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1", "x = 1"),
        ("%time x = 1\nx = 2", "pass\nx = 2"),
        ("  x = 1\n  y = 2", "x = 1\ny = 2"),
        ("files = !ls\nf?", "files = None\npass"),
        ("%%bash\necho $HOME", None),
        ("def f(:", None),
        ("x = 1\0", None),
        ("s = '''\n%d\n'''", "s = '''\n%d\n'''"),
    ],
)
def test_a_cell_becomes_python(text, expected):
    assert runnable(text) == expected


def test_a_name_is_known_by_where_it_comes_from():
    text = "import torch as t\nfrom a import b\nK: int = 1\n\n\ndef f(x, k=K):\n    def g():\n        return h(x) + F.relu(b)\n"
    text += "    y = len(x)\n    return t.sum(y)"
    assert bound(text) == {"t", "b", "K", "f"}
    assert needed(text) == {"int", "len", "h", "F"}  # Python's own too: the student may have one of that name


@pytest.mark.parametrize(
    ("text", "makes", "needs"),
    [
        ("def f():\n    global n\n    n += 1", {"f"}, {"n"}),
        ("k += 1", {"k"}, {"k"}),
        ("k = 1\nk += 1", {"k"}, set()),
        ("x = k\nk = 1", {"x", "k"}, {"k"}),
        ("def f():\n    return k\nk = 1", {"f", "k"}, set()),
        ("for a, b in c: d = a", {"a", "b", "d"}, {"c"}),
        ("x = [y for y in z if (w := y)]", {"x", "w"}, {"z"}),
        ("class C(B):\n    k = a\n    def f(self): return b", {"C"}, {"B", "a", "b"}),
        ("POWERS['l1'] = 1", set(), {"POWERS"}),
        ("with a as b: pass", {"b"}, {"a"}),
        ("match v:\n    case {'a': x, **rest}: pass\n    case [y, *z]: pass", {"x", "rest", "y", "z"}, {"v"}),
        ("@d\ndef f(x=e): pass", {"f"}, {"d", "e"}),
        ("g = lambda x: h(x)", {"g"}, {"h"}),
        ("import a.b, c as d\nfrom e import f as g", {"a", "d", "g"}, set()),
    ],
)
def test_what_a_cell_makes_and_needs(text, makes, needs):
    assert bound(text) == makes
    assert needed(text) == needs


def test_a_cell_that_is_deeper_than_python_looks_is_no_error():
    text = "total = " + " + ".join(["1"] * 3000)
    assert bound(text) <= {"total"} and needed(text) == set()


def test_modules_of_the_course_are_told():
    text = "def f():\n    from utils.compress import pruning\nimport course.grading.judge.grade\nimport utilsx"
    assert course_imports(text) == ["course.grading.judge.grade", "utils.compress.pruning"]


def test_names_that_attacks_need_are_told():
    text = "import gc, sys\nfrom os import fork\nsys._getframe().f_back\nx.modules()"
    assert reaching(text) == ["_getframe", "f_back", "fork", "gc", "modules"]
    assert reaching("import torch\nimport sys\nprint(torch.ones(2), file=sys.stderr)") == []
    assert reaching("def window(signal, size):\n    return signal[:size]") == []
    assert reaching("import signal\ndef stop(signal):\n    return signal") == reaching("signal.alarm(1)") == ["signal"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('vars(__import__("sys"))["mod" + "ules"]', ["__import__", "vars"]),
        ('globals()["THREE"] = 3', ["globals"]),
        ('exec("x = 1")', ["exec"]),
        ('eval("1")', ["eval"]),
        ('getattr(x, "mod" + "ules")', ["getattr"]),
        ("setattr(x, name, 1)", ["setattr"]),
        ("x.__dict__", ["__dict__"]),
        ('getattr(x, "shape")', []),
        ("model.eval()\nre.compile('a')", []),
    ],
)
def test_what_puts_a_name_together_is_told(text, found):
    assert reaching(text) == found


@pytest.mark.parametrize("lab", LABS)
def test_the_reference_needs_nothing_that_is_not_there(lab):
    """Does every exercise of every lab find all its names without the course's packages, data and setup variables?"""
    graded = graded_lab(lab)
    work = work_of(lab_notebook(lab, "solutions"), graded)
    for name in graded.order:
        planned = plan(name, work, graded, set(graded.order))
        assert not planned.missing and not planned.course and not planned.replaced and not planned.reaching, name


def test_an_earlier_exercise_is_the_students_own_if_it_is_right_and_else_the_references():
    graded, notebook = graded_lab(LAB), lab_notebook(LAB)
    for cell in notebook["cells"]:
        if cell["id"] == "magnitude_mask":
            cell["source"] = "def magnitude_mask(weight, sparsity):\n    return mine(weight)"
        if cell["id"] == "global_masks":
            cell["source"] = reference(LAB, "global_masks")
    notebook["cells"].append(code("def mine(weight):\n    return weight", "own"))
    work = work_of(notebook, graded)
    right, wrong = (plan("global_masks", work, graded, solved) for solved in ({"magnitude_mask"}, set()))
    assert "mine(weight)" in dict(right.cells)["magnitude_mask"] and right.helpers == (len(notebook["cells"]),)
    assert dict(wrong.cells)["magnitude_mask"] == graded.references["magnitude_mask"] and wrong.replaced == ("magnitude_mask",)
    assert not wrong.helpers


def test_an_unknown_lab_is_refused_by_name():
    with pytest.raises(ValueError, match="there is no lab 99_none: use one of 00_why_small"):
        graded_lab("99_none")


def test_only_an_answer_can_pass():
    """And a judge that stumbles, or is shown more than an answer may hold, has not been convinced."""

    def yes(answer, inputs):
        return Verdict(True, "", "")

    def stumbles(answer, inputs):
        raise ZeroDivisionError

    assert judged(Case("a", (1,), yes), Answered(3)).passed
    assert not judged(Case("a", (1,), stumbles), Answered(3)).passed
    assert not judged(Case("a", (1,), yes), Answered([0] * 200_000)).passed
    assert not judged(Case("a", (1,), yes), Raised("E", "said", 1, "f", False)).passed
    assert not judged(Case("a", (1,), yes), Ended("it ended")).passed
    assert not judged(Case("a", (np.zeros(3),), yes), Answered(np.array([object()]))).passed


@pytest.mark.parametrize(
    ("first", "counts"), [(Answered(0), True), (Ended("it took too long"), False), (Raised("KeyError", "", 0, "", False), False)]
)
def test_a_refusal_counts_where_something_was_answered(first, counts):
    asking = [Case(name, (2,), equal_to(lambda x: x)) for name in "ab"]
    replies = [first, Raised("ValueError", "no", 0, "", False), Answered({"raised": ["ValueError", "Exception"]})]
    *_, refusal = verdicts_on([*asking, Case("c", (-1,), raises("ValueError"), about="refusal")], replies)
    assert refusal.passed is counts


@pytest.mark.parametrize("lab", LABS)
def test_a_function_cannot_tell_by_its_call_what_is_looked_at(lab):
    """What is to be refused, and what is to stay as it was, is called as any case is; only lists and dicts are asked about again."""
    for exercise in graded_lab(lab).declared.exercises.values():
        for case in exercise.cases(SEED):
            call = call_for(case)
            assert (call.probe, call.outside) == (case.probe, case.outside), case.name
            assert call.shared or (case.probe is not None and case.about != "inputs"), case.name
            asked = case.about == "inputs" and any(isinstance(one, list | tuple | dict) for one in case.inputs)
            assert call.about == ("both" if asked else case.about), case.name


def test_a_text_goes_on_as_text_and_nothing_else_does():
    """What a function gives is data in the cell that gives it again; a value that is no text keeps its type alone."""
    for value, kept in [
        ("a 'b'\n\\", "a 'b'\n\\"),
        (3.5, 0.0),
        ({"a": 1}, {}),
        ([1], []),
        (np.ones(2), None),
        (None, None),
        (float("nan"), 0.0),
    ]:
        names = {}
        exec(giving("f", value), names)
        assert names["f"]() == kept and type(names["f"](1)) is type(kept)


HOLDS = {
    **dict.fromkeys(["capabilities", "root", "route", "port", "abstract", "vsock", "signalled", "traced", "spaces", "memory"], False),
    **{"written": [], "tmp": True, "read": [], "imported": [], "seen": 0, "processes": 30, "file": 16 << 20, "dev": 0},
    "uncounted": [],
    "held": True,
    **{"filled": {"/tmp": 60 << 20, "/dev/shm": 60 << 20}, "variables": [], "descriptors": 2, "cpu": 60},
}
FAULTS = [
    *({name: True} for name in ("capabilities", "root", "route", "port", "abstract", "vsock", "signalled", "traced", "spaces", "memory")),
    {"written": ["/usr"]},
    {"tmp": False},
    {"read": [str(ROOT)]},
    {"imported": ["utils"]},
    {"seen": 40},
    {"processes": 150},
    {"uncounted": ["memfd_create"]},
    {"held": False},
    {"file": 20 << 20},
    {"dev": 1 << 20},
    {"filled": {"/tmp": 100 << 20, "/dev/shm": 0}},
    {"variables": ["TOKEN"]},
    {"descriptors": 3},
    {"cpu": -1},
]


def test_a_sandbox_that_holds_gives_no_sentence():
    assert list(findings(HOLDS, Limits())) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: next(iter(fault)))
def test_each_thing_that_does_not_hold_is_one_sentence(fault):
    sentences = list(findings({**HOLDS, **fault}, Limits()))
    assert len(sentences) == 1 and sentences[0].endswith(".") and sentences[0][0].isupper()


def test_what_a_machine_lacks_is_said_with_what_to_do(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    assert any("apt install bubblewrap" in sentence for sentence in bubblewrap.missing())
    monkeypatch.setattr(bubblewrap.sys, "platform", "win32")
    assert bubblewrap.missing() == ["There is no sandbox on this system: grade on Linux, or on Windows inside WSL2."]
    monkeypatch.undo()
    monkeypatch.setattr(bubblewrap.sys, "base_prefix", str(Path("/nowhere")))
    assert any("does not lie below" in sentence for sentence in bubblewrap.missing())


def test_each_helper_is_looked_at_a_few_times_however_long_a_chain_they_make(monkeypatch):
    """Thousands of cells that each need the one before would else keep the grader busy for hours."""
    chain = ["a0 = 1", *(f"a{at} = a{at - 1}" for at in range(1, 300))]
    looked, graded = [], graded_lab(LAB)
    cells = [code(line, f"own-{at}") for at, line in enumerate(chain)]
    work = work_of({"cells": [*cells, code("def magnitude_mask(*_):\n    return a299", "magnitude_mask")]}, graded)
    monkeypatch.setattr(works, "bound", lambda text: looked.append(text) or bound(text))
    planned = [plan("magnitude_mask", work, graded, (), whole=whole) for whole in (False, True)]
    assert [[text for name, text in one.cells if name.startswith("cell")] for one in planned] == [chain, chain]
    assert len(looked) < 5 * len(work.cells)
