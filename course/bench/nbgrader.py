"""The same class, graded by nbgrader, for comparison: an environment of its own with nbgrader, torch and numpy.

Its notebooks hold the same cells and after each exercise a test cell, which judges as the notebook's own `check` does.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course.bench.classroom import LAB, SEED, Paper, notebook
from course.checks.gate import ONE_THREAD
from course.grading.judge.lab import graded_lab
from utils.files import ROOT

LIMIT_S = 5  # of a cell, as our own of a call
_ASSIGNMENT = "ps1"
_CONFIG = f"""c = get_config()
c.CourseDirectory.course_id = "class"
c.Execute.timeout = c.ExecutePreprocessor.timeout = {LIMIT_S}
"""


class NbgraderError(RuntimeError):
    """nbgrader did not do what it was asked for; the text is a sentence."""


def course(python: Path, folder: Path, papers: Sequence[Paper]) -> None:
    """Make a course of nbgrader's that has handed out lab 01 and got these papers back.

    Raises:
        NbgraderError: this Python has no nbgrader, or it can't take the notebook.
    """
    _write(folder / "source" / _ASSIGNMENT / f"{LAB}.ipynb", _with_tests(papers[0]))
    for paper in papers:
        _write(folder / "submitted" / paper.student / _ASSIGNMENT / f"{LAB}.ipynb", _with_tests(paper))
    (folder / "nbgrader_config.py").write_text(_CONFIG)
    _started(python, folder, "generate_assignment").wait()
    if not (folder / "release").is_dir():
        raise NbgraderError(f"nbgrader could not make the assignment: is it installed beside torch, numpy and scipy for {python}?")


def autograde(python: Path, folders: Sequence[Path]) -> tuple[float, int]:
    """The seconds that `nbgrader autograde` takes for these courses, all at once, and how many papers it left without a mark.

    Raises:
        NbgraderError: it graded hardly any.
    """
    begin = time.perf_counter()
    for process in [_started(python, folder, "autograde") for folder in folders]:
        process.wait()
    seconds = time.perf_counter() - begin
    due, done = (
        sum(len(list((folder / name).glob(f"*/{_ASSIGNMENT}/{LAB}.ipynb"))) for folder in folders) for name in ("submitted", "autograded")
    )
    if done < due / 2:
        raise NbgraderError(f"nbgrader graded {done} of {due} papers: {_last_line(folders[0] / 'autograde.log')}")
    return seconds, due - done


def _last_line(log: Path) -> str:
    return ([line for line in log.read_text(errors="replace").splitlines() if line.strip()] or ["it said nothing"])[-1].strip()


def _started(python: Path, folder: Path, command: str) -> subprocess.Popen[bytes]:
    paths = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    with (folder / f"{command}.log").open("wb") as log:
        return subprocess.Popen(
            [str(python), "-m", "nbgrader", command, _ASSIGNMENT],
            cwd=folder,
            env={**os.environ, **dict.fromkeys(ONE_THREAD, "1"), **paths},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _with_tests(paper: Paper) -> dict[str, Any]:
    """The paper's notebook with nbgrader's metadata, and its test cells."""
    book, exercises = notebook(paper), graded_lab(LAB).declared.exercises
    cells = []
    for cell in book["cells"]:
        name = cell["id"]
        cells.append({**cell, "metadata": _about(name, solution=name in exercises, locked=name not in exercises)})
        if name in exercises:
            points = round(exercises[name].points)
            about = _about(f"test_{name}", grade=True, locked=True, points=points)
            cells.append({**cell, "id": f"test-{name}".replace("_", "-"), "metadata": about, "source": _test(name)})
    return {**book, "cells": cells}


def _test(name: str) -> str:
    lines = ["from utils.exercises.checking import assess as _assess", f"from utils.exercises.lab{LAB[:2]} import lab as _lab"]
    return "\n".join([*lines, f"assert not _assess(_lab.exercises[{name!r}], {name}, seed={SEED}).failed"])


def _about(name: str, *, grade: bool = False, solution: bool = False, locked: bool = False, points: int = 0) -> dict[str, Any]:
    about = {"grade": grade, "grade_id": name, "locked": locked, "points": points, "schema_version": 3, "solution": solution, "task": False}
    return {"nbgrader": about}


def _write(path: Path, book: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(book), encoding="utf-8")
