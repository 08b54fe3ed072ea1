"""`start.py test`: everything that CI runs, step by step, in the environment that is running."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from course.checks import bare
from course.checks.bare import Computer
from course.checks.install import install_packages, install_tools, make_data
from course.checks.recording import spent
from course.checks.results import Outcome, closing_line, notes, read_cases
from utils.doctor import lacking, left_out
from utils.files import ROOT
from utils.jupyter import own_corner
from utils.measure.latency import MAX_BUDGET

CELL_SECONDS = 120
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
BRIEF = {MAX_BUDGET: "0.3"}  # seconds for each comparison of latencies in a lab: no check looks at how precise they are
NO_TESTS = 5  # pytest's exit code when it collected nothing
# tests/conftest.py makes the groups: a lab in a file, or a file
BY_GROUP = ("-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder")
BY_FILE = ("-n", "2", "--dist", "loadfile")  # a notebook's cells share a kernel: they must stay on one worker
REPORT = ("-q", "-p", "course.checks.recording", "-o", "junit_family=xunit1")


@dataclass(frozen=True)
class Step:
    """One command of the gate.

    module: run as `python -m module`, with these arguments.
    environment: variables to set for it.
    computer: another computer that it is to believe it runs on; there a skipped test is no fault.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    computer: Computer | None = None


def has_notebooks(root: Path = ROOT) -> bool:
    """Whether any notebook is there to be run."""
    return any(any((root / folder).glob("*.ipynb")) for folder in ("labs", "solutions"))


@dataclass(frozen=True)
class Choice:
    """What of the gate is run.

    quick: without the slow tests, and the labs as students get them alone.
    nightly: with the tests that are marked so, and all tests once more on each bare computer.
    tests: these test files, and no bare computer; all if None. notebooks: these notebooks; all if None.
    """

    quick: bool = False
    nightly: bool = False
    tests: tuple[str, ...] | None = None
    notebooks: tuple[str, ...] | None = None


def runs_labs_in_a_browser(choice: Choice) -> bool:
    """Whether the tests run every untouched lab to its end in a browser: then nbval does not run it once more."""
    return not choice.quick and not choice.nightly and choice.tests is None and lacking("chromium") is None


def steps(choice: Choice = Choice(), root: Path = ROOT) -> list[Step]:
    """The gate, in order, the quick checks first."""
    left = " and ".join([*(["not slow"] if choice.quick else []), *([] if choice.nightly else ["not nightly"])])
    tests = ("tests",) if choice.tests is None else choice.tests
    gate = [
        Step("lint", "ruff", ("check", ".")),
        Step("format", "ruff", ("format", "--check", ".")),
        Step("spelling", "codespell_lib", ()),
        Step("types", "mypy", ()),
        *([Step("tests", "pytest", (*REPORT, *BY_GROUP, *(("-m", left) if left else ()), *tests))] if tests else []),
        *(_elsewhere(choice.nightly) if choice.tests is None else []),
    ]
    return gate + _notebooks(choice, root)


def _elsewhere(nightly: bool) -> list[Step]:
    """The tests on bare computers: those that ask or tell the time, or all of them."""
    found = []
    for computer in bare.computers():
        chosen = () if nightly else ("-m", "not slow and not nightly", "-k", bare.KEYWORDS)
        paths = ("tests",) if nightly else bare.paths(computer)
        found.append(Step(f"tests on {computer.name}", "pytest", (*REPORT, *BY_GROUP, *chosen, *paths), computer=computer))
    return found


