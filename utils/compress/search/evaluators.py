"""Evaluation of candidates in this process, in a pool of local processes, or on the workers of a Dask scheduler.

Each candidate gets exactly one score. If a worker ends, another one evaluates its candidates again.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeAlias
from uuid import uuid4

import torch

from utils.cluster import ClusterError, connected
from utils.models.chain import Architecture

Evaluate: TypeAlias = Callable[[Architecture], float]
Score: TypeAlias = tuple[float, float]  # accuracy in percent, CPU seconds
Pool: TypeAlias = Callable[[Sequence[Architecture]], list[Score]]
LOSSES = 3  # pools in a row that end before any candidate is evaluated, before an error says so


class PoolError(RuntimeError):
    """Candidates can't be evaluated; the text says why in a sentence."""


@contextmanager
def evaluators(evaluate: Evaluate, workers: int = 1, scheduler: str | None = None) -> Iterator[Pool]:
    """Give a function that returns the scores of a batch of architectures, in the order of the batch.

    evaluate: picklable unless it runs here. workers: processes of this computer, each with one thread; 1 evaluates in this
    process, also with one thread. scheduler: address of a Dask scheduler, whose workers are used instead.

    >>> with evaluators(lambda architecture: 50.0) as pool:
    ...     pool([])
    []

    Raises:
        ValueError: fewer than 1 worker, or a function that can't be sent to other processes.
        PoolError: no Dask, no scheduler or no worker at the address, another version of the course there; later, from the
            function, workers that end again and again.
    """
    if type(workers) is not int or workers < 1:
        raise ValueError(f"need at least 1 worker, got {workers!r}: 1 evaluates in this process")
    if scheduler is not None or workers > 1:
        _check_travels(evaluate)
    if scheduler is not None:
        try:
            client = connected(scheduler)
        except ClusterError as error:
            raise PoolError(str(error)) from error
        with client:
            yield _Dask(client, evaluate)
    elif workers > 1:
        with _Processes(evaluate, workers) as pool:
            yield pool
    else:
        yield lambda batch: [_score(evaluate, one) for one in batch]


def _check_travels(evaluate: Evaluate) -> None:
    try:
        pickle.dumps(evaluate)
    except Exception as error:  # pickle raises whatever the object's parts raise
        name = getattr(evaluate, "__qualname__", type(evaluate).__name__)
        raise ValueError(f"{name} can't be sent to other processes ({error}): define it in a module, or use workers=1") from error


def _score(evaluate: Evaluate, architecture: Architecture) -> Score:
    before, threads = time.process_time(), torch.get_num_threads()
    torch.set_num_threads(1)  # the order of a sum, and so its rounding, depends on the number of threads
    try:
        accuracy = float(evaluate(architecture))
    finally:
        torch.set_num_threads(threads)
    return accuracy, time.process_time() - before


_own: Evaluate | None = None  # in a process of the pool: the function that it evaluates with


def _prepare(evaluate: Evaluate) -> None:
    global _own
    _own = evaluate


def _own_score(architecture: Architecture) -> Score:
    assert _own is not None
    return _score(_own, architecture)


class _Processes:
    """A process pool that is started again when one of its processes ends."""

    def __init__(self, evaluate: Evaluate, workers: int) -> None:
        self._evaluate, self._workers = evaluate, workers

    def __enter__(self) -> _Processes:
        self._pool = self._started()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._workers, get_context("spawn"), _prepare, (self._evaluate,))

    def __call__(self, batch: Sequence[Architecture]) -> list[Score]:
        scores: dict[int, Score] = {}
        losses = 0
        while len(scores) < len(batch):
            known = len(scores)
            try:
                futures: dict[int, Future[Score]] = {
                    at: self._pool.submit(_own_score, one) for at, one in enumerate(batch) if at not in scores
                }
            except BrokenProcessPool:
                futures = {}
            for at, future in futures.items():
                try:
                    scores[at] = future.result()
                except BrokenProcessPool:
                    continue
            if len(scores) < len(batch):
                losses = 0 if len(scores) > known else losses + 1
                if losses >= LOSSES:
                    raise PoolError(f"{losses} pools of workers ended before a candidate was evaluated: use workers=1 to see why")
                self._pool.shutdown(wait=True)
                self._pool = self._started()
        return [scores[at] for at in range(len(batch))]


class _Dask:
    """The workers of a Dask scheduler. Dask itself gives the task of a lost worker to another worker."""

    def __init__(self, client: Any, evaluate: Evaluate) -> None:
        self._client, self._evaluate, self._run, self._given = client, evaluate, uuid4().hex, 0

    def __call__(self, batch: Sequence[Architecture]) -> list[Score]:
        futures = []
        for one in batch:
            key = f"titans-search-{self._run}-{self._given}"
            futures.append(self._client.submit(_score, self._evaluate, one, key=key, pure=False))
            self._given += 1
        from distributed import KilledWorker

        try:
            found: list[Score] = self._client.gather(futures)
        except KilledWorker as error:
            raise PoolError(f"the Dask workers of a candidate ended again and again ({error}): look at their logs") from error
        return found
