"""The sandbox itself: it is proven before use, one that does not hold is found out, and a bad end in a warm one is no verdict."""

import contextlib

import numpy as np
import psutil
import pytest

from course.grading import launch, sandbox
from course.grading import visit as visiting
from course.grading.jobs import DIED, Answered, Call, Ended, Job, Limits, Loaded, Raised, SandboxError
from course.grading.proof import trials
from course.grading.sandbox import Sandbox, Sandboxes
from utils.files import ROOT

from .core import sandboxes

__all__ = ["sandboxes"]

PROBING = (("plain_probing", "def answer(function, inputs, lab, probe):\n    return function(*inputs)\n"),)


def job(source):
    return Job((("cell", source),), "f", "00", PROBING, "plain_probing")


def replies(sandboxes, source, *inputs):
    return sandboxes.answers(job(source), [Call(one) for one in inputs])


def test_cells_run_statement_by_statement_and_their_errors_are_told(sandboxes):
    loaded, found = replies(sandboxes, "import torch\n1 / 0\nraise SystemExit(3)\ndef f(x):\n    return x + 1\nunknown", (1,), (2,))
    assert loaded == Loaded(
        (
            ("cell", "ZeroDivisionError", "division by zero", 2),
            ("cell", "SystemExit", "3", 3),
            ("cell", "NameError", "name 'unknown' is not defined", 6),
        ),
        True,
    )
    assert found == [Answered(2), Answered(3)]


def test_an_exception_tells_where_it_came_from(sandboxes):
    _, (one, two) = replies(sandboxes, "def f(x):\n    if x:\n        raise KeyError('a')\n    raise NotImplementedError", (1,), (0,))
    assert one == Raised("KeyError", "'a'", 3, "<cell cell>", False)
    assert (two.type, two.stub) == ("NotImplementedError", True)


def test_what_is_told_is_the_same_in_every_sandbox(sandboxes):
    _, (one,) = replies(sandboxes, "def f():\n    raise ValueError(object())", ())
    assert one.said == "<object object at 0x...>"


def test_a_missing_function_is_no_error_of_ours(sandboxes):
    loaded, found = replies(sandboxes, "def g(x):\n    return x", (1,))
    assert not loaded.found and found == []


def test_every_call_begins_with_the_same_random_numbers(sandboxes):
    source = "import numpy as np\nimport torch\ndef f():\n    return float(torch.rand(())) + np.random.rand()"
    (one, two), (three,) = replies(sandboxes, source, (), ())[1], replies(sandboxes, source, ())[1]
    assert one == two == three


def test_arrays_arrive_as_they_are(sandboxes):
    x = np.arange(6, dtype=np.int16).reshape(2, 3)
    _, (found,) = replies(sandboxes, "def f(x):\n    return {'x': x.T, 'kind': str(x.dtype)}", (x,))
    assert found.value["kind"] == "int16" and np.array_equal(found.value["x"], x.T)


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        ("import os; os._exit(0)", DIED),
        ("import os; os._exit(7)", DIED),
        ("import os; os.kill(os.getpid(), 9)", "its process was killed"),
        ("import ctypes; ctypes.string_at(0)", DIED),
    ],
)
def test_an_end_is_told_and_the_next_job_is_not_touched(ending, why, sandboxes):
    _, found = replies(sandboxes, f"def f(x):\n    if x == 2:\n        {ending}\n    return x", (1,), (2,), (3,))
    assert found == [Answered(1), Ended(why, certain="_exit" in ending)], "who exits by itself needs no second trial"
    assert replies(sandboxes, "def f(x):\n    return x", (1,))[1] == [Answered(1)]


def test_nothing_is_left_of_a_job(sandboxes):
    """Neither files nor processes nor modules that were changed."""
    leave = "import os, time, torch\ntorch.left = 1\nopen('/tmp/left', 'w').close()\n"
    leave += "def f():\n    if os.fork() == 0:\n        time.sleep(60)\n    return 1"
    assert replies(sandboxes, leave, ())[1] == [Answered(1)]
    look = "import os, torch\ndef f():\n    return [os.listdir('/tmp'), hasattr(torch, 'left'), os.getpid() < 5]"
    assert replies(sandboxes, look, ())[1] == [Answered([[], False, True])]


def test_a_closed_sandbox_leaves_no_process_and_no_folder(sandboxes):
    one = Sandbox(sandboxes._way).ready()
    processes = psutil.Process(one._process.pid).children(recursive=True)
    assert processes
    one.close()
    psutil.wait_procs(processes, timeout=10)
    assert not any(process.is_running() for process in processes) and not one._folder.exists() and one.closed
    one.close()


@pytest.mark.slow
def test_a_sandbox_that_does_not_hold_is_found_out(sandboxes, monkeypatch, tmp_path):
    """The network let in, the project bound, a writable folder, too many processes: is each of them said?"""
    whole = launch._bubblewrap

    def weak(*given):
        line = whole(*given)
        at = line.index("--remount-ro", line.index("/tmp"))
        return [*line[:at], "--share-net", "--ro-bind", str(ROOT), str(ROOT), "--tmpfs", "/run", *line[at:]]

    monkeypatch.setattr(launch, "_bubblewrap", weak)
    one = Sandbox("single").ready()
    try:
        found = " ".join(trials(one, Limits(processes=16)))
    finally:
        one.close()
    assert "A port of this machine can be reached" in found
    assert f"{ROOT}, {ROOT / 'solutions'}" in found and "can be seen" in found
    assert "/run can be written to" in found


