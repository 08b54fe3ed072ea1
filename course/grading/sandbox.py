"""Sandboxes: a worker that students' code runs in, and what keeps one warm.

`Sandbox` is one worker with its bounds; `Sandboxes` proves that they hold, keeps a warm one and a spare,
and runs jobs, each in a fork of its own.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

from course.grading import launch
from course.grading.channel import BrokenFrameError
from course.grading.jobs import Call, Job, Limits, Loaded, Reply, SandboxError
from course.grading.receiver import Receiver
from course.grading.visit import Visit, ended

__all__ = ["Limits", "Sandbox", "SandboxError", "Sandboxes", "self_test"]

_START_S = 120  # loading torch takes 2 to 10 seconds


@dataclass
class Sandbox:
    """One worker. way: nested, single or open, as worker.py says. Starting takes seconds: `ready` waits for it."""

    way: str = "nested"
    limits: Limits = field(default_factory=Limits)
    jobs: int = 0
    versions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._folder = launch.stage()
        environment = None
        if self.way == "open":
            line, environment = launch.open_command(self._folder, theirs.fileno())
        else:
            line = launch.command(self._folder, theirs.fileno(), self.way == "nested")
        self._errors = (self._folder / "errors").open("w+b")
        self._process = subprocess.Popen(
            line,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env=environment,
            cwd="/",
        )
        theirs.close()
        self._orders, self._codes = Receiver(self._control), dict[Any, Any]()

    def ready(self) -> Sandbox:
        """Wait until the worker has loaded torch.

        Raises:
            SandboxError: it does not start.
        """
        if not self.versions:
            self._own = set()
            try:
                head, _ = self._orders.frame(_START_S)
                self.versions = {str(name): str(version) for name, version in head["versions"].items()}
                self._own = {process.pid for process in self._below()}
                shutil.rmtree(self._folder, ignore_errors=True)  # all is loaded; nothing stays if this process is killed
            except (TimeoutError, EOFError, BrokenFrameError, KeyError) as error:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(2)
                self._errors.seek(0)
                said = self._errors.read(2000).decode(errors="replace").strip().splitlines()[-1:] or [type(error).__name__]
                self.close()
                raise SandboxError(f"the sandbox does not start: {said[0]}") from error
        return self

    def visit(self, limits: Limits | None = None) -> Visit:
        """A new process inside, for one job after the other; several may be there at once."""
        self.jobs += 1
        return Visit(self, limits or self.limits)

    def begin(self, theirs: socket.socket) -> int:
        """Have the worker fork for a visit."""
        if self.closed:
            raise BrokenPipeError
        while not self._orders.silent():
            self._note(1)  # visits that ended well: nobody asked
        socket.send_fds(self._control, [self.jobs.to_bytes(4, "little")], [theirs.fileno()])
        return self.jobs

    def end(self, number: int) -> None:
        """Have the worker end a visit."""
        self._control.sendall(number.to_bytes(4, "little"))

    def code(self, number: int, wait_s: float) -> Any:
        """How a visit ended: its exit status, or 128 and the number of a signal."""
        while number not in self._codes:
            self._note(wait_s)
        return self._codes.pop(number)

    def _note(self, wait_s: float) -> None:
        head, _ = self._orders.frame(wait_s)
        if head["kind"] != "ended":
            raise BrokenFrameError("something else than asked for")
        self._codes[head.get("number")] = head.get("code")

    def watch(self) -> None:
        """End a job whose processes together take too much: each alone has its limit, but they may be many."""
        total = sum(own_bytes(process.pid) for process in self._below())
        if total > self.limits.all_memory_bytes:
            raise MemoryError

    def sweep(self) -> None:
        """End whatever visits have left, where none is open: killing a visit should, and this does not depend on it."""
        for process in self._below():
            if process.pid not in self._own:
                with contextlib.suppress(psutil.Error):
                    process.kill()

    def busy(self) -> bool:
        """Whether the job has a process that computes, or would if it got the processor; not once all together had the time of one."""
        for _ in range(5):
            theirs = [process for process in self._below() if process.pid not in self._own]
            if sum(map(_computed_s, theirs)) > self.limits.cpu_hard_s:
                return False
            for process in theirs:
                with contextlib.suppress(psutil.Error):
                    if process.status() == psutil.STATUS_RUNNING:
                        return True
            time.sleep(0.01)
        return False

    def _below(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self._process.pid).children(recursive=True)
        return []

    @property
    def closed(self) -> bool:
        """Whether it can't run any more jobs."""
        return self._control.fileno() < 0 or self._process.poll() is not None

    def close(self) -> None:
        """End the worker and all that it started."""
        if self._control.fileno() < 0:
            return
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def own_bytes(pid: int) -> int:
    """What a process takes, with its share of what others have too: PSS."""
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
    return 0


