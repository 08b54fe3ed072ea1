"""The pages of results: docs/results.md and, by `bench --grading`, docs/results-grading.md.

A table is one function in `course.bench.tables.TABLES`.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import utils
from course.bench import grading, tables
from course.bench.bench import Bench
from course.bench.load import Load
from utils import doctor
from utils.files import ROOT, write_atomically

RESULTS = ROOT / "docs" / "results.md"
GRADING = ROOT / "docs" / "results-grading.md"
PACKAGES = ("torch", "onnxruntime", "onnx", "numpy")
BUSY = 0.25  # of the cores: from here on others disturb the measurement


def head(when: datetime, load: Load) -> str:
    """What the figures depend on."""
    name, flags = doctor.cpu()
    cores = doctor.cores()
    busy = "unknown on this system" if load is None else " / ".join(f"{value:.2f}" for value in load) + f" on {cores} cores"
    lines = [
        "# Results",
        "",
        "Written by `python3 start.py bench`; do not edit. Times depend on the machine: they stand here as ratios, each with the",
        "interval that holds it at 95 % in this one run. Another processor, or another day, may lie outside of it.",
        "",
        "| | |",
        "|---|---|",
        f"| when | {when:%Y-%m-%d %H:%M} UTC |",
        f"| Tiny Titans | {utils.__version__} |",
        f"| Python, packages | {platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in PACKAGES) + " |",
        f"| processor | {name}, {cores} cores usable |",
        f"| its flags that matter | {', '.join(flags) or 'none'} |",
        f"| system | {platform.system()}, {platform.machine()} |",
        f"| load at the start (1 / 5 / 15 minutes) | {busy} |",
    ]
    if load is not None and load[0] > BUSY * cores:
        lines += [
            "",
            "**Other programs were computing at the same time.** All rows of a table are interleaved, so its ratios stand, with wider",
        ]
        lines += ["intervals. The seconds and the longest cells of the labs do not: repeat them on a quiet machine."]
    return "\n".join(lines) + "\n"


def write_results(
    bench: Bench,
    path: Path = RESULTS,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    load: Load = None,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Make every table and write them to `path`, all or nothing.

    load: the load average before all this began. say: told the name of each table before it is made.

    Raises:
        ValueError: a table holds something that is no number, or a network can't be measured.
        NotebookFailedError: a lab does not run to its end.
    """
    parts = [head(now(), load)]
    for make in tables.TABLES:
        say(make.__name__.replace("_", " "))
        parts.append(make(bench).markdown())
    write_atomically(path, "\n".join(parts))


def write_grading(
    nbgrader: Path | None,
    path: Path = GRADING,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    load: Load = None,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Measure how a class is graded and write it to `path`, all or nothing.

    nbgrader: the Python of an environment that has it, to compare with. load, say: as above.

    Raises:
        ValueError, RuntimeError: something could not be graded.
    """
    begin = now()
    made = (grading.throughput(nbgrader, say), grading.by_size(say))
    write_atomically(path, "\n".join([head(begin, load), *(table.markdown() for table in made)]))
