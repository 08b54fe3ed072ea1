"""The trusted side's end of the channel: frames from a process that may send anything, or nothing, and at any pace.

Every length is bounded before it is read, and so is the waiting.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Callable

from course.grading.sandbox.inside.channel import BrokenFrameError, Head

MOST_HEADER = 4 << 20  # bytes
MOST_BLOBS = 80 << 20  # bytes in one frame; 8 million float64, the most that an answer may hold, are 61 MiB
MOST_QUESTION = 2000  # bytes of a frame of the kind "ask"
_WATCH_S = 0.25


class Deadline:
    """When waiting ends; it may be put off while `busy` says so. One may serve several frames. whole: of all that it is a part of."""

    def __init__(self, wait_s: float, busy: Callable[[], bool] = lambda: False, whole: Deadline | None = None) -> None:
        self.watched = time.monotonic()  # when somebody last looked what the process takes
        self.at, self._wait_s, self._busy, self._whole = self.watched + wait_s, wait_s, busy, whole
        self._left = 9

    def over(self, now: float) -> bool:
        """Whether it ends now."""
        if self._whole and self._whole.over(now):
            return True
        if now < self.at:
            return False
        if not self._left or not self._busy():
            return True
        self.at, self._left = now + self._wait_s, self._left - 1
        return False


class Receiver:
    """Reads frame after frame from a socket."""

    def __init__(self, sock: socket.socket, watch: Callable[[], None] = lambda: None, busy: Callable[[], bool] = lambda: False) -> None:
        self._sock, self._watch, self._busy, self._buffer = sock, watch, busy, bytearray()

    def deadline(self, wait_s: float, whole: Deadline | None = None) -> Deadline:
        """In so many seconds, or at the whole's end. Where `busy` says that the process computes, it gets ten times as long: the
        kernel bounds what it computes, and how long that takes depends on who else does."""
        return Deadline(wait_s, self._busy, whole)

    def frame(self, wait: float | Deadline) -> tuple[Head, list[bytes]]:
        """The next frame. `watch` is called four times a second while there is none, and may raise. wait: in seconds, or until when.

        Raises:
            TimeoutError: none came in time. EOFError: the process ended.
            BrokenFrameError: too long, or not understood.
        """
        deadline = wait if isinstance(wait, Deadline) else self.deadline(wait)
        self._fill(4, deadline)
        length = struct.unpack("<I", self._buffer[:4])[0]
        if length > MOST_HEADER:
            raise BrokenFrameError("a header that is too long")
        self._fill(4 + length, deadline)
        head, sizes = header(bytes(self._buffer[4 : 4 + length]))
        if head["kind"] == "ask" and (sizes or length > MOST_QUESTION):
            raise BrokenFrameError("a question that is too long")
        self._fill(4 + length + sum(sizes), deadline)
        blobs, at = [], 4 + length
        for size in sizes:
            blobs.append(bytes(self._buffer[at : at + size]))
            at += size
        del self._buffer[:at]
        return head, blobs

    def silent(self) -> bool:
        """Whether nothing waits to be read: a worker that was not asked has nothing to say."""
        return not self._buffer and not select.select([self._sock], [], [], 0)[0]

    def _fill(self, size: int, deadline: Deadline) -> None:
        while len(self._buffer) < size:
            now = time.monotonic()
            if deadline.over(now):
                raise TimeoutError
            if now - deadline.watched >= _WATCH_S:
                self._watch()
                deadline.watched = now
            if select.select([self._sock], [], [], max(min(deadline.at - now, _WATCH_S), 0))[0]:
                try:
                    more = self._sock.recv(1 << 20)
                except ConnectionError:
                    more = b""
                if not more:
                    raise EOFError
                self._buffer += more


def header(text: bytes) -> tuple[Head, list[int]]:
    """A frame's header, and the sizes of the blobs that follow. Raises BrokenFrameError if it is none."""
    try:
        head = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenFrameError("a header that is not JSON") from error
    sizes = head.get("blobs") if type(head) is dict else None
    if type(sizes) is not list or type(head.get("kind")) is not str or not all(type(size) is int and size >= 0 for size in sizes):
        raise BrokenFrameError("a header that lacks something")
    if len(sizes) > 100_000 or sum(sizes) > MOST_BLOBS:
        raise BrokenFrameError("more bytes than an answer may have")
    return head, sizes
