"""A visit: one process inside a sandbox, with namespaces of its own, that serves one job after the other.

It is over as soon as a job ends badly. Nothing that it leaves behind outlives it, and the next visit begins anew.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import Any, Protocol

from course.grading.sandbox.dialogue import Talk
from course.grading.sandbox.inside.channel import BrokenFrameError
from course.grading.sandbox.jobs import DIED, Call, Ended, Job, Limits, Loaded, Reply, explained

_REPORT_S = 10.0  # the worker tells of an end within milliseconds


class Host(Protocol):
    """What a visit needs of its sandbox."""

    def begin(self, theirs: socket.socket) -> int:
        """Start the process at the other end of a socket; its number. Raises OSError, EOFError, BrokenFrameError: the worker is gone."""

    def end(self, number: int) -> None:
        """End it and all that it started. Raises OSError."""

    def code(self, number: int, wait_s: float) -> Any:
        """How it ended, as the worker tells. Raises TimeoutError, EOFError, BrokenFrameError."""

    def close(self) -> None:
        """End the worker."""

    def watch(self) -> None:
        """Raises MemoryError if the processes take too much."""

    def busy(self) -> bool:
        """Whether any of them computes, within what a job may take."""


class Visit:
    """A context manager. limits: of its jobs. over: whether it can serve no more."""

    def __init__(self, host: Host, limits: Limits) -> None:
        self._host, self.over, self._number = host, False, 0
        self._sock, theirs = socket.socketpair()
        with theirs:
            try:
                self._number = host.begin(theirs)
            except (OSError, EOFError, BrokenFrameError):
                self.over = True
        self._talk = Talk(self._sock, host.watch, host.busy, limits)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answers(self, job: Job, calls: Sequence[Call]) -> tuple[Loaded, list[Reply]]:
        """Run the job's cells, then the calls one after the other, to the first that ends the process: its reply is the last.

        Raises:
            SandboxError: the process could not be confined.
        """
        if self.over:
            return Loaded(), [Ended("its worker had ended")]
        loaded, replies = self._talk.about(job, calls)
        if bad := ended(replies):
            self.over = True
            replies[-1] = self._explained(bad)
        return loaded, replies

    def _explained(self, bad: Ended) -> Ended:
        """The same, with what the worker knows about the end; a worker that does not tell is closed."""
        try:
            if bad.why != DIED:
                self._host.end(self._number)
            return explained(bad, self._host.code(self._number, _REPORT_S))
        except (OSError, TimeoutError, EOFError, BrokenFrameError):
            self._host.close()
            return bad

    def close(self) -> None:
        """End the process; nothing waits for it."""
        self._sock.close()
        if not self.over:
            with contextlib.suppress(OSError):
                self._host.end(self._number)
        self.over = True


def ended(replies: Sequence[Reply]) -> Ended | None:
    """The bad end of a job, if it had one."""
    return replies[-1] if replies and isinstance(replies[-1], Ended) else None
