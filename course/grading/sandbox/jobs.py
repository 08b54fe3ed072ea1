"""Jobs: what is asked of a sandbox, and what may come back.

A job is one exercise of one student; its calls are the exercise's cases. Whatever the process does ends in a reply.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from utils.exercises.outside import Answers

CPU_TIME_OUT = 128 + 24  # SIGXCPU, as the worker tells it
KILLED = 128 + 9
TOO_LONG = "it took too long"
SLEPT = "it took too long without computing"
CUT_SHORT = "it took more time than one exercise of a submission has"
DIED = "its process ended"
TOO_MUCH = "its answers together are too large to be looked at"


class SandboxError(RuntimeError):
    """This machine can't give a sandbox, or none any more; the message says what to do."""


@dataclass(frozen=True)
class Limits:
    """What a job may use. memory_bytes: of each process, on top of what torch takes; all_memory_bytes: of all together.

    cpu_s: of the processor, for the cells and for each call; cpu_hard_s: in all. wall_s: of waiting for a process that
    sleeps, in all; it is long, so that a busy machine changes no mark. most_wall_s: of waiting in all, whatever the processes do.
    """

    memory_bytes: int = 1 << 30
    all_memory_bytes: int = 3 << 30
    tmp_bytes: int = 64 << 20
    file_bytes: int = 16 << 20
    answer_bytes: int = 70 << 20
    files: int = 128
    processes: int = 32
    cpu_s: float = 5
    cpu_hard_s: int = 60
    wall_s: int = 30
    most_wall_s: float = 300


@dataclass(frozen=True)
class Job:
    """One exercise of one student.

    cells: (name, source), run in this order in one namespace. function: what they must define.
    lab: "01". modules: (name, source or None), the probes and what they import. probing: which of them answers.
    """

    cells: tuple[tuple[str, str], ...]
    function: str
    lab: str
    modules: tuple[tuple[str, str | None], ...]
    probing: str = "utils.exercises.inside.probing"


@dataclass(frozen=True)
class Call:
    """One case: what the function, or the probe of this name, is called with.

    about: what the reply to it is.
        "answer"   the answer
        "inputs"   {"answer", "inputs"}: what the process answers, and its inputs as they lie in memory afterwards
        "both"     what it says of both, asked to; but where memory was changed, the inputs are what lies there. For lists and
                   dicts, which can't be shared: there its word counts
        "refusal"  {"raised": names of the exception's classes} or {"returned": the answer}
    shared: arrays and tensors lie in memory that is read after the answer.
    outside: makes, for each run, what answers the probe's questions; the reply is then {"answer": that, "asked"}.
    """

    inputs: tuple[Any, ...]
    probe: str | None = None
    about: str = "answer"
    shared: bool = False
    outside: Callable[[], Answers] | None = None


@dataclass(frozen=True)
class Answered:
    """value: plain, with arrays for tensors; whatever a hostile process chose to send."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """An exception. said, cell: the student's words; show them only if the call held nothing secret. line: of the cell."""

    type: str
    said: str
    line: int
    cell: str
    stub: bool


@dataclass(frozen=True)
class Ended:
    """The process ended, or had to be ended, before it answered. why: the last part of a sentence. forged: it wrote to the channel."""

    why: str
    forged: bool = False
    certain: bool = False


Reply = Answered | Raised | Ended


@dataclass(frozen=True)
class Loaded:
    """How the cells ran. errors: (cell, type, words, line). found: whether the function is there. None of it saw an input."""

    errors: tuple[tuple[str, str, str, int], ...] = ()
    found: bool = False


def explained(bad: Ended, code: Any) -> Ended:
    """The same end, with what its exit status says."""
    if bad.why != DIED:
        return bad
    if code == CPU_TIME_OUT:
        return Ended(TOO_LONG, certain=True)
    return Ended("its process was killed" if code == KILLED else DIED, certain=type(code) is int and code < 128)
