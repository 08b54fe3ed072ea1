"""`start.py test`: everything that CI runs, step by step, in the environment that is running."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from utils.doctor import TOOLS, Tool
from utils.files import ROOT
from utils.jupyter import own_corner

if TYPE_CHECKING:
    from utils.data.making import Made

CELL_SECONDS = 120
WORKERS = ("-n", "2", "--dist", "loadfile")  # a notebook's cells share a kernel: they must stay on one worker
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
NO_TESTS = 5  # pytest's exit code when it collected nothing
SKIPPED = re.compile(r"^SKIPPED (?:\[\d+\] )?\S.*")


@dataclass(frozen=True)
class Step:
    """One command of the gate.

    module: run as `python -m module`, with these arguments.
    environment: variables to set for it.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a step ended. skipped: pytest's line for each test that was left out."""

    name: str
    code: int
    seconds: float
    skipped: tuple[str, ...] = ()


def has_notebooks(root: Path = ROOT) -> bool:
    """Whether any notebook is there to be run."""
    return any(any((root / folder).glob("*.ipynb")) for folder in ("labs", "solutions"))


def steps(quick: bool = False, root: Path = ROOT) -> list[Step]:
    """The gate, in order, the quick checks first. quick: without the slow tests, and the labs as students get them alone."""
    inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}  # figures land in the notebook, as in JupyterLab
    quiet = ("-q", "-rs", "--no-fold-skipped")  # each skipped test with its name and reason
    nbval = (*quiet, "--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS}", *WORKERS)
    gate = [
        Step("lint", "ruff", ("check", ".")),
        Step("format", "ruff", ("format", "--check", ".")),
        Step("spelling", "codespell_lib", ()),
        Step("types", "mypy", ("utils",)),
        Step("tests", "pytest", (*quiet, *WORKERS, *(("-m", "not slow") if quick else ()), "tests")),
    ]
    if has_notebooks(root):
        gate += [
            Step("labs, blank", "pytest", (*nbval, "labs"), inline),
            *([] if quick else [Step("solutions, strict", "pytest", (*nbval, "solutions"), {**inline, "TITANS_STRICT": "1"})]),
        ]
    return gate


def environment(step: Step, scratch: Path) -> dict[str, str]:
    """One thread, no display, no file of the user's read or written. scratch: an empty folder."""
    settings = {name: "1" for name in ONE_THREAD}
    settings |= {"MPLBACKEND": "agg", "TITANS_HOME": str(scratch / "my_work"), "PYTHONUNBUFFERED": "1", "COLUMNS": "140"}
    settings |= own_corner(scratch / "jupyter") | step.environment
    inherited = {name: value for name, value in os.environ.items() if name not in ("TITANS_STRICT", "PYTEST_ADDOPTS")}
    return {**inherited, **settings}


def run_step(step: Step) -> Outcome:
    """Run one step, its output going straight through; what pytest skipped is kept for the end."""
    began, skipped = time.monotonic(), []
    print(f"\n== {step.name} ==", flush=True)
    with tempfile.TemporaryDirectory(prefix="titans-test-") as scratch:
        (Path(scratch) / "my_work").mkdir()
        command = [sys.executable, "-m", step.module, *step.arguments]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(step, Path(scratch)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            if SKIPPED.match(line):
                skipped.append(line.strip())
        code = process.wait()
    if code == NO_TESTS and step.module == "pytest":
        print(f"{step.name}: no test was found, and that is no success.")
    return Outcome(step.name, code, time.monotonic() - began, tuple(skipped))


def install_tools(tools: Iterable[Tool] = TOOLS, call: Callable[[list[str]], int] = subprocess.call) -> list[str]:
    """Install what the tests want and the system lacks, where apt and the rights are there; return what is still missing."""
    missing = [tool for tool in tools if tool.tests and not tool.path()]
    if missing and shutil.which("apt-get"):
        rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
        prefix = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        if rights and not shutil.which("sudo"):
            print("apt needs root and there is no sudo.")
        else:
            install = [*prefix, "install", "--no-install-recommends", *(tool.package for tool in missing)]
            if call(install):  # the package lists may be old or not there at all
                call([*prefix, "update"])
                call(install)
    return [tool.commands[0] for tool in missing if not tool.path()]


def optional_packages(root: Path = ROOT) -> list[str]:
    """What a lab uses if it is there: the exact requirements of all optional groups of pyproject.toml."""
    groups = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"].get("optional-dependencies", {})
    return [wanted for group in groups.values() for wanted in group]


def install_packages(wanted: Iterable[str] | None = None, call: Callable[[list[str]], int] = subprocess.call) -> list[str]:
    """Install the optional packages that are missing into the environment that is running; return what is still missing.

    Without what they depend on: only their files are read. wanted: "name==version"; those of pyproject.toml if not given.
    """
    wanted = optional_packages() if wanted is None else list(wanted)
    if missing := [one for one in wanted if not _is_installed(one)]:
        pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--progress-bar=off", "--disable-pip-version-check", "--no-input"]
        call([*pip, *missing])
    return [one for one in missing if not _is_installed(one)]


def make_data(made: Iterable[Made] | None = None) -> list[str]:
    """Make the data that labs need and the repository may not hold; return what could not be made, each with its reason."""
    from utils.data.making import MADE  # loads torch

    failed = []
    for one in MADE if made is None else made:
        print(f"{one.title}, from {one.package} ...", flush=True)
        try:
            one.make(None)
        except (OSError, ValueError) as error:
            failed.append(f"{one.title} could not be made: {error}")
    return failed


def _is_installed(wanted: str) -> bool:
    name, _, exact = wanted.partition("==")
    try:
        return version(name) == exact
    except PackageNotFoundError:
        return False


def run_all(quick: bool = False, everything: bool = False, run: Callable[[Step], Outcome] = run_step) -> int:
    """Run the gate and sum it up; return the exit code. A failing step does not hide the following ones.

    everything: what the tests want and this computer lacks is installed or made; a skipped test or what is still missing is a failure.
    """
    missing = [f"{one} could not be installed" for one in (*install_tools(), *install_packages())] + make_data() if everything else []
    outcomes = [run(step) for step in steps(quick)]
    left_out = [line for outcome in outcomes for line in outcome.skipped]
    left_out += missing
    if not has_notebooks():
        left_out.append("labs and solutions: there are no notebooks yet")
    print("\n== summary ==")
    for outcome in outcomes:
        print(f"{'passed' if outcome.code == 0 else f'FAILED ({outcome.code})':12} {outcome.seconds:6.0f} s  {outcome.name}")
    if left_out:
        print("left out:" if not everything else "FAILED: left out, which --all does not allow:")
        print("\n".join(f"  {line}" for line in left_out))
    return int(any(outcome.code for outcome in outcomes) or (everything and bool(left_out)))
