"""What this computer has and what is missing, and which lab wants it."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from utils.files import ROOT

GIB = 1 << 30
RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")


@dataclass(frozen=True)
class Tool:
    """A program that a lab or a test wants.

    commands: any of these will do.
    package: Debian's name of it.
    tested: the tests need it, so `start.py test --all` installs it.
    """

    commands: tuple[str, ...]
    package: str
    wanted_by: str
    tested: bool = False

    def path(self) -> str | None:
        """Where it is, or None."""
        return next((found for command in self.commands if (found := shutil.which(command))), None)


TOOLS = (
    Tool(("chromium", "chromium-browser", "google-chrome"), "chromium", "lab 06, the browser tests", tested=True),
    Tool(("arm-none-eabi-gcc",), "gcc-arm-none-eabi", "lab 07"),
    Tool(("qemu-system-arm",), "qemu-system-arm", "lab 07"),
)
PACKAGES = {"torch": "all labs", "onnxruntime": "all labs", "onnx": "labs 02, 06", "jupyterlab": "all labs", "torch_pruning": "the tests"}
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


def cpu(info: str | None = None) -> tuple[str, list[str]]:
    """The processor's name and those of its flags that matter here. info: the text of /proc/cpuinfo."""
    if info is None:
        path = Path("/proc/cpuinfo")
        info = path.read_text() if path.is_file() else ""
    fields = {key.strip().lower(): value.strip() for line in info.splitlines() if ":" in line for key, value in [line.split(":", 1)]}
    flags = set((fields.get("flags") or fields.get("features") or "").split())
    name = fields.get("model name") or platform.processor() or platform.machine() or "unknown"
    return name, [flag for flag in CPU_FLAGS if flag in flags]


def memory_gib() -> float | None:
    """Physical memory in GiB, None where it can't be asked."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    except (AttributeError, ValueError, OSError):
        return None


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def energy_counter(path: Path = RAPL) -> bool:
    """Whether the processor's own energy counter can be read."""
    try:
        return int(path.read_text()) >= 0
    except (OSError, ValueError):
        return False


def rows() -> list[tuple[str, str, str]]:
    """The report: what, what was found, what it means or what to do ("" if all is well)."""
    name, flags = cpu()
    memory, free = memory_gib(), shutil.disk_usage(ROOT).free / GIB
    report = [
        ("Python", platform.python_version(), ""),
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}", ""),
        ("processor", name, ""),
        ("its flags", ", ".join(flags) or "none that matter", "; ".join(CPU_FLAGS[flag] for flag in flags)),
        ("cores", str(cores()), "" if cores() > 1 else "labs use one; tests take twice as long"),
        ("memory", f"{memory:.1f} GiB" if memory else "unknown", "labs take up to 2 GiB" if not memory or memory < 4 else ""),
        ("free disk", f"{free:.1f} GiB", "below 1 GiB: make room" if free < 1 else ""),
        ("energy counter", "readable", "") if energy_counter() else ("energy counter", "missing", "energy is modelled, and labelled so"),
    ]
    for tool in TOOLS:
        found = tool.path()
        report.append((tool.commands[0], found or "missing", "" if found else f"{tool.wanted_by}: sudo apt install {tool.package}"))
    for package, labs in PACKAGES.items():
        there = find_spec(package) is not None
        report.append((package, "installed" if there else "missing", "" if there else f"{labs}: python3 start.py installs it"))
    return report


def show() -> None:
    """Print the report as a table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("what", "found", "note", title="This computer")
    for what, found, note in rows():
        table.add_row(what, Text(found, style="yellow" if found == "missing" else ""), Text(note))
    Console().print(table)