def _computed_s(process: psutil.Process) -> float:
    """Seconds of the processor that a process has had, with those of its children that have ended."""
    with contextlib.suppress(psutil.Error):
        return sum(process.cpu_times()[:4])
    return 0.0


def self_test() -> list[str]:
    """What does not hold on this machine, in sentences; [] if a sandbox is proven. Takes some seconds."""
    from course.grading.proof import prove

    sandbox, faults = prove()
    if sandbox is not None:
        sandbox.close()
    return faults


class Sandboxes:
    """A context manager that keeps a warm sandbox. unsafe: run without one, for code that you trust.

    A job that ends badly in a sandbox that has served others is run again in a fresh one: only that counts.

    Raises:
        SandboxError: the sandbox is not proven on this machine; the message says what does not hold.
    """

    def __init__(self, unsafe: bool = False, limits: Limits | None = None) -> None:
        from course.grading.proof import prove

        self.unsafe, self.limits, self._way = unsafe, limits or Limits(), "open"
        self._warm: Sandbox | None = None
        self._spare: Sandbox | None = None
        if unsafe and not sys.platform.startswith("linux"):
            raise SandboxError("A process can't be limited on this system: grade on Linux, or on Windows inside WSL2.")
        if not unsafe:
            self._warm, faults = prove(self.limits)
            if self._warm is None:
                raise SandboxError(" ".join(faults))
            self._way = self._warm.way

    def __enter__(self) -> Sandboxes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all sandboxes."""
        for sandbox in filter(None, (self._warm, self._spare)):
            sandbox.close()
        self._warm = self._spare = None

    @property
    def versions(self) -> dict[str, str]:
        """Of what students' code runs with: python, torch, numpy."""
        return self._ready().versions

    def answers(self, job: Job, calls: Sequence[Call], limits: Limits | None = None) -> tuple[Loaded, list[Reply]]:
        """Run one job in a visit of its own, as `Visit.answers` does.

        What ends badly, and can be due to the sandbox, is run again in one that has served nobody: only that counts.
        """
        sandbox = self._ready()
        used = sandbox.jobs > 0
        with sandbox.visit(limits) as visit:
            loaded, replies = visit.answers(job, calls)
        bad = ended(replies)
        certain = bad is None or bad.certain
        if sandbox.way == "single" or sandbox.closed or not certain:
            self._drop()
        return (loaded, replies) if certain or not used else self.answers(job, calls, limits)

    def together(self, limits: Limits) -> Visit | None:
        """A visit for several jobs; None where each needs a sandbox of its own."""
        sandbox = self._ready()
        return None if sandbox.way == "single" else sandbox.visit(limits)

    def sweep(self) -> None:
        """End whatever is left of visits; for when none is open."""
        if self._warm is not None and not self._warm.closed:
            self._warm.sweep()

    def _start(self) -> Sandbox:
        return Sandbox(self._way, self.limits)

    def _ready(self) -> Sandbox:
        if self._warm is not None and self._warm.closed:
            self._drop()
        if self._warm is None:
            self._warm, self._spare = (self._spare or self._start()).ready(), None
            if self._warm.way == "single":
                self._spare = self._start()  # each serves one job
        return self._warm

    def _drop(self) -> None:
        """Close the warm sandbox; one that starts while others work is the next."""
        if self._warm is not None:
            self._warm.close()
        self._warm = None
        if self._spare is None:
            self._spare = self._start()
