"""Many submissions at once: a pool of workers on this computer, which replaces those that die or never end.

Each submission is graded by one worker from begin to end, and a mark depends on nothing but the submission and the
seed; so the order in which they come back, and where they were graded, changes nothing.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from course.grading.marks import LabMark
from course.grading.submission import Submission
from course.grading.text import visible
from course.grading.workers.process import Recipe, packed, receive, send
from utils.files import ROOT

TRIES = 2  # of a submission whose worker died
IN_A_ROW = 6  # graders that raise, without a mark between them: then it is the computer. No submission can make one raise.
LIMIT_SECONDS = 900.0  # of one submission; the judge's own limits (attempts.SUBMISSION_S) end its exercises long before
START_SECONDS = 180.0
WORKER_BYTES = 1_500_000_000  # memory of a worker and its sandbox, torch twice

Started = Callable[[Submission], None]


class PoolError(RuntimeError):
    """Nothing can be graded at all; the text is a sentence that says why."""


@dataclass(frozen=True)
class Failure:
    """A submission could not be graded, and not for anything in it that would be worth points. reason: a sentence."""

    reason: str


Outcome = tuple[Submission, LabMark | Failure]


class _Worker:
    """One process. job: which submission it has, None if none. since: when it got it, or was started."""

    def __init__(self, recipe: Recipe) -> None:
        self.sock, other = socket.socketpair()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        threads = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "course.grading.workers.process", str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
            cwd=ROOT,
            env={**os.environ, **threads},
        )
        other.close()
        self.ready, self.since = False, time.monotonic()
        self.job: int | None = None
        with suppress(OSError):  # it died at once: its end is met where it is waited for
            send(self.sock, {"factory": recipe.factory, "arguments": dict(recipe.arguments)})

    def give(self, job: int, one: Submission) -> None:
        """Hand over a submission."""
        self.job, self.since = job, time.monotonic()
        with suppress(OSError):
            send(self.sock, packed(one))

    def last_words(self) -> str:
        """How it ended, and the last line that it wrote to its standard error."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        code = self.process.returncode
        how = "no exit code" if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"
        self.errors.seek(max(0, self.errors.seek(0, os.SEEK_END) - 4_000))
        lines = [line.strip() for line in self.errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return f"{how} ({lines[-1][:200]})" if lines else how

    def end(self) -> None:
        """Kill it and all below it, whatever they do."""
        self.sock.close()
        with suppress(OSError):
            (os.killpg if os.getpgid(self.process.pid) == self.process.pid else os.kill)(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.errors.close()


class Pool:
    """Workers on this computer, started when needed and kept warm until `close`.

    recipe: how each grades. workers: at most so many. limit_s: of one submission.
    """

    def __init__(self, recipe: Recipe, workers: int, limit_s: float = LIMIT_SECONDS) -> None:
        if workers < 1:
            raise ValueError(f"a pool has at least 1 worker, got {workers}")
        self.recipe, self.most, self.limit_s = recipe, workers, limit_s
        self.workers: list[_Worker] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers."""
        while self.workers:
            self.workers.pop().end()

    def grade(self, submissions: Sequence[Submission], started: Started = lambda one: None) -> Iterator[Outcome]:
        """Each submission with its mark, or why there is none, as they come. started: called when a worker begins one.

        Raises:
            PoolError: workers can't be started, or nothing at all can be graded.
        """
        waiting, tries, lost, failed = deque(range(len(submissions))), Counter[int](), 0, 0
        while waiting or any(worker.job is not None for worker in self.workers):
            open_jobs = len(waiting) + sum(worker.job is not None for worker in self.workers)
            while len(self.workers) < min(self.most, open_jobs):
                self.workers.append(_Worker(self.recipe))
            for worker in self.workers:
                if worker.ready and worker.job is None and waiting:
                    following = waiting.popleft()
                    started(submissions[following])
                    worker.give(following, submissions[following])
            for worker, message in self._news():
                job, kind = worker.job, message["kind"]
                if kind == "refused" or (kind == "gone" and job is None and (lost := lost + 1) >= TRIES):
                    raise PoolError(message["reason"])
                if kind == "mark" and job is not None:
                    failed = 0
                    worker.job = None
                    yield submissions[job], LabMark.from_dict(message["mark"])
                if kind == "ready":
                    worker.ready = True
                if kind not in ("gone", "late", "failed"):
                    continue
                self.workers.remove(worker)
                worker.end()
                if job is None:
                    continue
                tries[job] += 1
                if kind != "late" and tries[job] < TRIES:
                    waiting.appendleft(job)
                    continue
                yield submissions[job], Failure(visible(message["reason"]))
                if kind == "failed" and (failed := failed + 1) >= IN_A_ROW:
                    raise PoolError(f"{failed} submissions in a row could not be graded, the last one because {message['reason']}")

    def _news(self) -> Iterator[tuple[_Worker, Mapping[str, Any]]]:
        """What workers say, or that they are gone or too late; waits half a second at most."""
        by_sock = {worker.sock: worker for worker in self.workers}
        readable, _, _ = select.select(list(by_sock), [], [], 0.5)
        for sock in readable:
            worker = by_sock[sock]
            try:
                yield worker, receive(sock)
            except (EOFError, ValueError):
                yield worker, {"kind": "gone", "reason": f"the grader's worker ended with {worker.last_words()}"}
        for sock, worker in by_sock.items():
            limit = self.limit_s if worker.job is not None else START_SECONDS if not worker.ready else float("inf")
            if sock not in readable and time.monotonic() - worker.since > limit:
                yield worker, {"kind": "late" if worker.ready else "gone", "reason": f"it took more than {limit:g} seconds"}


def default_workers() -> int:
    """As many as there are cores and memory for."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().available // WORKER_BYTES)))
