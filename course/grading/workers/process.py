"""A grading worker: a process of the trusted side that grades one submission after the other, as it is told through a socket.

    python -m course.grading.workers.process 5        5: the descriptor of its end of a socket pair

Both ways go messages of eight bytes of length and as many of JSON. First comes a `Recipe`, then submissions.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import struct
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course.grading.marks import LabMark
from course.grading.submission import Submission

Grade = Callable[[Submission], LabMark]


@dataclass(frozen=True)
class Recipe:
    """How a worker comes by what grades. factory: "module:function" whose call with `arguments` is a context that gives a `Grade`."""

    factory: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def made(self) -> AbstractContextManager[Grade]:
        """The context, here and now."""
        module, _, name = self.factory.partition(":")
        found: AbstractContextManager[Grade] = getattr(importlib.import_module(module), name)(**self.arguments)
        return found


def in_sandboxes(seed: int, unsafe: bool = False, hidden: str | None = None) -> Recipe:
    """How real submissions are graded. hidden: path of the instructor's own test set for the open challenges."""
    return Recipe("course.grading.workers.process:sandboxed", {"seed": seed, "unsafe": unsafe, "hidden": hidden})


@contextmanager
def sandboxed(seed: int, unsafe: bool, hidden: str | None) -> Iterator[Grade]:
    """Grade in sandboxes, which are proven first.

    Raises:
        SandboxError: there are none.
    """
    from course.grading.judge.grade import grade_submission
    from course.grading.sandbox.keeper import Sandboxes

    file = Path(hidden) if hidden else None
    with Sandboxes(unsafe=unsafe) as sandboxes:
        yield lambda submission: grade_submission(submission, seed, sandboxes, file)


def packed(one: Submission) -> dict[str, Any]:
    """A submission as JSON has it."""
    files = {name: b64encode(data).decode() for name, data in one.artifacts.items()}
    return {**asdict(one), "notebook": b64encode(one.notebook).decode(), "artifacts": files}


def unpacked(data: Mapping[str, Any]) -> Submission:
    """The submission again."""
    files = {name: b64decode(text) for name, text in data["artifacts"].items()}
    return Submission(**{**data, "notebook": b64decode(data["notebook"]), "artifacts": files, "notes": tuple(data["notes"])})


def send(sock: socket.socket, message: Mapping[str, Any]) -> None:
    """Send one message. Raises OSError if nobody is there."""
    data = json.dumps(message).encode()
    sock.sendall(struct.pack("<Q", len(data)) + data)


def receive(sock: socket.socket) -> dict[str, Any]:
    """Wait for one message. Raises EOFError if there comes none any more."""
    found: dict[str, Any] = json.loads(_exactly(sock, struct.unpack("<Q", _exactly(sock, 8))[0]))
    return found


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        try:
            block = sock.recv(min(count - len(data), 1 << 20))
        except ConnectionError as error:
            raise EOFError from error
        if not block:
            raise EOFError
        data += block
    return bytes(data)


def told(error: BaseException) -> str:
    """An exception as a sentence: a RuntimeError or ValueError is one, of another the type is told too."""
    said = " ".join(str(error).split())[:500]
    return said if said and isinstance(error, RuntimeError | ValueError) else f"{type(error).__name__}: {said}".rstrip(": ")


def main(descriptor: int) -> None:
    """Grade what comes until nothing comes any more."""
    with socket.socket(fileno=descriptor) as sock, suppress(EOFError, BrokenPipeError):
        try:
            with Recipe(**receive(sock)).made() as grade:
                send(sock, {"kind": "ready"})
                while True:
                    one = unpacked(receive(sock))
                    try:
                        answer = {"kind": "mark", "mark": grade(one).to_dict()}
                    except Exception as error:  # not the student's doing: the one who sent it decides
                        answer = {"kind": "failed", "reason": told(error)}
                    send(sock, answer)
        except (EOFError, BrokenPipeError):
            raise
        except Exception as error:
            send(sock, {"kind": "refused", "reason": told(error)})


if __name__ == "__main__":
    os.setsid()  # Ctrl-C is for the one who started this, who then ends this and all below it
    main(int(sys.argv[1]))
