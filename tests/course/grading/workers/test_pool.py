"""Many submissions at once: nothing lost, nothing graded twice, and no submission costs another one anything."""

import importlib.util
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from course.grading.marks import LabMark
from course.grading.submission import Submission
from course.grading.workers.dask_cluster import grade_on_dask
from course.grading.workers.pool import Failure, Pool, PoolError, default_workers
from course.grading.workers.process import Recipe, packed, unpacked
from tests.course.grading.classroom import submission
from tests.dask_cluster import Cluster

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def fakes_can_be_imported(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))


def recipe(folder, name="grader", **more):
    return Recipe(f"pretended:{name}", {"folder": str(folder), **more})


def a_class(*sources):
    return [submission(f"student{number}", source=f"return '{source}'") for number, source in enumerate(sources)]


def outcomes(folder, submissions, workers=2, limit_s=60.0, **more):
    with Pool(recipe(folder, **more), workers, limit_s) as pool:
        return {one.student: found for one, found in pool.grade(submissions)}


def begun(folder):
    """How often each student's submission was begun."""
    students = [path.name.partition("-")[0] for path in folder.glob("student*")]
    return {name: students.count(name) for name in set(students)}


def test_a_submission_travels_unchanged():
    one = Submission(
        "Ada \udcff", "01_pruning", b"\0\xff{}", {"01_challenge.onnx": bytes(range(256))}, ("a note.",), "abc", "2026-11-30", True
    )
    assert unpacked(packed(one)) == one


def test_one_worker_or_three_give_the_same_marks(tmp_path):
    submissions = a_class("a", "bb", "ccc", "dddd", "slow", "ffffff")
    for name in ("one", "three"):
        (tmp_path / name).mkdir()
    one, three = outcomes(tmp_path / "one", submissions, 1), outcomes(tmp_path / "three", submissions, 3)
    assert one == three and len(one) == 6
    assert set(begun(tmp_path / "three").values()) == {1}


def test_each_is_told_when_it_begins(tmp_path):
    submissions, said = a_class("a", "b"), []
    with Pool(recipe(tmp_path), 1) as pool:
        list(pool.grade(submissions, said.append))
        list(pool.grade(submissions[:1], said.append))  # by the same worker, still warm
    assert said == [*submissions, submissions[0]]
    assert len({path.name.rpartition("-")[2] for path in tmp_path.iterdir()}) == 1


def test_a_worker_that_dies_is_replaced_and_its_submission_tried_again(tmp_path):
    found = outcomes(tmp_path, a_class("dies once", "b", "c", "d"))
    assert all(isinstance(one, LabMark) for one in found.values())
    assert begun(tmp_path) == {"student0": 2, "student1": 1, "student2": 1, "student3": 1}


def test_one_that_kills_every_worker_fails_alone(tmp_path):
    found = outcomes(tmp_path, a_class("a", "dies always", "exits", "d"))
    assert isinstance(found["student0"], LabMark) and isinstance(found["student3"], LabMark)
    assert found["student1"] == Failure("the grader's worker ended with signal 9")
    assert found["student2"] == Failure("the grader's worker ended with exit code 3 (out of luck)")


def test_what_a_grader_raises_fails_that_submission(tmp_path):
    found = outcomes(tmp_path, a_class("raises", "b"))
    assert found["student0"] == Failure("a sandbox can't be had any more") and isinstance(found["student1"], LabMark)


def test_one_that_never_ends_costs_its_own_limit_and_leaves_nothing_behind(tmp_path):
    found = outcomes(tmp_path, a_class("child wedged", "b", "c"), limit_s=3.0)
    assert found["student0"] == Failure("it took more than 3 seconds")
    assert isinstance(found["student1"], LabMark) and isinstance(found["student2"], LabMark)
    assert begun(tmp_path)["student0"] == 1
    child = int(next(tmp_path.glob("child-*")).name.partition("-")[2])
    for _ in range(100):
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("what the worker had started is still there")


def test_no_sandbox_is_said_before_anything_is_graded(tmp_path):
    with pytest.raises(PoolError, match="bubblewrap is missing: install it"):
        outcomes(tmp_path, a_class("a", "b", "c"), name="refuses")


