"""Jobs: what is asked of a sandbox, what may come back, and the dialogue in between.

A job is one exercise of one student; its calls are the exercise's cases. Whatever the process does ends in a reply.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from course.grading.channel import BrokenFrameError, Head, pack, send, unpack
from course.grading.memory import SharedMemory
from course.grading.receiver import MOST_BLOBS, Receiver
from utils.exercises.answers import plain
from utils.exercises.outside import Answers, AskedTooOftenError, Outside

CPU_TIME_OUT = 128 + 24  # SIGXCPU, as the worker tells it
KILLED = 128 + 9
TOO_LONG = "it took too long"
SLEPT = "it took too long without computing"
DIED = "its process ended"
TOO_MUCH = "its answers together are too large to be looked at"


class TooMuchError(ValueError):
    """More bytes than the answers of a job may have together."""


class SandboxError(RuntimeError):
    """This machine can't give a sandbox, or none any more; the message says what to do."""


@dataclass(frozen=True)
class Limits:
    """What a job may use. memory_bytes: of each process, on top of what torch takes; all_memory_bytes: of all together.

    cpu_s: of the processor, for the cells and for each call; cpu_hard_s: in all. wall_s: of waiting for a process that
    sleeps, in all; it is long, so that a busy machine changes no mark.
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
    probing: str = "utils.exercises.probing"


@dataclass(frozen=True)
class Call:
    """One case: what the function, or the probe of this name, is called with.

    about: what the reply to it is.
        "answer"   the answer
        "inputs"   {"answer", "inputs"}: what the process answers, and its inputs as they lie in memory afterwards
        "both"     what it says of both; but where memory was changed, the inputs are what lies there. For lists and dicts,
                   which can't be shared: there its word counts
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


class Talk:
    """The dialogue of one visit, job after job: nothing is taken that was not asked for."""

    def __init__(self, sock: socket.socket, watch: Callable[[], None], busy: Callable[[], bool], limits: Limits) -> None:
        self._sock, self._frames, self._limits, self._confined = sock, Receiver(sock, watch, busy), limits, False
        sock.settimeout(limits.wall_s)  # for sending to a process that does not read

    def about(self, job: Job, calls: Sequence[Call]) -> tuple[Loaded, list[Reply]]:
        """Load the job, make the calls."""
        loaded, replies = Loaded(), []
        self._whole, self._room = self._frames.deadline(self._limits.wall_s), MOST_BLOBS
        try:
            loaded = self._load(job)
            if loaded.found:
                for call in calls:
                    replies.append(self._call(call))
            if not self._frames.silent():
                raise BrokenFrameError("something that was not asked for")
            with contextlib.suppress(OSError):  # it has said all that counts
                send(self._sock, {"kind": "enough"})
        except TimeoutError:
            replies.append(Ended(SLEPT, certain=True))
        except MemoryError:
            replies.append(Ended("its processes took too much memory"))
        except BrokenFrameError as error:
            replies.append(Ended(f"it wrote to the grader's own channel: {error}", forged=True, certain=True))
        except (AskedTooOftenError, TooMuchError) as error:
            replies.append(Ended(str(error), certain=True))
        except (EOFError, OSError):
            replies.append(Ended(DIED))
        return loaded, replies

    def _load(self, job: Job) -> Loaded:
        cells = [{"name": name, "source": source} for name, source in job.cells]
        what = {"cells": cells, "function": job.function, "lab": job.lab, "modules": job.modules, "probing": job.probing}
        send(self._sock, {"kind": "job", "limits": asdict(self._limits), **what})
        if not self._confined:
            self._confine()
        head, _ = self._frames.frame(self._frames.deadline(self._limits.wall_s, self._whole))
        errors = head.get("errors")
        if head["kind"] != "loaded" or type(errors) is not list or len(errors) > 20:
            raise BrokenFrameError("something else than asked for")
        return Loaded(tuple(map(_error, errors)), head.get("found") is True)

    def _confine(self) -> None:
        """Take the process's word that it is confined: its first, before a student's line has run; afterwards nothing is an excuse."""
        head, _ = self._frames.frame(self._frames.deadline(self._limits.wall_s, self._whole))
        if head["kind"] == "unconfined":
            raise SandboxError(f"a process could not be confined: {head.get('said')}")
        if head["kind"] != "confined":
            raise BrokenFrameError("something else than asked for")
        self._confined = True

    def _call(self, call: Call) -> Reply:
        if not self._frames.silent():
            raise BrokenFrameError("something that was not asked for")
        blobs: list[bytes] = []
        packed = pack(call.inputs, blobs)
        what = {"kind": "call", "probe": call.probe, "inputs": packed, "asks": call.outside is not None}
        if not (call.shared and any(blobs)):
            send(self._sock, what, blobs)
            return _with_inputs(self._reply(call), call, None)
        with _shared(blobs) as memory:
            send(self._sock, {**what, "shared": memory.sizes}, memory=memory.fd)
            reply, held = self._reply(call), memory.changed()
        return _with_inputs(reply, call, None if held is None else unpack(packed, held, tensors=True))

    def _reply(self, call: Call) -> Reply:
        """The reply to a call, after its questions. A process that asks what it was not meant to has spent its own count."""
        outside = Outside(call.outside()) if call.outside else None
        deadline = self._frames.deadline(self._limits.wall_s, self._whole)
        head, blobs = self._frames.frame(deadline)
        while head["kind"] == "ask" and outside:
            if not self._frames.silent():
                raise BrokenFrameError("something that was not asked for")
            send(self._sock, _told(outside, head))
            head, blobs = self._frames.frame(deadline)
        self._room -= sum(map(len, blobs))
        if self._room < 0:  # all are kept until the job is judged
            raise TooMuchError(TOO_MUCH)
        if head["kind"] == "answer":
            value = unpack(head.get("value"), blobs)
            value = {"returned": value} if call.about == "refusal" else value
            return Answered(outside.beside(value) if outside else value)
        if head["kind"] == "raised":
            raised, kinds = _raised(head), head.get("kinds")
            if call.about == "refusal" and _is_refusal(kinds):
                return Answered(outside.beside({"raised": kinds}) if outside else {"raised": kinds})
            return raised
        raise BrokenFrameError("something else than asked for")


