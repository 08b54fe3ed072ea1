"""The dialogue with a process inside a sandbox: a job is sent, its calls are made one after the other, and each gets a reply.

Nothing is taken that was not asked for, and nothing that is longer than it may be.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from course.grading.sandbox.inside.channel import BrokenFrameError, Head, pack, send, unpack
from course.grading.sandbox.jobs import (
    CUT_SHORT,
    DIED,
    SLEPT,
    TOO_MUCH,
    Answered,
    Call,
    Ended,
    Job,
    Limits,
    Loaded,
    Raised,
    Reply,
    SandboxError,
)
from course.grading.sandbox.receiver import MOST_BLOBS, Deadline, Receiver
from course.grading.sandbox.shared_memory import SharedMemory
from utils.exercises.inside.answers import plain
from utils.exercises.outside import AskedTooOftenError, Outside
from utils.exercises.refusals import is_refusal


class TooMuchError(ValueError):
    """More bytes than the answers of a job may have together."""


class Talk:
    """The dialogue of one visit, job after job: nothing is taken that was not asked for."""

    def __init__(self, sock: socket.socket, watch: Callable[[], None], busy: Callable[[], bool], limits: Limits) -> None:
        self._sock, self._frames, self._limits, self._confined = sock, Receiver(sock, watch, busy), limits, False
        sock.settimeout(limits.wall_s)  # for sending to a process that does not read

    def about(self, job: Job, calls: Sequence[Call]) -> tuple[Loaded, list[Reply]]:
        """Load the job, make the calls."""
        loaded, replies = Loaded(), []
        most = Deadline(self._limits.most_wall_s)
        self._whole, self._room = self._frames.deadline(self._limits.wall_s, most), MOST_BLOBS
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
            replies.append(Ended(CUT_SHORT if most.over(time.monotonic()) else SLEPT, certain=True))
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
        about = {"asks": call.outside is not None, "again": call.about == "both"}
        what = {"kind": "call", "probe": call.probe, "inputs": packed, **about}
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
            if call.about == "refusal" and is_refusal(kinds):
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
    found = reply.value["answer"] if call.outside else reply.value
    if call.about == "inputs":
        found = {"answer": found, "inputs": plain(call.inputs if held is None else held)}
    elif call.about == "both" and held is not None and type(found) is dict:
        found = {**found, "inputs": plain(held)}
    return Answered({**reply.value, "answer": found} if call.outside else found)


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
