"""Bounds that a process puts on itself before it runs a student's code: limits, namespaces, system calls. Linux only.

This file lies in the sandbox and imports the standard library alone.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import resource
import signal
import struct
from collections.abc import Mapping
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_PDEATHSIG, _SET_DUMPABLE, _CAPBSET_DROP, _NO_NEW_PRIVS, _SET_SECCOMP = 1, 4, 24, 38, 22
_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_READ_ONLY, _REMOUNT, _TMPFS_FLAGS = 1, 32, 2 | 4  # the last: nosuid, nodev

# Calls that numpy, torch and a C compiler do without, and that show much of the kernel, or take memory that no limit
# counts: x86-64's numbers, then arm64's.
DENIED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "syslog": (103, 116),
    "acct": (163, 89),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "quotactl": (179, 60),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
}
# machine -> (the audit architecture, its column above, clone, socket)
MACHINES = {"x86_64": (0xC000003E, 0, 56, 41), "aarch64": (0xC00000B7, 1, 220, 198)}
_CLONE3 = 435
_FAMILIES = (1, 2, 10)  # unix, inet, inet6: the last two lead nowhere, and no other is needed


def not_dumpable() -> None:
    """Nobody of the same user may look into this process or trace it; forks inherit it."""
    _LIBC.prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent() -> None:
    """The kernel ends this process when the one that started it ends."""
    _LIBC.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def can_filter() -> bool:
    """Whether this machine's system calls are known here."""
    return platform.machine() in MACHINES


def limit(limits: Mapping[str, int], processes: bool) -> None:
    """Put the kernel's limits on this process and its children: bytes, seconds, counts.

    memory_bytes is what may come on top of what the process has. processes: whether to limit their number,
    which counts all of the user's where there is no namespace of its own.
    """
    address_space = _SEEN["size"] + limits["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits["files"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_hard_s"],) * 2)
    if processes:
        resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"],) * 2)


def allow_cpu(seconds: float, hard_s: int) -> None:
    """From now on so many more seconds of processor time, in all not more than `hard_s`. Give or take half a second: the
    kernel counts whole ones."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (min(max(math.floor(used) + 1, round(used + seconds)), hard_s), hard_s))


_SEEN: dict[str, Any] = {"size": 4 << 30, "cpuinfo": ""}


def look_around() -> None:
    """Note what this process occupies, and which processor there is, while /proc is there to be asked."""
    with open("/proc/self/statm") as file:
        _SEEN["size"] = int(file.read().split()[0]) * resource.getpagesize()
    with open("/proc/cpuinfo") as file:
        _SEEN["cpuinfo"] = file.read()


def nest(bytes_in_tmp: int) -> int:
    """Own user, process, mount, IPC and network namespaces: nothing outlives a job, and none sees another's files.

    The process that calls this is the namespace's guardian: it never returns, but ends as the inner process ends.
    Inside returns the process that may go on; /tmp and /dev/shm are new and empty, /proc holds cpuinfo alone, which libraries read late.

    Raises:
        OSError: the kernel does not allow it.
    """
    uid, gid = os.getuid(), os.getgid()
    _LIBC.prctl(_SET_DUMPABLE, 1, 0, 0, 0)  # else the maps below are root's
    _check(_LIBC.unshare(_NEWUSER | _NEWPID | _NEWNS | _NEWIPC | _NEWNET), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    not_dumpable()
    if child := os.fork():
        _end_like(child)
    die_with_parent()
    if child := os.fork():  # the namespace's first process ignores signals, also those of limits: it only waits
        _end_like(child)
    die_with_parent()
    for folder in (b"/tmp", b"/dev/shm"):
        _check(_LIBC.mount(b"tmpfs", folder, b"tmpfs", _TMPFS_FLAGS, f"size={bytes_in_tmp},nr_inodes=10000".encode()), "mount")
    _check(_LIBC.mount(b"tmpfs", b"/proc", b"tmpfs", _TMPFS_FLAGS, b"size=1m"), "mount")
    with open("/proc/cpuinfo", "w") as file:
        file.write(_SEEN["cpuinfo"][:500_000])
    _check(_LIBC.mount(None, b"/proc", None, _REMOUNT | _TMPFS_FLAGS | _READ_ONLY, None), "mount")
    os.chdir("/tmp")
    return os.getpid()


def _end_like(child: int) -> None:
    """Wait for a child and end as it did, a signal as 128 and its number."""
    for fd in range(3, 256):
        try:
            os.close(fd)
        except OSError:
            continue
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(128 - code if code < 0 else code)


def _check(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what} is not allowed")


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def drop_capabilities() -> None:
    """No capability is left, and none can be had again.

    Raises:
        OSError: the kernel keeps them.
    """
    for capability in range(64):
        _LIBC.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
    header, none = _CapHeader(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _check(_LIBC.capset(ctypes.byref(header), none), "capset")
    _check(_LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_calls() -> None:
    """The kernel refuses the calls that no exercise needs, new user namespaces, and sockets of unusual families.

    Raises:
        OSError: the kernel has no filters.
    """
    program = program_for(*MACHINES[platform.machine()])
    _check(_LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _check(_LIBC.prctl(_SET_SECCOMP, 2, ctypes.byref(_Program(len(program) // 8, program)), 0, 0), "seccomp")


def program_for(architecture: int, column: int, clone: int, socket: int) -> bytes:
    """The filter as the kernel's classic BPF: seccomp(2), struct seccomp_data is nr, arch, ip, args[6]."""
    load, equal, at_least, bits, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, kill, refuse, unknown, family = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026, 0x00050061  # EPERM, ENOSYS, EAFNOSUPPORT
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, kill), (load, 0, 0, 0)]
    steps += [(at_least, 0, 1, 0x40000000), (give, 0, 0, refuse)]  # x32, another numbering
    for numbers in DENIED.values():
        steps += [(equal, 0, 1, numbers[column]), (give, 0, 0, refuse)]
    steps += [(equal, 0, 1, _CLONE3), (give, 0, 0, unknown)]  # its flags lie in memory; libraries then use clone
    steps += [(equal, 0, 4, clone), (load, 0, 0, 16), (bits, 0, 1, _NEWUSER), (give, 0, 0, refuse), (give, 0, 0, allow)]
    steps += [(equal, 0, len(_FAMILIES) + 2, socket), (load, 0, 0, 16)]
    steps += [(equal, len(_FAMILIES) - at, 0, one) for at, one in enumerate(_FAMILIES)]
    steps += [(give, 0, 0, family), (give, 0, 0, allow)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
