"""The sandbox itself: it is proven before use, one that does not hold is found out, and a bad end in a warm one is no verdict."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest
import torch

from course.grading.sandbox import bubblewrap, dialogue, keeper
from course.grading.sandbox import visit as visiting
from course.grading.sandbox.dialogue import Talk
from course.grading.sandbox.inside.channel import receive, send
from course.grading.sandbox.jobs import CUT_SHORT, DIED, SLEPT, TOO_MUCH, Answered, Call, Ended, Job, Limits, Loaded, Raised, SandboxError
from course.grading.sandbox.keeper import Sandboxes
from course.grading.sandbox.sandbox import Sandbox
from course.grading.sandbox.self_test import trials
from tests.course.grading.sandboxed import sandboxes
from utils.exercises.outside import MOST_QUESTIONS
from utils.files import ROOT

__all__ = ["sandboxes"]

PROBING = (("plain_probing", "def answer(function, inputs, lab, probe, ask=None, again=False):\n    return function(*inputs)\n"),)


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


CLAIMS = "def f(x, y=0):\n    before = x.detach().float().numpy().copy()\n    CHANGE\n    return {'answer': 1, 'inputs': (before, y)}"


def watched(sandboxes, source, *inputs):
    return sandboxes.answers(job(source), [Call(one, about="both", shared=True) for one in inputs])[1]


@pytest.mark.parametrize(
    "x",
    [
        torch.arange(6.0),
        torch.arange(6.0).view(2, 3).t(),
        torch.arange(12.0).view(3, 4)[:, ::2],
        torch.ones(1).expand(4),
        torch.arange(4.0).requires_grad_(),
        torch.ones(3, dtype=torch.bfloat16),
    ],
    ids=["row", "turned", "every other", "expanded", "parameter", "bfloat16"],
)
def test_what_is_said_of_changed_memory_does_not_count(x, sandboxes):
    """An input that was changed is what lies in the memory that was handed out, of whatever form; one that was not is what is said."""
    given = x.detach().float().numpy().copy()
    changes, leaves = CLAIMS.replace("CHANGE", "x.detach().mul_(2)"), CLAIMS.replace("CHANGE", "y = 7")
    (changed,), (left,) = (watched(sandboxes, source, (x, 5)) for source in (changes, leaves))
    assert np.array_equal(changed.value["inputs"][0], 2 * given) and changed.value["inputs"][1] == 5
    assert np.array_equal(left.value["inputs"][0], given) and left.value["inputs"][1] == 7
    assert np.array_equal(x.detach().float().numpy(), given), "the grader's own input was changed"


def test_arrays_and_what_lies_in_dicts_and_lists_is_watched(sandboxes):
    source = (
        "def f(x):\n    before = {'a': [one.copy() for one in x['a']]}\n    x['a'][1][0] = 9\n    return {'answer': 0, 'inputs': (before,)}"
    )
    (found,) = watched(sandboxes, source, ({"a": [np.zeros(2), np.ones(3, np.int8)]},))
    assert found.value["inputs"][0]["a"][1].tolist() == [9, 1, 1]


def test_each_call_has_memory_of_its_own(sandboxes):
    """One that keeps what it was given and writes to it later changes no other input, and no verdict that stands."""
    source = "kept = []\n" + CLAIMS.replace("CHANGE", "kept.append(x)\n    kept[0].fill_(y) if len(kept) > 1 else 0")
    first, second, third = watched(sandboxes, source, (torch.ones(3), 1), (torch.ones(3), 2), (torch.ones(3), 3))
    assert all(one.value["inputs"][0].tolist() == [1, 1, 1] for one in (first, second, third))


def test_without_a_sandbox_inputs_are_watched_as_well():
    with Sandboxes(unsafe=True) as those:
        (found,) = watched(those, CLAIMS.replace("CHANGE", "x.mul_(2)"), (torch.ones(2), 5))
    assert found.value["inputs"][0].tolist() == [2, 2]


def test_what_lies_in_memory_is_told_of_a_plain_call(sandboxes):
    """The process gives an answer alone; what became of its inputs is read outside."""
    calls = [Call((torch.ones(2), 3), about="inputs", shared=True), Call((torch.ones(2), 4), about="inputs", shared=True)]
    _, (changed, left) = sandboxes.answers(job("def f(x, y):\n    return float(x.mul_(2).sum() if y == 3 else x.sum())"), calls)
    assert changed.value["answer"] == 4 and changed.value["inputs"][0].tolist() == [2, 2] and changed.value["inputs"][1] == 3
    assert left.value["answer"] == 2 and left.value["inputs"][0].tolist() == [1, 1] and left.value["inputs"][1] == 4


def test_a_machine_that_shares_no_memory_costs_nobody_a_point(sandboxes, monkeypatch):
    def none(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("os.memfd_create", none)
    with pytest.raises(SandboxError, match="memfd_create says Function not implemented"):
        watched(sandboxes, CLAIMS, (torch.ones(2),))


def test_a_refusal_is_an_answer_where_it_is_asked_for(sandboxes):
    """An exception's classes by name, or what came in its place; a stub, an end and an exit are none."""
    source = "class Own(ValueError): pass\ndef f(x):\n    if x == 4:\n        exit()\n"
    source += "    if x < 3:\n        raise [Own, KeyError, NotImplementedError][x]\n    return x"
    found = sandboxes.answers(job(source), [Call((x,), about="refusal") for x in range(5)])[1]
    kinds = [one.value["raised"] for one in found[:2]]
    assert kinds == [["Own", "ValueError", "Exception", "BaseException", "object"], ["KeyError", "LookupError", *kinds[0][2:]]]
    assert found[2].stub and found[3] == Answered({"returned": 3}) and found[4].type == "SystemExit"
    assert sandboxes.answers(job(source), [Call((0,))])[1][0].type == "Own"


