"""One sandbox: a worker that forks for every visit, with its bounds."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

import psutil

from course.grading.sandbox import bubblewrap
from course.grading.sandbox.inside.channel import BrokenFrameError
from course.grading.sandbox.jobs import Limits, SandboxError
from course.grading.sandbox.receiver import Receiver
from course.grading.sandbox.visit import Visit

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
        self._folder = bubblewrap.stage()
        environment = None
        if self.way == "open":
            line, environment = bubblewrap.open_command(self._folder, theirs.fileno())
        else:
            line = bubblewrap.command(self._folder, theirs.fileno(), self.way == "nested")
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
