"""Whoever evaluates: nothing lost, nothing counted twice, the same result."""

import os
import signal
import sys

import pytest

from tests.dask_cluster import Cluster
from tests.utils.compress.search.drawn import SPACE, Pretended
from utils.compress.search import Budget, PoolError, SearchConfig, evaluators, search
from utils.files import ROOT

BUDGET = Budget(file_bytes=14_000, macs=500_000)
CONFIG = SearchConfig(evaluations=16, population=8, sample=3, batch=4)


@pytest.fixture(scope="module")
def alone():
    """The result of one process."""
    return search(SPACE, BUDGET, Pretended(), CONFIG)


@pytest.mark.nightly  # four processes that load torch; Dask's two are killed in every run
def test_two_processes_of_which_one_is_killed_find_what_one_finds(alone, tmp_path):
    fatal = tmp_path / "fatal"
    fatal.touch()
    assert search(SPACE, BUDGET, Pretended(fatal=fatal), CONFIG, workers=2) == alone
    assert not fatal.exists()


@pytest.mark.slow
def test_two_dask_workers_of_which_one_is_killed_find_what_one_finds(alone, tmp_path):
    told = []
    with Cluster(tmp_path, PYTHONPATH=str(ROOT)) as cluster:
        processes = [cluster.worker(), cluster.worker()]
        cluster.wait_for(2)

        def progress(result):
            told.append(len(result.candidates))
            if len(told) == 2:
                os.killpg(processes[0].pid, signal.SIGKILL)

        assert search(SPACE, BUDGET, Pretended(wait_s=0.05), CONFIG, scheduler=cluster.address, progress=progress) == alone
    assert told == [4, 8, 12, 16]


@pytest.mark.nightly
def test_processes_that_always_end_are_given_up():
    with (
        evaluators.evaluators(os._exit, 2) as pool,
        pytest.raises(PoolError, match="3 pools of workers ended before a candidate was evaluated"),
    ):
        pool([1])


def test_fewer_than_one_worker_is_refused():
    with pytest.raises(ValueError, match="at least 1 worker, got 0"):
        search(SPACE, BUDGET, Pretended(), CONFIG, workers=0)


def test_a_function_without_a_module_is_refused_before_anything_starts():
    with pytest.raises(ValueError, match="<lambda> can't be sent to other processes"):
        search(SPACE, BUDGET, lambda architecture: 1.0, CONFIG, workers=2)


def test_without_dask_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PoolError, match="pip install distributed"):
        search(SPACE, BUDGET, Pretended(), CONFIG, scheduler="tcp://127.0.0.1:1")


def test_a_scheduler_that_does_not_answer():
    with pytest.raises(PoolError, match="no Dask scheduler answers at nonsense"):
        search(SPACE, BUDGET, Pretended(), CONFIG, scheduler="nonsense")