ASKING = (("asking", "def answer(function, inputs, lab, probe, ask=None, again=False):\n    return function(ask, *inputs)\n"),)


def asked(sandboxes, source, *inputs, outside=lambda: lambda name, number=0: 10 * number):
    calls = [Call(one, outside=outside) for one in inputs]
    return sandboxes.answers(Job((("cell", source),), "f", "00", ASKING, "asking"), calls)[1]


def test_questions_are_answered_outside_and_counted_there(sandboxes):
    source = "def f(ask, n):\n    return [ask('a', one) for one in range(n)]"
    assert [one.value for one in asked(sandboxes, source, (2,), (0,), (1,))] == [
        {"answer": [0, 10], "asked": [("a", 0), ("a", 1)]},
        {"answer": [], "asked": []},
        {"answer": [0], "asked": [("a", 0)]},
    ]


def test_a_question_without_an_answer_is_an_error_inside(sandboxes):
    def refuses(*question):
        raise ValueError("nobody knows")

    source = "def f(ask, quiet):\n    try:\n        return ask('a')\n    except ValueError as error:\n"
    source += "        if quiet:\n            return str(error)\n        raise"
    told, raised = asked(sandboxes, source, (True,), (False,), outside=lambda: refuses)
    assert told.value == {"answer": "nobody knows", "asked": [("a",)]}
    assert (raised.type, raised.said) == ("ValueError", "nobody knows")


@pytest.mark.slow
def test_questions_end(sandboxes):
    """A process may neither ask without end, nor ask and not listen."""
    source = "def f(ask):\n    while True:\n        try:\n            ask('a')\n        except ValueError:\n            pass"
    assert asked(sandboxes, source, ()) == [Ended(f"what it was given to call was called more than {MOST_QUESTIONS} times", certain=True)]
    assert asked(sandboxes, "def f(ask):\n    return 3", ())[0].value["answer"] == 3


def test_one_that_asks_now_and_then_gets_no_more_time_than_another():
    """Its other end is played here: it asks every 0.4 s, for longer than a call may wait."""
    ours, theirs = socket.socketpair()

    def play():
        receive(theirs)
        send(theirs, {"kind": "confined"})
        send(theirs, {"kind": "loaded", "errors": [], "found": True})
        receive(theirs)
        with contextlib.suppress(OSError, EOFError):
            for _ in range(6):
                send(theirs, {"kind": "ask", "question": {"tuple": ["a"]}})
                receive(theirs)
                time.sleep(0.4)
            send(theirs, {"kind": "answer", "value": 3})

    with ours, theirs:
        other = threading.Thread(target=play)
        other.start()
        talk = Talk(ours, lambda: None, lambda: False, Limits(wall_s=1))
        _, found = talk.about(job(""), [Call((), outside=lambda: lambda name: 1)])
        ours.close()
        other.join(20)
    assert found == [Ended(SLEPT, certain=True)]