def _shared(blobs: Sequence[bytes]) -> SharedMemory:
    try:
        return SharedMemory(blobs)
    except OSError as error:  # the machine's fault, which must cost nobody a point
        raise SandboxError(
            f"memory can't be shared with a sandbox: memfd_create says {error.strerror}; allow it, and more open files"
        ) from error


def _with_inputs(reply: Reply, call: Call, held: Any) -> Reply:
    """The reply, and where it is about them the inputs. held: as they lie in memory, None if nothing was changed there."""
    if not isinstance(reply, Answered):
        return reply
    if call.about == "inputs":
        return Answered({"answer": reply.value, "inputs": plain(call.inputs if held is None else held)})
    if call.about == "both" and held is not None and type(reply.value) is dict:
        return Answered({**reply.value, "inputs": plain(held)})
    return reply


def _is_refusal(kinds: Any) -> bool:
    """Whether an exception of these classes is one that a function raises on purpose: an empty exercise refuses everything."""
    names = kinds if type(kinds) is list and len(kinds) <= 20 and all(type(name) is str and len(name) <= 60 for name in kinds) else []
    return "Exception" in names and not {"NotImplementedError", "UnacceptableError"} & set(names)


def _told(outside: Outside, head: Head) -> Head:
    """What a question is answered with: a value, or why there is none."""
    question = unpack(head.get("question"), [])
    if type(question) is not tuple or not all(one is None or type(one) in (bool, int, float, str) for one in question):
        raise BrokenFrameError("a question that is not understood")
    try:
        return {"kind": "told", "value": pack(outside(*question), [])}
    except AskedTooOftenError:
        raise
    except ValueError as error:
        return {"kind": "told", "refused": str(error)[:300]}
    except Exception:  # a forged one may be anything, and must harm nobody here
        return {"kind": "told", "refused": "there is no answer to this question"}


def _error(told: Any) -> tuple[str, str, str, int]:
    if type(told) is not list or [type(part) for part in told] != [str, str, str, int]:
        raise BrokenFrameError("something else than asked for")
    return told[0][:60], told[1][:60], _steady(told[2])[:160], told[3]


def _raised(head: Head) -> Raised:
    kind, said, line, cell, stub = (head.get(name) for name in ("type", "said", "line", "cell", "stub"))
    if type(kind) is not str or type(said) is not str or type(line) is not int or type(cell) is not str:
        raise BrokenFrameError("something else than asked for")
    return Raised(kind[:60], _steady(said)[:160], line, cell[:200], stub is True)


def _steady(said: str) -> str:
    """Words without addresses in memory, which differ from one sandbox to the next."""
    return re.sub(r"0x[0-9a-fA-F]{4,16}", "0x...", said)


def explained(bad: Ended, code: Any) -> Ended:
    """The same end, with what its exit status says."""
    if bad.why != DIED:
        return bad
    if code == CPU_TIME_OUT:
        return Ended(TOO_LONG, certain=True)
    return Ended("its process was killed" if code == KILLED else DIED, certain=type(code) is int and code < 128)