def test_workers_that_never_start_stop_the_run(tmp_path):
    with pytest.raises(PoolError, match="ended with exit code 5"):
        outcomes(tmp_path, a_class("a", "b"), name="breaks")


def test_when_nothing_works_any_more_the_run_stops(tmp_path):
    with Pool(recipe(tmp_path), 1) as pool:
        found = pool.grade(a_class(*["raises"] * 10))
        failures = []
        with pytest.raises(PoolError, match="6 submissions in a row could not be graded"):
            failures.extend(found)
    assert len(begun(tmp_path)) == 6


def test_many_that_kill_their_workers_do_not_stop_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("course.grading.workers.pool.TRIES", 1)
    found = outcomes(tmp_path, a_class(*["dies always"] * 8, "b"), 3)
    assert sum(isinstance(one, Failure) for one in found.values()) == 8 and isinstance(found["student8"], LabMark)


def test_a_run_that_is_left_ends_its_workers(tmp_path):
    with Pool(recipe(tmp_path), 2) as pool:
        next(pool.grade(a_class("a", "wedged", "slow")))
        processes = [worker.process.pid for worker in pool.workers]
    assert processes and not any(psutil.pid_exists(pid) for pid in processes)


def test_a_worker_whose_master_is_gone_ends(tmp_path):
    with Pool(recipe(tmp_path), 1) as pool:
        list(pool.grade(a_class("a")))
        worker = pool.workers[0]
        worker.sock.close()
        assert worker.process.wait(30) == 0
        pool.workers.clear()


def test_no_workers_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1 worker"):
        Pool(recipe(tmp_path), 0)
    assert default_workers() >= 1


# Dask


def test_without_dask_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PoolError, match="pip install distributed"):
        list(grade_on_dask(a_class("a"), recipe(tmp_path), "tcp://127.0.0.1:1"))


@pytest.fixture(scope="module")
def dask():
    if not importlib.util.find_spec("distributed"):
        pytest.skip("there is no Dask: install it with 'pip install distributed'")


@pytest.fixture
def cluster(dask, tmp_path):
    (tmp_path / "dask").mkdir()
    with Cluster(tmp_path / "dask") as found:
        yield found


def test_a_scheduler_that_does_not_answer(dask, tmp_path):
    with pytest.raises(PoolError, match="no Dask scheduler answers at tcp"):
        list(grade_on_dask(a_class("a"), recipe(tmp_path), "tcp://127.0.0.1:1"))
    with pytest.raises(PoolError, match="no Dask scheduler answers at nonsense"):
        list(grade_on_dask(a_class("a"), recipe(tmp_path), "nonsense"))


@pytest.mark.slow
def test_a_scheduler_without_workers(cluster, tmp_path):
    with pytest.raises(PoolError, match="has no worker"):
        list(grade_on_dask(a_class("a"), recipe(tmp_path), cluster.address))


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed_lose_nothing_and_give_nothing_twice(cluster, tmp_path):
    workers = [cluster.worker(), cluster.worker()]
    cluster.wait_for(2)
    work, alone = tmp_path / "work", tmp_path / "alone"
    work.mkdir()
    alone.mkdir()
    submissions = a_class("slow", *["slow" + "x" * number for number in range(9)], "raises", "dies once")
    found = []
    for one, outcome in grade_on_dask(submissions, recipe(work), cluster.address):
        found.append((one.student, outcome))
        if len(found) == 2:
            os.killpg(workers[0].pid, signal.SIGKILL)
    assert sorted(name for name, _ in found) == sorted(one.student for one in submissions)
    assert dict(found) == outcomes(alone, submissions)  # the same as on one computer


@pytest.mark.slow
def test_a_worker_of_another_version_is_refused(cluster, tmp_path, monkeypatch):
    cluster.worker()
    cluster.wait_for(1)
    monkeypatch.setattr("utils.cluster._version", lambda: "99.0")
    with pytest.raises(PoolError, match=r"this is version 99\.0 of the course and the Dask worker \S+ has version"):
        list(grade_on_dask(a_class("a"), recipe(tmp_path), cluster.address))