def played(steps, calls=(), wall_s=5):
    """What a talk makes of an other end that is played here. Each step: a frame to send, a wait in seconds, or "next" to take one."""
    ours, theirs = socket.socketpair()

    def play():
        with contextlib.suppress(OSError, EOFError):
            for step in ("next", *steps):
                if step == "next":
                    receive(theirs)
                elif isinstance(step, float):
                    time.sleep(step)
                else:
                    send(theirs, *step)

    with ours, theirs:
        other = threading.Thread(target=play)
        other.start()
        try:
            return Talk(ours, lambda: None, lambda: False, Limits(wall_s=wall_s)).about(job(""), calls)[1]
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            other.join(20)


CONFINED, LOADED = ({"kind": "confined"},), ({"kind": "loaded", "errors": [], "found": True},)
UNCONFINED = ({"kind": "unconfined", "said": "no"},)


def test_only_a_process_that_has_run_nothing_can_say_that_it_is_not_confined():
    with pytest.raises(SandboxError, match="could not be confined: no"):
        played([UNCONFINED])
    for steps in ([CONFINED, UNCONFINED], [CONFINED, LOADED, "next", UNCONFINED], [LOADED]):
        (found,) = played(steps, [Call(())])
        assert found.forged, steps


def test_who_sleeps_a_little_in_each_call_gets_no_more_time_than_who_sleeps_once():
    answers = ["next", 0.4, ({"kind": "answer", "value": 3},)] * 6
    found = played([CONFINED, LOADED, *answers], [Call(())] * 6, wall_s=1)
    assert found[-1] == Ended(SLEPT, certain=True) and 1 <= len(found) <= 4


@pytest.mark.parametrize("busy", [True, False])
def test_no_job_is_waited_for_longer_than_in_all(busy):
    """A process that is always found computing, and says nothing: is it given up, and told apart from one that sleeps?"""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        found = Talk(ours, lambda: None, lambda: busy, Limits(wall_s=0.2, most_wall_s=0.5)).about(job(""), [])[1]
    assert found == [Ended(CUT_SHORT if busy else SLEPT, certain=True)]


def test_processes_that_compute_in_turn_get_no_more_time_than_one():
    """One that spins, told as a job's: it counts as busy until it has had what a process may have, and is then waited for no longer."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as spinning:
        told, host = psutil.Process(spinning.pid), Sandbox.__new__(Sandbox)
        host._below, host._own, host.limits = lambda: [told], set(), Limits(cpu_hard_s=1)
        try:
            busy = []
            while told.cpu_times().user < 2:
                busy.append(host.busy())
            assert busy[0] and not host.busy() and told.is_running()
            host._own = {told.pid}
            assert not host.busy(), "the worker itself is no job"
        finally:
            spinning.kill()


def test_all_answers_of_a_job_together_are_bounded(monkeypatch):
    monkeypatch.setattr(dialogue, "MOST_BLOBS", 100)
    value = {"array": "|u1", "shape": [40], "blob": 0}
    answers = ["next", ({"kind": "answer", "value": value}, [bytes(40)])] * 3
    assert played([CONFINED, LOADED, *answers], [Call(())] * 3)[2] == Ended(TOO_MUCH, certain=True)
    assert isinstance(played([CONFINED, LOADED, *answers[:4], "next"], [Call(())] * 2)[1], Answered)


RAW = """
import json, os, socket, stat, struct, time

def f(ask=None):
    head = json.dumps(HEAD).encode()
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                sock = socket.socket(fileno=os.dup(fd))
                for _ in range(TIMES):
                    socket.send_fds(sock, [struct.pack("<I", len(head)) + head], [sock.fileno()] * 10)
                    time.sleep(0.01)
                break
        except OSError:
            pass
    return 1