def _notebooks(choice: Choice, root: Path) -> list[Step]:
    """Every lab blank and every solution strict, as far as they are there and asked for."""
    inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", **BRIEF}  # figures land in the notebook, as in JupyterLab
    nbval = (*REPORT, "--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS}", *BY_FILE)
    found = []
    for name, folder, settings in (("labs, blank", "labs", {}), ("solutions, strict", "solutions", {"TITANS_STRICT": "1"})):
        paths = [folder] if choice.notebooks is None else [path for path in choice.notebooks if path.startswith(f"{folder}/")]
        left = choice.quick if folder == "solutions" else runs_labs_in_a_browser(choice)
        if has_notebooks(root) and paths and not left:
            found.append(Step(name, "pytest", (*nbval, *paths), {**inline, **settings}))
    return found


def environment(step: Step, scratch: Path) -> dict[str, str]:
    """One thread, no display, no file of the user's read or written. scratch: an empty folder."""
    settings = {name: "1" for name in ONE_THREAD}
    settings |= {"MPLBACKEND": "agg", "TITANS_HOME": str(scratch / "my_work"), "PYTHONUNBUFFERED": "1", "COLUMNS": "140"}
    settings |= own_corner(scratch / "jupyter") | step.environment
    around = bare.environment(step.computer, scratch / "computer") if step.computer else dict(os.environ)
    inherited = {name: value for name, value in around.items() if name not in ("TITANS_STRICT", "PYTEST_ADDOPTS")}
    return {**inherited, **settings}


def run_step(step: Step) -> Outcome:
    """Run one step, its output going straight through; what pytest tells of each test is kept for the end."""
    began, before = time.monotonic(), spent()
    print(f"\n== {step.name} ==", flush=True)
    with tempfile.TemporaryDirectory(prefix="titans-test-") as scratch:
        (Path(scratch) / "my_work").mkdir()
        report = Path(scratch) / "report.xml"
        process = subprocess.Popen(
            [sys.executable, "-m", step.module, *step.arguments, *([f"--junitxml={report}"] if step.module == "pytest" else [])],
            cwd=ROOT,
            env=environment(step, Path(scratch)),
            umask=bare.UMASK if step.computer else -1,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout
        lines = []
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
        code = process.wait()
        cases = read_cases(report)
    if code == NO_TESTS and step.module == "pytest":
        print(f"{step.name}: no test was found, which is a failure.")
    return Outcome(step.name, code, time.monotonic() - began, spent() - before, closing_line(lines), notes(lines), cases)


def run_all(
    choice: Choice = Choice(),
    everything: bool = False,
    run: Callable[[Step], Outcome] = run_step,
    keep: Callable[[list[Outcome]], None] = lambda outcomes: None,
) -> int:
    """Run the gate and sum it up; return the exit code. A failing step does not hide the following ones.

    everything: what the tests want and this computer lacks is installed or made; a skipped test or what is still missing is a failure.
    keep: called with what the steps left.
    """
    missing = [f"{one} could not be installed" for one in (*install_tools(), *install_packages())] + make_data() if everything else []
    chosen = steps(choice)
    outcomes = [run(step) for step in chosen]
    reasons = [reason for step, outcome in zip(chosen, outcomes, strict=True) if not step.computer for reason in outcome.skipped]
    lines = [*left_out(reasons), *missing]
    if not has_notebooks():
        lines.append("labs and solutions: there are no notebooks yet")
    print("\n== summary ==")
    for outcome in outcomes:
        end = "passed" if outcome.code == 0 else f"FAILED ({outcome.code})"
        print(f"{end:12} {outcome.seconds:6.0f} s  {outcome.name}" + (f": {outcome.closing}" if outcome.closing else ""))
    if runs_labs_in_a_browser(choice) and has_notebooks():
        print("labs, blank: each was run to its end in the browser, by the tests; --nightly runs them by nbval too")
    for note in dict.fromkeys(note for step, outcome in zip(chosen, outcomes, strict=True) if not step.computer for note in outcome.notes):
        print(note)
    if lines:
        print("left out:" if not everything else "FAILED: left out, which --all does not allow:")
        print("\n".join(f"  {line}" for line in lines))
    keep(outcomes)
    return int(any(outcome.code for outcome in outcomes) or (everything and bool(lines)))
