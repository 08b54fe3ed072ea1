"""The gate's minutes: where its processor seconds go, what a lab adds, and what twenty labs would take; written to CONTRIBUTING.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from course.checks.results import Case, Outcome
from utils.doctor import cpu
from utils.files import ROOT

CONTRIBUTING = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- minutes: written by `python3 start.py test --durations` -->", "<!-- minutes: end -->"
WANTED_LABS, CORES = 20, 2


@dataclass(frozen=True)
class Part:
    """A part of the gate. files: a pattern of its tests' paths. grows: whether each lab adds to it."""

    name: str
    files: str
    grows: bool = False


# the first whose pattern fits has the test
PARTS = (
    Part("labs in the browser", r"tests/browser/test_labs", grows=True),
    Part("labs, blank (nbval)", r"labs/", grows=True),
    Part("solutions, strict (nbval)", r"solutions/", grows=True),
    Part("answers to the exercises, in process", r"tests/utils/exercises/|tests/notebooks/", grows=True),
    Part("a wrong answer of each kind, in the sandbox", r"tests/course/grading/judge/test_labs", grows=True),
    Part("the zoo, measured again", r"tests/utils/models/|tests/course/zoo/", grows=True),
    Part("challenges", r"tests/course/grading/challenge/", grows=True),
    Part("attacks on the sandbox, odd notebooks", r"tests/course/grading/(sandbox|judge)/"),
    Part("the rest of the grader", r"tests/course/grading/"),
    Part("the page in the browser", r"tests/browser/"),
    Part("start.py, the command line, the gate", r"tests/test_start|tests/utils/test_cli|tests/utils/student/|tests/course/checks/"),
    Part("C code and boards", r"tests/utils/deploy/mcu/"),
    Part("all other tests", r"tests/"),
)


@dataclass(frozen=True)
class Row:
    """What a part took. cpu_s: processor seconds. grows: whether each lab adds to it."""

    name: str
    cpu_s: float
    grows: bool = False


def rows(outcomes: Iterable[Outcome]) -> list[Row]:
    """The processor seconds of each part, then of what is no test: the bare computers, linting, starting workers and collecting."""
    found: dict[Part, float] = dict.fromkeys(PARTS, 0.0)
    bare = other = starting = 0.0
    for outcome in outcomes:
        if " on " in outcome.name:
            bare += outcome.cpu_s
        elif outcome.cases:
            for case in outcome.cases:
                found[part_of(case)] += case.cpu_s + case.browser_s
            starting += max(0.0, outcome.cpu_s - sum(case.cpu_s for case in outcome.cases))
        else:
            other += outcome.cpu_s
    parts = [Row(part.name, seconds, part.grows) for part, seconds in found.items() if seconds]
    rest = [Row("bare computers", bare), Row("collecting tests, starting workers", starting), Row("lint, format, spelling, types", other)]
    return [*parts, *(row for row in rest if row.cpu_s)]


def part_of(case: Case) -> Part:
    """The part that a test belongs to."""
    return next((part for part in PARTS if re.match(part.files, case.file)), PARTS[-1])


def table(found: list[Row], labs: int) -> list[str]:
    """The lines of the table, and the projection. labs: how many there are."""
    total = sum(row.cpu_s for row in found)
    a_lab = sum(row.cpu_s for row in found if row.grows) / max(labs, 1)
    fixed = total - a_lab * labs
    projected = fixed + a_lab * WANTED_LABS
    lines = ["| Part of the gate | processor s | of these, for a lab |", "|---|---|---|"]
    lines += [f"| {row.name} | {row.cpu_s:.0f} | {f'{row.cpu_s / max(labs, 1):.1f}' if row.grows else ''} |" for row in found]
    lines += [f"| **sum** | **{total:.0f}** | **{a_lab:.0f}** |", ""]
    minutes = lambda seconds: f"{seconds / CORES / 60:.0f} minutes"  # noqa: E731
    lines += [
        f"With {labs} labs that is {minutes(total)} of {CORES} busy cores; {fixed:.0f} s do not grow, so with {WANTED_LABS} labs it",
        f"would be {minutes(projected)}, if a new lab takes what the present ones take on average.",
    ]
    return lines


def write(outcomes: list[Outcome], path: Path = CONTRIBUTING, labs: int | None = None) -> None:
    """Put the table between its marks in CONTRIBUTING.md.

    Raises:
        ValueError: the file has no marks.
    """
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text.partition(BEGIN)[2]:
        raise ValueError(f"{path.name} has no place for the minutes: put the lines {BEGIN} and {END} into it")
    labs = len(list((ROOT / "labs").glob("*.ipynb"))) if labs is None else labs
    failed = ", ".join(outcome.name for outcome in outcomes if outcome.code)
    basis = [
        f"Measured on {date.today():%d %B %Y}, {cpu()[0]}: processor seconds (user and system) of all processes, child processes",
        "included, not the time on the clock, which depends on what else the computer does." + (f" Failed: {failed}." if failed else ""),
    ]
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    path.write_text(head + "\n".join([BEGIN, *basis, "", *table(rows(outcomes), labs), END]) + tail, encoding="utf-8")