"""
QUESTION = {"kind": "ask", "question": {"tuple": ["a"]}, "blobs": []}


def raw(times=1, **more):
    return RAW.replace("HEAD", repr({**QUESTION, **more})).replace("TIMES", str(times))


@pytest.mark.parametrize(
    "source",
    [
        raw(question=["a"]),
        raw(question={"tuple": [{"list": []}]}),
        raw(question={"tuple": ["a" * 3000]}),
        raw(blobs=[3]),
        raw(kind="told"),
    ],
    ids=["no tuple", "a list", "too long", "bytes", "another kind"],
)
def test_what_is_no_question_is_forged(source, sandboxes):
    (found,) = asked(sandboxes, source, ())
    assert found.forged and found.certain


@pytest.mark.parametrize("question", [{"tuple": ["a"] * 9}, {"tuple": []}, {"tuple": [10**1000]}, {"tuple": [None]}], ids=str)
def test_a_forged_question_may_be_anything_and_stops_nothing(question, sandboxes):
    source = (
        raw(question=question)
        .replace("return 1", "return receive(sock)")
        .replace("import json", "from channel import receive\nimport json")
    )
    (found,) = asked(sandboxes, source, (), outside=lambda: lambda number: 1.5 * number)
    assert found.value["answer"][0]["refused"] == "there is no answer to this question"


def test_a_question_in_a_call_that_has_none_is_forged(sandboxes):
    (found,) = replies(sandboxes, raw(), ())[1]
    assert found.forged


def test_a_forged_question_spends_the_askers_own_count_and_leaves_no_file_open(sandboxes):
    before = len(os.listdir("/proc/self/fd"))
    (found,) = asked(sandboxes, raw(times=3), ())
    assert found.value == {"answer": 1, "asked": [("a",)] * 3}
    assert len(os.listdir("/proc/self/fd")) == before


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
    files = len(os.listdir("/proc/self/fd"))
    one = Sandbox(sandboxes._way).ready()
    assert not one._folder.exists(), "nothing stays on the disk if this process is killed"
    processes = psutil.Process(one._process.pid).children(recursive=True)
    assert processes
    one.close()
    psutil.wait_procs(processes, timeout=10)
    assert not any(process.is_running() for process in processes) and one.closed
    assert len(os.listdir("/proc/self/fd")) == files
    one.close()


@pytest.mark.slow
def test_a_sandbox_that_does_not_hold_is_found_out(sandboxes, monkeypatch, tmp_path):
    """The network let in, the project bound, a writable folder, too many processes: is each of them said?"""
    whole = bubblewrap._bubblewrap

    def weak(*given):
        line = whole(*given)
        at = line.index("--remount-ro", line.index("/tmp"))
        return [*line[:at], "--share-net", "--ro-bind", str(ROOT), str(ROOT), "--tmpfs", "/run", *line[at:]]

    monkeypatch.setattr(bubblewrap, "_bubblewrap", weak)
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


def test_what_a_visit_leaves_is_swept_and_the_worker_stays(sandboxes):
    one = Sandbox(sandboxes._way).ready()
    visit = one.visit()
    assert visit.answers(job("def f():\n    return 1"), [Call(())])[1] == [Answered(1)]
    assert len(one._below()) > len(one._own)
    one.sweep()
    until = time.monotonic() + 20
    while len(one._below()) > len(one._own) and time.monotonic() < until:
        time.sleep(0.05)
    assert {process.pid for process in one._below()} == one._own and not one.closed
    with one.visit() as another:
        assert another.answers(job("def f():\n    return 2"), [Call(())])[1] == [Answered(2)]
    visit.close()
    one.close()


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
        monkeypatch.setattr(keeper.Sandboxes, "_start", lambda self: Fake([fresh], way))
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
    monkeypatch.setattr(keeper.sys, "platform", "darwin")
    with pytest.raises(SandboxError, match="grade on Linux, or on Windows inside WSL2"):
        Sandboxes(unsafe=True)


@pytest.mark.needs("bubblewrap")
def test_a_sandbox_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr(
        bubblewrap, "command", lambda *_: ["sh", "-c", "echo one >&2; echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1"]
    )
    with pytest.raises(SandboxError, match=r"AppArmor.*allows `userns`"):
        Sandboxes()


def test_a_second_trial_has_the_limits_of_the_first(monkeypatch):
    given, brief = [], Limits(cpu_s=1)

    class Noting(Fake):
        def visit(self, limits):
            given.append(limits)
            return super().visit(limits)

    monkeypatch.setattr(keeper.Sandboxes, "_start", lambda self: Noting([Answered(1)]))
    made = Sandboxes(unsafe=True)
    made._warm = Noting([Ended(DIED)], jobs=3)
    assert made.answers(None, [], brief)[1] == [Answered(1)] and given == [brief, brief]


def test_every_sandbox_has_the_limits_that_were_asked_for(monkeypatch):
    proven, limits = [], Limits(cpu_s=1)
    monkeypatch.setattr("course.grading.sandbox.keeper.prove", lambda given: (proven.append(given), (Fake([]), []))[1])
    monkeypatch.setattr(keeper, "Sandbox", lambda way, given: (way, given))
    assert Sandboxes(limits=limits)._start() == ("nested", limits) and proven == [limits]


def test_the_spare_is_the_next_and_none_is_left(faked):
    made = faked(Ended(DIED), Answered(1))
    first, spare = made._warm, Fake([Answered(2)])
    made._spare = spare
    assert made.answers(None, [])[1] == [Answered(2)] and made._warm is spare and made._spare is None
    made._spare = Fake([])
    those = (first, spare, made._spare)
    made.close()
    assert all(one.closed for one in those)


def test_limits_reach_the_process(sandboxes):
    """Those of one job, and those of a visit for several."""
    look, brief = job("import resource\ndef f():\n    return resource.getrlimit(resource.RLIMIT_FSIZE)[0]"), Limits(file_bytes=4096)
    with sandboxes.together(brief) as visit:
        shared = visit.answers(look, [Call(())])[1]
    assert shared == sandboxes.answers(look, [Call(())], brief)[1] == [Answered(4096)]
    assert sandboxes.answers(look, [Call(())])[1] == [Answered(sandboxes.limits.file_bytes)]


def test_cells_draw_the_same_random_numbers_whatever_ran_before(sandboxes):
    draws = job("import numpy as np\nimport torch\nkept = float(torch.rand(())) + np.random.rand()\ndef f():\n    return kept")
    with sandboxes.together(sandboxes.limits) as visit:
        one, two = (visit.answers(draws, [Call(())])[1] for _ in range(2))
    assert one == two == sandboxes.answers(draws, [Call(())])[1]


def test_only_twenty_errors_of_cells_are_told(sandboxes):
    loaded, found = replies(sandboxes, "1 / 0\n" * 25 + "def f():\n    return 1", ())
    assert len(loaded.errors) == 20 and found == [Answered(1)]


def test_a_number_under_the_functions_name_is_no_function(sandboxes):
    assert replies(sandboxes, "f = 3", ()) == (Loaded(), [])


def test_annotations_are_what_the_cell_says(sandboxes):
    """Is nothing of the grader's own `from __future__` in a student's cell, and all of the student's?"""
    source = "def f(x: int):\n    return isinstance(f.__annotations__['x'], str)"
    assert replies(sandboxes, source, (1,))[1] == [Answered(False)]
    assert replies(sandboxes, f"from __future__ import annotations\n{source}", (1,))[1] == [Answered(True)]


def test_a_stub_is_one_that_says_nothing_and_is_the_functions_own(sandboxes):
    source = "def other():\n    raise NotImplementedError\ndef f(x):\n    if x:\n        other()\n    raise NotImplementedError('later')"
    said, others = replies(sandboxes, source, (0,), (1,))[1]
    assert (said.stub, said.line, others.stub, others.line) == (False, 6, False, 2), "the line is that of the last cell's frame"


def test_words_of_cells_hold_no_addresses(sandboxes):
    loaded, _ = replies(sandboxes, "raise ValueError(object())\ndef f():\n    return 1")
    assert loaded.errors[0][2] == "<object object at 0x...>"
