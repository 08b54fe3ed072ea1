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

import psutil

from course.grading import launch
from course.grading.channel import BrokenFrameError, Receiver
from course.grading.jobs import DIED, Call, Ended, Job, Limits, Loaded, Reply, SandboxError, Talk, explained

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
        self._orders = Receiver(self._control)

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

    def answers(self, job: Job, calls: Sequence[Call]) -> tuple[Loaded, list[Reply]]:
        """Run the job's cells, then the calls one after the other, to the first that ends the process: its reply is the last."""
        self.jobs += 1
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._control, [b"j"], [theirs.fileno()])
        except OSError:
            ours.close()
            return Loaded(), [Ended("its worker had ended")]
        finally:
            theirs.close()
        with ours:
            loaded, replies = Talk(ours, self._watch, self._busy, self.limits).about(job, calls)
        return loaded, self._told(replies)

    def _told(self, replies: list[Reply]) -> list[Reply]:
        """The same, with what the worker knows about the end; the worker is ready for the next job afterwards, or closed."""
        bad = replies[-1] if replies and isinstance(replies[-1], Ended) else None
        try:
            if bad is not None:
                with contextlib.suppress(TimeoutError):
                    head, _ = self._orders.frame(10 if bad.why == DIED else 0)
                    return [*replies[:-1], explained(bad, head.get("code"))]
                self._control.send(b"k")
            head, _ = self._orders.frame(10)
            if bad is None and head["kind"] != "ended":
                raise BrokenFrameError
        except (OSError, TimeoutError, EOFError, BrokenFrameError):
            self.close()
        return replies

    def _watch(self) -> None:
        """End a job whose processes together take too much: each alone has its limit, but they may be many."""
        total = sum(_own_bytes(process.pid) for process in self._below())
        if total > self.limits.all_memory_bytes:
            raise MemoryError

    def _busy(self) -> bool:
        """Whether the job has a process that computes, or would if it got the processor."""
        for _ in range(5):
            for process in self._below():
                with contextlib.suppress(psutil.Error):
                    if process.pid not in self._own and process.status() == psutil.STATUS_RUNNING:
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


def _own_bytes(pid: int) -> int:
    """What a process takes, with its share of what others have too: PSS."""
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
    return 0


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

        self.unsafe, self._limits, self._way = unsafe, limits or Limits(), "open"
        self._warm: Sandbox | None = None
        self._spare: Sandbox | None = None
        if unsafe and not sys.platform.startswith("linux"):
            raise SandboxError("A process can't be limited on this system: grade on Linux, or on Windows inside WSL2.")
        if not unsafe:
            self._warm, faults = prove(self._limits)
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

    def answers(self, job: Job, calls: Sequence[Call]) -> tuple[Loaded, list[Reply]]:
        """As `Sandbox.answers`; after a bad end the sandbox is another one."""
        sandbox = self._ready()
        used = sandbox.jobs > 0
        loaded, replies = sandbox.answers(job, calls)
        bad = replies[-1] if replies and isinstance(replies[-1], Ended) else None
        if bad is None and not sandbox.closed and sandbox.way != "single":
            return loaded, replies
        self._drop()
        if bad is None or bad.certain or not used:
            return loaded, replies
        return self.answers(job, calls)  # in a fresh one

    def _start(self) -> Sandbox:
        return Sandbox(self._way, self._limits)

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
