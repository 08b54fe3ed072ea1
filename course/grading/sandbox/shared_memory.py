"""Memory that the trusted side hands out with a call and reads again after the answer: what lies there can't be denied.

Linux only, as the sandbox is.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence

from course.grading.sandbox.inside.channel import places

# Nobody can make it shorter or longer, write-protect it, or take the seals off: reading it never fails.
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class SharedMemory:
    """Holds blobs, one after the other as `channel.places` says. A context manager; `fd` is what is sent.

    Who has a map of it may write to it as long as the map lives: each call gets memory of its own.
    """

    def __init__(self, blobs: Sequence[bytes]) -> None:
        self._given = list(blobs)
        self.sizes = [len(blob) for blob in blobs]
        self._starts, length = places(self.sizes)
        self.fd = os.memfd_create("inputs", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.fd, length)
        for start, blob in zip(self._starts, blobs, strict=True):
            os.pwrite(self.fd, blob, start)
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)

    def changed(self) -> list[bytes] | None:
        """The blobs as they lie there now, None if that is what was given."""
        held = [os.pread(self.fd, size, start) for size, start in zip(self.sizes, self._starts, strict=True)]
        return None if held == self._given else held

    def __enter__(self) -> SharedMemory:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)
