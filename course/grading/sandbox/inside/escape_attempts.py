"""Inside the sandbox: try what a hostile process would, and report what could be done. The proof sends this as a cell.

Every trial is bounded by itself, so that a sandbox that does not hold does no harm.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import socket
from collections.abc import Callable
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)


def capabilities() -> bool:
    """Whether any is left."""

    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    sets = (ctypes.c_uint32 * 6)()
    libc.capget(ctypes.byref(Header(0x20080522, 0)), sets)
    return any(sets)


def reachable(address: Any, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> bool:
    """Whether somebody is there, or for datagrams whether there is a way."""
    try:
        with socket.socket(family, kind) as sock:
            sock.settimeout(1)
            sock.connect(address)
        return True
    except OSError:
        return False


def opens(family: int) -> bool:
    """Whether there are sockets of this family."""
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
        return True
    except OSError:
        return False


def writes(folder: str) -> bool:
    """Whether a file can be made there."""
    path = os.path.join(folder, "titans-proof")
    try:
        with open(path, "w"):
            pass
        os.remove(path)
        return True
    except OSError:
        return False


def imports(name: str) -> bool:
    """Whether there is such a module."""
    try:
        __import__(name)
        return True
    except ImportError:
        return False


def processes(most: int) -> int:
    """How many processes can be started; they sleep, and are ended at once. Spawned, since forks of this one take long."""
    children = []
    with contextlib.suppress(BlockingIOError):
        for _ in range(most):
            children.append(os.posix_spawn("/usr/bin/sleep", ["sleep", "20"], {}))
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return len(children)


def memory(size: int) -> bool:
    """Whether so many bytes can be had; they are not touched."""
    try:
        return len(bytearray(size)) == size
    except MemoryError:
        return False


def uncounted() -> list[str]:
    """Calls that give memory which outlives its maps and counts for no process; what they give is given back."""
    found = []
    with contextlib.suppress(OSError):
        os.close(os.memfd_create("proof"))
        found.append("memfd_create")
    if (segment := libc.shmget(0, 4096, 0o1600)) >= 0:
        libc.shmctl(segment, 0, None)
        found.append("shmget")
    if (queue := libc.msgget(0, 0o1600)) >= 0:
        libc.msgctl(queue, 0, None)
        found.append("msgget")
    return found


def fills(folder: str, pieces: int, size: int) -> int:
    """The bytes that could be written, file by file."""
    written = 0
    try:
        for number in range(pieces):
            with open(os.path.join(folder, f"piece{number}"), "wb", buffering=0) as file:
                for _ in range(size >> 20):
                    written += file.write(bytes(1 << 20))
    except OSError:
        pass
    for number in range(pieces):
        with contextlib.suppress(OSError):
            os.remove(os.path.join(folder, f"piece{number}"))
    return written


def in_child(action: Callable[[], int]) -> bool:
    """Whether it gives 0 in a process of its own."""
    child = os.fork()
    if not child:
        os._exit(0 if action() == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def traces(pid: int) -> int:
    """0 if that process can be traced; it is not stopped by that."""
    return libc.ptrace(0x4206, pid, None, None)  # seize


def signals(pid: int) -> bool:
    """Whether that process can be seen."""
    try:
        os.kill(pid, 0)
        return True
    except OSError:
        return False


def descriptors() -> int:
    """How many files are open, beside the usual three."""
    found = 0
    for fd in range(3, 256):
        try:
            os.fstat(fd)
            found += 1
        except OSError:
            pass
    return found


def trial(asked: dict[str, Any]) -> dict[str, Any]:
    """Everything in turn; what the names mean, the proof says in sentences."""
    limits = asked["limits"]
    asked["held"][0] = 2
    return {
        "capabilities": capabilities(),
        "root": os.getuid() == 0,
        "route": reachable(("192.0.2.1", 9), kind=socket.SOCK_DGRAM),
        "port": reachable(("127.0.0.1", asked["port"])),
        "abstract": reachable("\0" + asked["abstract"], socket.AF_UNIX),
        "vsock": opens(40),
        "written": [folder for folder in asked["folders"] if writes(folder)],
        "tmp": writes("/tmp"),
        "read": [path for path in asked["secrets"] if os.path.exists(path)],
        "imported": [name for name in asked["modules"] if imports(name)],
        "seen": sum(name.isdigit() for name in os.listdir("/proc")),
        "signalled": signals(asked["pid"]),
        "traced": in_child(lambda: traces(os.getppid())),
        "spaces": in_child(lambda: libc.unshare(0x10000000)),
        "processes": processes(150),
        "memory": memory(limits["memory_bytes"] + (256 << 20)),
        "uncounted": uncounted(),
        "file": fills("/tmp", 1, limits["file_bytes"] + (4 << 20)),
        "filled": {folder: fills(folder, 10, 10 << 20) for folder in ("/tmp", "/dev/shm")},
        "dev": fills("/dev", 1, 1 << 20),
        "variables": [name for name in os.environ if name in asked["variables"]],
        "descriptors": descriptors(),
        "cpu": resource.getrlimit(resource.RLIMIT_CPU)[1],
    }
