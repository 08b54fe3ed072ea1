"""`start.py bench --grading`: how fast a class is graded, against nbgrader where there is one, and what that takes in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from course.bench import nbgrader
from course.bench.classroom import SEED, SHARES, hand_in, papers
from course.bench.table import Table
from course.grading.sandbox.sandbox import own_bytes
from utils.files import ROOT

CLASS = 100
SIZES = (10, 25, 50, 100, 200, 400)
ROUNDS = 3
WORKERS = 2

Say = Callable[[str], None]


@dataclass(frozen=True)
class Graded:
    """One run of the command. first_s: to its first mark. peak_bytes: of all its processes together, 0 if nobody looked."""

    seconds: float
    first_s: float
    peak_bytes: int = 0


def grade_apart(folder: Path, look: bool = False) -> Graded:
    """Run `grade` on a folder as an instructor does. look: at its memory too, which takes time itself.

    Raises:
        ValueError: it fails; the last line that it said.
    """
    with tempfile.TemporaryDirectory(prefix="titans-bench-") as out:
        return _grade_into(folder, out, look)


def _grade_into(folder: Path, out: str, look: bool) -> Graded:
    command = [sys.executable, "-m", "utils.cli", "grade", str(folder), "--out", out, "--seed", str(SEED), "--workers", str(WORKERS)]
    begin, first = time.perf_counter(), 0.0
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    memory = _Memory(process.pid) if look else None
    said = left = ""
    assert process.stdout is not None
    for line in process.stdout:
        said = line.strip() or said
        left = left or (line.strip() if " not graded" in line else "")
        if not first and line.rstrip().endswith(" points"):
            first = time.perf_counter() - begin
    if process.wait() or left:
        raise ValueError(f"grading failed: {left or said}")
    seconds = time.perf_counter() - begin
    return Graded(seconds, first, memory.peak() if memory else 0)


class _Memory:
    """Looks five times a second at what a process and all below it take, shared pages counted once: PSS."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            try:
                those = [self._pid, *(child.pid for child in psutil.Process(self._pid).children(recursive=True))]
            except psutil.Error:
                return
            self._most = max(self._most, sum(map(own_bytes, those)))

    def peak(self) -> int:
        """The most that it saw, in bytes; it stops looking."""
        self._over.set()
        self._thread.join()
        return self._most


def throughput(python: Path | None, say: Say, grade: Callable[..., Graded] = grade_apart, size: int = CLASS) -> Table:
    """Submissions a second, ours and nbgrader's in turns. python: of an environment with nbgrader."""
    with tempfile.TemporaryDirectory(prefix="titans-bench-") as name:
        folder = Path(name)
        those = hand_in(folder / "class", size)
        halves = [those[::2], those[1::2]]
        if python:
            for at, half in enumerate(halves):
                for where in ("one", "two"):
                    say(f"nbgrader takes half a class ({where}, {at})")
                    nbgrader.course(python, folder / f"{where}{at}", half)
        ours: list[Graded] = []
        theirs: list[tuple[float, int]] = []
        for turn in range(ROUNDS):
            say(f"grading a class, turn {turn + 1} of {ROUNDS}")
            ours.append(grade(folder / "class"))
            if python and turn < 2:
                say(f"nbgrader, half {turn + 1} of 2")
                theirs.append(nbgrader.autograde(python, [folder / f"one{turn}"]))
        say("memory")
        peak = grade(folder / "class", look=True).peak_bytes
        both = nbgrader.autograde(python, [folder / "two0", folder / "two1"])[0] / size if python else 0.0
    each = median(run.seconds for run in ours) / size
    alone = sum(seconds for seconds, _ in theirs) / size
    others = [("nbgrader autograde", alone), ("two of them side by side, half of the class each", both)] if theirs else []
    rows = [(f"grade, {WORKERS} workers", f"{1 / each:.2f}", f"{each:.3f}", "1 (reference)")]
    rows += [(name, f"{1 / one:.2f}", f"{one:.3f}", f"{one / each:.1f}x") for name, one in others]
    kinds, first = Counter(paper.kind for paper in those), max(run.first_s for run in ours)
    note = [
        f"{', '.join(f'{kinds[kind]} {kind}' for kind in SHARES)}; two hostile ones in ten never end. Notebooks hold only the cells that",
        f"both have to run. In turns on the same cores: ours {ROUNDS} times (median), starting and proving the sandbox included; nbgrader",
        f"once, in two halves, {nbgrader.LIMIT_S} s for a cell. The first mark was there {first:.1f} s after the command at the",
        f"latest; both workers with their sandboxes took {peak / 1e9:.2f} GB at most, shared pages counted once.",
    ]
    if python:
        left = sum(count for _, count in theirs)
        note.append(f"Without a mark: with nbgrader {left}, because their kernel ended; with `grade` none.")
    else:
        note.append("nbgrader was not measured: give `--nbgrader` the Python of an environment that has it.")
    return Table(
        f"A class of {size}, lab 01",
        ("grader", "submissions a second", "seconds each", "our throughput, times"),
        tuple(rows),
        "\n".join(note),
    )


def by_size(say: Say, grade: Callable[..., Graded] = grade_apart, sizes: Sequence[int] = SIZES) -> Table:
    """How the time grows with the class."""
    seconds = []
    with tempfile.TemporaryDirectory(prefix="titans-bench-") as name:
        for size in sizes:
            say(f"a class of {size}")
            hand_in(Path(name) / str(size), size)
            seconds.append(grade(Path(name) / str(size)).seconds)
    line = fit(sizes, seconds)
    rows = [(f"{size}", f"{took:.1f}", f"{line.at(size):.1f}") for size, took in zip(sizes, seconds, strict=True)]
    loops = {size: sum("while True" in text for paper in papers(size) for text in paper.answers.values()) for size in sizes}
    return Table(
        "By the size of the class",
        ("submissions", "seconds", "seconds by the line"),
        tuple(rows),
        f"The line: {line.start_s:.1f} s and {1e3 * line.each_s:.0f} ms for each submission, R² {line.r2:.4f}, fitted to relative errors.\n"
        f"Endless loops among them: {', '.join(f'{count} of {size}' for size, count in loops.items())}; each costs its limit\n"
        "on one worker.",
        left=(),
    )


@dataclass(frozen=True)
class Line:
    """seconds = start_s + each_s * submissions. r2: the share of the variance that it explains."""

    start_s: float
    each_s: float
    r2: float

    def at(self, size: int) -> float:
        """Seconds for a class of this size."""
        return self.start_s + self.each_s * size


def fit(sizes: Sequence[int], seconds: Sequence[float]) -> Line:
    """The line by least squares of relative errors, so that a small class counts as much as a large one."""
    x, y = np.array(sizes, float), np.array(seconds, float)
    each, start = np.polyfit(x, y, 1, w=1 / y)
    rest = y - (start + each * x)
    return Line(float(start), float(each), float(1 - (rest**2).sum() / ((y - y.mean()) ** 2).sum()))
