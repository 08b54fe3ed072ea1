"""The machine: processor, cores, memory, energy counter, clock, and what a container allows of them."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

GIB = 1 << 30
ANY = Path("/")
RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")  # AMD's processors have it under the same name

# Linux's names of the instructions that make small integers fast, and what they are for
CPU_FLAGS = {
    "avx2": "256-bit vectors",
    "avx512_vnni": "int8 dot products, 512-bit",
    "avx_vnni": "int8 dot products, 256-bit",
    "avx512_bf16": "bfloat16 dot products",
    "amx_int8": "int8 matrix tiles",
    "asimd": "NEON vectors",
    "asimddp": "int8 dot products (NEON)",
    "i8mm": "int8 matrix products (NEON)",
}


@dataclass(frozen=True)
class Memory:
    """Memory in bytes: what is there, what is free for use now, and what this container may use (None: no limit)."""

    total: int
    available: int
    limit: int | None = None


def cpu(info: str | None = None) -> tuple[str, list[str]]:
    """The processor's name and those of its flags that matter here. info: the text of /proc/cpuinfo."""
    if info is None:
        info = text_of(Path("/proc/cpuinfo"))
    fields = {key.strip().lower(): value.strip() for line in info.splitlines() if ":" in line for key, value in [line.split(":", 1)]}
    flags = set((fields.get("flags") or fields.get("features") or "").split())
    name = fields.get("model name") or platform.processor() or platform.machine() or "unknown"
    return name, [flag for flag in CPU_FLAGS if flag in flags]


def cores() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_limit(root: Path = ANY) -> float | None:
    """The processor time that the control groups allow this process, in processors; None without a limit."""
    limits = []
    for folder in _control_groups(root, "cpu"):
        quota, period = (text_of(folder / "cpu.max").split() or ["max", "0"])[:2]
        if not quota.isdigit():  # version 1 has a file for each of the two
            quota, period = text_of(folder / "cpu.cfs_quota_us").strip(), text_of(folder / "cpu.cfs_period_us").strip()
        if quota.isdigit() and period.isdigit() and int(period):
            limits.append(int(quota) / int(period))
    return min(limits, default=None)


def memory(root: Path = ANY) -> Memory:
    """Physical memory, and the least that the control groups grant, if that is less."""
    import psutil

    whole = psutil.virtual_memory()
    limits = []
    for folder in _control_groups(root, "memory"):
        limits += [int(text) for name in ("memory.max", "memory.limit_in_bytes") if (text := text_of(folder / name).strip()).isdigit()]
    limit = min(limits, default=whole.total)
    return Memory(whole.total, whole.available, limit if limit < whole.total else None)


def energy_state(path: Path = RAPL) -> str:
    """Whether the processor's own energy counter is "readable", "locked" (there, but not for this user) or "absent"."""
    try:
        return "readable" if int(path.read_text()) >= 0 else "absent"
    except PermissionError:
        return "locked"
    except (OSError, ValueError):
        return "absent"


def energy_counter(path: Path = RAPL) -> bool:
    """Whether the processor's own energy counter can be read."""
    return energy_state(path) == "readable"


def clock_step_s(clock: Callable[[], float] = time.perf_counter, tries: int = 200) -> float:
    """The smallest step of a clock that was seen, in seconds; a clock that stands still gives infinity."""
    readings = [clock() for _ in range(tries)]
    return min((after - before for before, after in pairwise(readings) if after > before), default=float("inf"))


def text_of(path: Path) -> str:
    """A file's text, empty where it can't be read."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""


def _control_groups(root: Path, controller: str) -> list[Path]:
    """The folders that limit this process, its own and those above; of version 2 and of version 1 of Linux's groups."""
    folders: list[Path] = []
    for line in text_of(root / "proc/self/cgroup").splitlines():
        _, controllers, own = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / (controller if controllers else "")
        inner = base / own.lstrip("/")
        folders += [folder for folder in (inner, *inner.parents) if folder.is_relative_to(base)]
    return folders