@pytest.mark.slow
def test_a_single_use_sandbox_holds_as_well(sandboxes):
    """Where a worker may not make namespaces of its own, each job has a sandbox of its own."""
    one = Sandbox("single").ready()
    try:
        assert trials(one, Limits()) == []
    finally:
        one.close()


def test_visits_stand_side_by_side_and_each_has_a_world_of_its_own(sandboxes):
    """One serves job after job with what the jobs before have left; another, begun meanwhile, sees nothing of that; each ends by itself."""
    leave, look = "import torch\ntorch.left = 1\ndef f(x):\n    return x", "import torch\ndef f(x):\n    return hasattr(torch, 'left')"
    one = Sandbox(sandboxes._way).ready()
    with one.visit() as first, one.visit() as second:
        assert first.answers(job(leave), [Call((1,))])[1] == [Answered(1)]
        assert first.answers(job(look), [Call((1,))])[1] == [Answered(True)]
        assert second.answers(job("import os\ndef f(x):\n    os.abort()"), [Call((1,))])[1] == [Ended(DIED)]
        assert second.over and not first.over
        assert second.answers(job(look), [Call((1,))])[1] == [Ended("its worker had ended")]
        assert first.answers(job(look), [Call((1,))])[1] == [Answered(True)]
        with one.visit() as third:
            assert third.answers(job(look), [Call((1,))])[1] == [Answered(False)]
    for number in range(5):
        with one.visit() as more:
            assert more.answers(job(look), [Call((number,))])[1] == [Answered(False)]
    one._process.kill()
    one._process.wait()
    with one.visit() as late:
        assert late.answers(job(look), [Call((1,))])[1] == [Ended("its worker had ended")]
    one.close()
    with one.visit() as late:
        assert late.over


def test_a_worker_that_does_not_tell_of_an_end_is_closed(sandboxes, monkeypatch):
    monkeypatch.setattr(visiting, "_REPORT_S", 0.2)
    one = Sandbox(sandboxes._way).ready()
    monkeypatch.setattr(one, "_note", lambda wait_s: (_ for _ in ()).throw(TimeoutError))
    with one.visit() as visit:
        assert visit.answers(job("import os\ndef f():\n    os._exit(0)"), [Call(())])[1] == [Ended(DIED)]
    assert one.closed


class Fake:
    """A sandbox that gives what it is told to."""

    def __init__(self, ends, way="nested", jobs=0):
        self.ends, self.way, self.jobs, self.closed = ends, way, jobs, False

    def ready(self):
        return self

    @contextlib.contextmanager
    def visit(self, limits):
        self.jobs += 1
        yield self

    def answers(self, job, calls):
        return Loaded((), True), [self.ends.pop(0)]

    def close(self):
        self.closed = True


@pytest.fixture
def faked(monkeypatch):
    """Sandboxes whose first has served others and ends as told; fresh ones end as told too."""

    def make(first, fresh, way="nested", jobs=3):
        monkeypatch.setattr(sandbox.Sandboxes, "_start", lambda self: Fake([fresh], way))
        made = Sandboxes(unsafe=True)
        made._warm = Fake([first], way, jobs)
        return made

    return make


@pytest.mark.parametrize(
    ("first", "fresh", "expected"),
    [
        (Ended(DIED), Answered(1), Answered(1)),
        (Ended(DIED), Ended("it died again"), Ended("it died again")),
        (Ended("it took too long", certain=True), Answered(1), Ended("it took too long", certain=True)),
        (Ended("it wrote", forged=True, certain=True), Answered(1), Ended("it wrote", forged=True, certain=True)),
        (Answered(0), Answered(1), Answered(0)),
    ],
)
def test_a_bad_end_in_a_warm_sandbox_is_confirmed_in_a_fresh_one(first, fresh, expected, faked):
    made = faked(first, fresh)
    warm = made._warm
    assert made.answers(None, [])[1] == [expected]
    assert warm.closed is (first == Ended(DIED)), "only what can be due to the sandbox is a reason for another one"


def test_a_bad_end_in_a_fresh_sandbox_is_the_verdict(faked):
    made = faked(Ended(DIED), Answered(1), jobs=0)
    assert made.answers(None, [])[1] == [Ended(DIED)]


def test_a_single_use_sandbox_serves_once(faked):
    made = faked(Answered(0), Answered(1), way="single", jobs=0)
    warm = made._warm
    assert made.answers(None, [])[1] == [Answered(0)] and warm.closed
    assert made.answers(None, [])[1] == [Answered(1)]


def test_another_system_is_refused_even_without_a_sandbox(monkeypatch):
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    with pytest.raises(SandboxError, match="grade on Linux, or on Windows inside WSL2"):
        Sandboxes(unsafe=True)


def test_a_sandbox_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr(
        launch, "command", lambda *_: ["sh", "-c", "echo one >&2; echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1"]
    )
    with pytest.raises(SandboxError, match=r"AppArmor.*allows `userns`"):
        Sandboxes()
