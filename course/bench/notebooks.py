"""Run a lab in a process of its own: seconds, peak memory, and the cell that takes longest."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from utils.files import ROOT
from utils.jupyter import NotebookFailedError, run_notebook


@dataclass(frozen=True)
class Run:
    """One lab, run from top to bottom.

    peak_bytes: of the kernel's memory; None where the system does not say.
    longest_s: seconds of the cell that took longest; longest: its number among the cells and the heading above it.
    """

    seconds: float
    peak_bytes: int | None
    longest_s: float
    longest: str


def where(cells: list[dict], at: int) -> str:
    """How a reader finds a cell: its number among all cells, and the last heading above it."""
    lines = [line for cell in cells[:at] if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    headings = [line.lstrip("# ") for line in lines if line.startswith("#")]
    return f"cell {at + 1}" + (f", under '{headings[-1]}'" if headings else "")


def run_here(path: Path, clock: Callable[[], float] = time.perf_counter) -> Run:
    """Run a lab in a kernel that is a child of this process. The kernel's start counts, and counts to the first cell."""
    ends = [clock()]
    run_notebook(path, lambda done, of: ends.append(clock()))
    spent = [after - before for before, after in pairwise(ends)]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [at for at, cell in enumerate(cells) if cell["cell_type"] == "code"]
    if not spent or len(spent) != len(code):
        raise ValueError(f"{path} has {len(code)} code cells and {len(spent)} were run: look at the notebook")
    longest = max(range(len(spent)), key=spent.__getitem__)
    return Run(ends[-1] - ends[0], _peak_of_children(), spent[longest], where(cells, code[longest]))


def _peak_of_children() -> int | None:
    """The largest memory that an ended child ever held, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def run_apart(path: Path) -> Run:
    """Run a lab by a process that loads nothing else, one thread, headless, with an empty folder for the student's work.

    Raises:
        NotebookFailedError: a cell raised; the text names it.
    """
    from course.checks.gate import Step, environment

    step = Step(path.stem, "course.bench.notebooks", (str(path),), {"MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    with tempfile.TemporaryDirectory(prefix="titans-bench-") as folder:
        (Path(folder) / "my_work").mkdir()
        command = [sys.executable, "-m", step.module, *step.arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment(step, Path(folder)), capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise NotebookFailedError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{path.name}: ended without a word")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    print(json.dumps(asdict(run_here(Path(sys.argv[1])))))
