"""How the two sides talk: frames of a JSON header and raw bytes, over a socket; never pickle.

A frame is the header's length (4 bytes, little-endian), the header, and the blobs that it lists. The
trusted side bounds every length before it reads, and takes nothing apart that it does not expect. This file
also lies in the sandbox, so it imports numpy and the standard library, and torch only where there is a tensor.
"""

from __future__ import annotations

import json
import math
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

MOST_HEADER = 4 << 20  # bytes
MOST_BLOBS = 80 << 20  # bytes in one frame; 8 million float64, the most that an answer may hold, are 61 MiB
MOST_LEVELS = 12
_WATCH_S = 0.25
DTYPES = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"}

Head = dict[str, Any]


class BrokenFrameError(Exception):
    """What came is no frame, or none that the trusted side takes."""


def send(sock: socket.socket, head: Head, blobs: Sequence[bytes] = ()) -> None:
    """Send one frame.

    Raises:
        OSError: nobody is there any more.
    """
    text = json.dumps({**head, "blobs": [len(blob) for blob in blobs]}).encode()
    sock.sendall(b"".join([struct.pack("<I", len(text)), text, *blobs]))


def receive(sock: socket.socket) -> tuple[Head, list[bytes]]:
    """Wait for one frame of the trusted side. Inside the sandbox only: nothing is bounded.

    Raises:
        EOFError: the other side is gone.
    """

    def exactly(size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            if not (more := sock.recv(min(1 << 20, size - len(data)))):
                raise EOFError
            data += more
        return bytes(data)

    head = json.loads(exactly(struct.unpack("<I", exactly(4))[0]))
    return head, [exactly(size) for size in head["blobs"]]


class _Deadline:
    """When waiting ends; it may be put off."""

    def __init__(self, wait_s: float, busy: Callable[[], bool]) -> None:
        self.at, self._wait_s, self._busy, self._left = time.monotonic() + wait_s, wait_s, busy, 9

    def over(self, now: float) -> bool:
        if now < self.at:
            return False
        if not self._left or not self._busy():
            return True
        self.at, self._left = now + self._wait_s, self._left - 1
        return False


class Receiver:
    """The trusted side's end: reads frames from a process that may send anything, or nothing."""

    def __init__(self, sock: socket.socket, watch: Callable[[], None] = lambda: None, busy: Callable[[], bool] = lambda: False) -> None:
        self._sock, self._watch, self._busy, self._buffer = sock, watch, busy, bytearray()

    def frame(self, wait_s: float) -> tuple[Head, list[bytes]]:
        """The next frame. `watch` is called four times a second while there is none, and may raise.

        Where `busy` says that the process computes, it gets ten times as long: the kernel bounds what it computes,
        and how long that takes depends on who else does.

        Raises:
            TimeoutError: none came in time. EOFError: the process ended.
            BrokenFrameError: too long, or not understood.
        """
        deadline = _Deadline(wait_s, self._busy)
        self._fill(4, deadline)
        length = struct.unpack("<I", self._buffer[:4])[0]
        if length > MOST_HEADER:
            raise BrokenFrameError("a header that is too long")
        self._fill(4 + length, deadline)
        head, sizes = _header(bytes(self._buffer[4 : 4 + length]))
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

    def _fill(self, size: int, deadline: _Deadline) -> None:
        watched = time.monotonic()
        while len(self._buffer) < size:
            now = time.monotonic()
            if deadline.over(now):
                raise TimeoutError
            if now - watched >= _WATCH_S:
                self._watch()
                watched = now
            if select.select([self._sock], [], [], max(min(deadline.at - now, _WATCH_S), 0))[0]:
                try:
                    more = self._sock.recv(1 << 20)
                except ConnectionError:
                    more = b""
                if not more:
                    raise EOFError
                self._buffer += more


def _header(text: bytes) -> tuple[Head, list[int]]:
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


def pack(value: Any, blobs: list[bytes]) -> Any:
    """A value as JSON has it; the bytes of arrays and tensors are appended to `blobs`.

    Taken: None, bool, int, float, str, list, tuple, dict, ndarray, numpy scalar, tensor.

    Raises:
        TypeError: anything else.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return {"float": value.hex() if math.isfinite(value) else repr(value)}
    if kind is list:
        return {"list": [pack(item, blobs) for item in value]}
    if isinstance(value, tuple):
        return {"tuple": [pack(item, blobs) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[pack(key, blobs), pack(item, blobs)] for key, item in value.items()]}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        name = "scalar" if isinstance(value, np.generic) else "array"
        value = np.ascontiguousarray(value, value.dtype.newbyteorder("<")).reshape(value.shape)
        blobs.append(value.tobytes())
        return {name: value.dtype.str, "shape": list(value.shape), "blob": len(blobs) - 1}
    if hasattr(value, "detach"):
        return _packed_tensor(value, blobs)
    raise TypeError(f"a value of type {kind.__name__} cannot be sent")


def _packed_tensor(value: Any, blobs: list[bytes]) -> Any:
    import torch

    plain = value.detach().cpu().contiguous().reshape(-1)
    blobs.append(plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b"")
    about = {"shape": list(value.shape), "stride": list(value.stride()), "grad": value.requires_grad, "blob": len(blobs) - 1}
    return {"tensor": str(value.dtype).removeprefix("torch."), **about}


def unpack(value: Any, blobs: Sequence[bytes], tensors: bool = False) -> Any:
    """The value again.

    tensors: also tensors and numpy scalars, as the trusted side sends them; an answer holds none.

    Raises:
        BrokenFrameError: what came is no value.
    """
    try:
        return _unpacked(value, blobs, tensors, 0)
    except BrokenFrameError:
        raise
    except Exception as error:  # a forged one fails in as many ways as there are fields
        raise BrokenFrameError("an answer that is not understood") from error


def _unpacked(value: Any, blobs: Sequence[bytes], tensors: bool, level: int) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if level > MOST_LEVELS or type(value) is not dict:
        raise BrokenFrameError("an answer that is not understood")
    if (text := value.get("float")) is not None:
        return float.fromhex(text)  # also nan and inf
    if "list" in value or "tuple" in value:
        items = [_unpacked(item, blobs, tensors, level + 1) for item in value["list" if "list" in value else "tuple"]]
        return items if "list" in value else tuple(items)
    if "dict" in value:
        pairs = [(_unpacked(key, blobs, tensors, level + 1), _unpacked(item, blobs, tensors, level + 1)) for key, item in value["dict"]]
        if not all(key is None or type(key) in (bool, int, float, str) for key, _ in pairs):
            raise BrokenFrameError("an answer with a key that is not understood")
        return dict(pairs)
    if "tensor" in value and tensors:
        return _unpacked_tensor(value, blobs)
    dtype = value.get("array") or (tensors and value.get("scalar"))
    if dtype not in DTYPES:
        raise BrokenFrameError("an array of a dtype that is not accepted")
    array = np.frombuffer(blobs[value["blob"]], dtype).reshape(_shape(value["shape"])).copy()
    return array if "array" in value else array[()]


def _shape(sizes: Any) -> tuple[int, ...]:
    if type(sizes) is not list or len(sizes) > 32 or not all(type(size) is int and size >= 0 for size in sizes):
        raise BrokenFrameError("a shape that is none")
    return tuple(sizes)


def _unpacked_tensor(value: Any, blobs: Sequence[bytes]) -> Any:
    import torch

    shape, dtype, data = value["shape"], getattr(torch, value["tensor"]), bytearray(blobs[value["blob"]])
    plain = torch.frombuffer(data, dtype=dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)
    tensor = plain
    if list(plain.stride()) != value["stride"] and 0 not in value["stride"]:  # a view that is not contiguous, as it was
        tensor = torch.empty_strided(shape, value["stride"], dtype=dtype)
        tensor.copy_(plain)
    return tensor.requires_grad_(value["grad"])
