"""How the two sides talk: frames of a JSON header and raw bytes, over a socket; never pickle.

A frame is the header's length (4 bytes, little-endian), the header, and the blobs that it lists. The
trusted side reads them by receiver.py, and takes nothing apart that it does not expect. This file
also lies in the sandbox, so it imports numpy and the standard library, and torch only where there is a tensor.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

MOST_LEVELS = 12
_PLACES = 64  # bytes: where memory is shared, every blob begins at a multiple of it
DTYPES = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"}

Head = dict[str, Any]
Blob = bytes | memoryview


class BrokenFrameError(Exception):
    """What came is no frame, or none that the trusted side takes."""


def send(sock: socket.socket, head: Head, blobs: Sequence[bytes] = (), memory: int | None = None) -> None:
    """Send one frame. memory: the file descriptor of memory that both sides share, whose blobs `head["shared"]` lists.

    Raises:
        OSError: nobody is there any more, or nobody reads.
    """
    text = json.dumps({**head, "blobs": [len(blob) for blob in blobs]}).encode()
    data = b"".join([struct.pack("<I", len(text)), text, *blobs])
    sent = socket.send_fds(sock, [data], [memory]) if memory is not None else 0
    sock.sendall(memoryview(data)[sent:])


def receive(sock: socket.socket) -> tuple[Head, list[Blob]]:
    """Wait for one frame of the trusted side. Inside the sandbox only: nothing is bounded.

    Blobs in shared memory are views of it: who writes to them writes where the trusted side reads.

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

    first, fds, _, _ = socket.recv_fds(sock, 4, 1)
    if not first:
        raise EOFError
    head = json.loads(exactly(struct.unpack("<I", first + exactly(4 - len(first)))[0]))
    blobs: list[Blob] = [exactly(size) for size in head["blobs"]]
    if fds:
        starts, length = places(head["shared"])
        view = memoryview(mmap.mmap(fds[0], length))
        os.close(fds[0])
        blobs = [view[start : start + size] for start, size in zip(starts, head["shared"], strict=True)]
    return head, blobs


def places(sizes: Sequence[int]) -> tuple[list[int], int]:
    """Where blobs of these sizes begin in shared memory, and its length."""
    starts, at = [], 0
    for size in sizes:
        starts.append(at)
        at += -(-size // _PLACES) * _PLACES
    return starts, at


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
    """With its strides, so that it lies there as it did; one that repeats its numbers by a stride of 0 is written out."""
    import torch

    plain = value.detach().cpu()
    plain = plain.contiguous() if 0 in plain.stride() else plain
    shape, stride = list(plain.shape), list(plain.stride())
    reach = 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True)) if plain.numel() else 0
    held = torch.zeros(reach, dtype=plain.dtype)
    held.as_strided(shape, stride).copy_(plain)
    blobs.append(held.view(torch.uint8).numpy().tobytes() if reach else b"")
    about = {"shape": shape, "stride": stride, "grad": value.requires_grad, "blob": len(blobs) - 1}
    return {"tensor": str(value.dtype).removeprefix("torch."), **about}


def unpack(value: Any, blobs: Sequence[Blob], tensors: bool = False) -> Any:
    """The value again; its arrays and tensors are copies, but of shared memory views.

    Each blob is taken once: a few letters that name it again and again would cost its size each time.
    tensors: also tensors and numpy scalars, as the trusted side sends them; an answer holds none.

    Raises:
        BrokenFrameError: what came is no value.
    """
    try:
        return _unpacked(value, dict(enumerate(blobs)), tensors, 0)
    except BrokenFrameError:
        raise
    except Exception as error:  # a forged one fails in as many ways as there are fields
        raise BrokenFrameError("an answer that is not understood") from error


def _unpacked(value: Any, blobs: dict[int, Blob], tensors: bool, level: int) -> Any:
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
    held = blobs.pop(value["blob"])
    array = np.frombuffer(held, dtype).reshape(_shape(value["shape"]))
    array = array if isinstance(held, memoryview) and "array" in value else array.copy()
    return array if "array" in value else array[()]


def _shape(sizes: Any) -> tuple[int, ...]:
    if type(sizes) is not list or len(sizes) > 32 or not all(type(size) is int and size >= 0 for size in sizes):
        raise BrokenFrameError("a shape that is none")
    return tuple(sizes)


def _unpacked_tensor(value: Any, blobs: dict[int, Blob]) -> Any:
    import torch

    dtype, given = getattr(torch, value["tensor"]), blobs.pop(value["blob"])
    held = given if isinstance(given, memoryview) else bytearray(given)
    plain = torch.frombuffer(held, dtype=dtype) if len(held) else torch.empty(0, dtype=dtype)
    return plain.as_strided(value["shape"], value["stride"]).requires_grad_(value["grad"])
