"""Keeps proven sandboxes warm, and runs jobs in them, each in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from course.grading.sandbox.jobs import Call, Job, Limits, Loaded, Reply, SandboxError
from course.grading.sandbox.sandbox import Sandbox
from course.grading.sandbox.self_test import prove
from course.grading.sandbox.visit import Visit, ended


class Sandboxes:
    """A context manager that keeps a warm sandbox. unsafe: run without one, for code that you trust.

    A job that ends badly in a sandbox that has served others is run again in a fresh one: only that counts.

    Raises:
        SandboxError: the sandbox is not proven on this machine; the message says what does not hold.
    """

    def __init__(self, unsafe: bool = False, limits: Limits | None = None) -> None:
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
