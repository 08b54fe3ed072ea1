"""feedback/<student>.html: what a student reads about the marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from course.grading.marks import CaseMark, ExerciseMark
from course.grading.report.gradebook import Gradebook
from course.grading.report.grades_csv import Cell, Row, number, page_of, rows
from course.grading.report.pages import figure, figure_name, plural, ranked, render, title_of, write_page
from course.grading.report.scheme import Grade, Weights


@dataclass(frozen=True)
class _Failed:
    """Cases that failed in one way, one after the other."""

    names: tuple[str, ...]
    message: str
    hints: tuple[str, ...]


@dataclass(frozen=True)
class _Exercise:
    """An exercise as the page shows it. cases: how many there were; 0 where nothing was run, then the note says all there is to say."""

    id: str
    name: str
    core: bool
    points: float
    of: float
    note: str
    cases: int
    passed: tuple[str, ...]
    failed: tuple[_Failed, ...]

    @property
    def has_more(self) -> bool:
        """Whether there is more to say than stands in the table."""
        return bool(self.failed or (self.note and self.cases))


def write_feedback(book: Gradebook, weights: Weights) -> list[Path]:
    """A page for each student; returns their paths."""
    written = []
    for row in rows(book, weights):
        path = book.folder / page_of(row.student)
        write_page(path, page(row, book, weights))
        written.append(path)
    return written


def page(row: Row, book: Gradebook, weights: Weights) -> str:
    """The page of one student, as HTML."""
    labs = [_lab(lab, cell, row.student, book, weights.extras) for lab, cell in row.cells.items()]
    title = f"Feedback for {row.student}"
    return render(
        "feedback.html",
        title=title,
        student=row.student,
        points=row.points,
        of=row.of,
        labs=labs + _unknown(row.student, book),
        unsafe=row.unsafe,
        made_with=_made_with(row),
    )


def _lab(lab: str, cell: Cell, student: str, book: Gradebook, extras: str) -> dict[str, Any]:
    notes = [f"{one}" for one in book.refusals if (one.student, one.lab) == (student, lab)]
    found: dict[str, Any] = {"id": f"lab-{lab}", "title": title_of(lab), "notes": notes, "counted": [], "exercises": [], "challenge": []}
    if cell.grade is None or cell.entry is None or cell.entry.mark is None:
        manual = f", {number(cell.manual)} manual points" if cell.manual else ""
        summary = {"refused": "0 points: what you handed in could not be read", "not graded": "Not graded yet: your instructor knows of it"}
        return {**found, "summary": summary.get(cell.state, "Nothing was handed in") + manual + "."}
    mark = cell.entry.mark
    return {
        **found,
        "summary": f"{number(cell.grade.points)} of {number(cell.grade.of)} points.",
        "counted": _counted(cell.grade, extras),
        "notes": [*mark.notes, *notes],
        "exercises": [_exercise(f"{lab}-{at}", one, cell.grade) for at, one in enumerate(mark.exercises, start=1)],
        "challenge": [(figure_name(name), figure(mark.challenge[name])) for name in ranked(mark.challenge)],
    }


def _counted(grade: Grade, extras: str) -> list[str]:
    """How the points came about, where they are not just the sum of the core exercises."""
    said = []
    if grade.late_days:
        taken = f"{number(grade.late)} points are taken off" if grade.late else "nothing is taken off"
        said.append(f"Handed in {plural(grade.late_days, 'day')} late: {taken}.")
    if grade.manual:
        said.append(f"{number(grade.manual)} points were given by hand and are counted in.")
    if grade.extra:
        counted = "counted in" if extras == "bonus" else "shown but not counted"
        said.append(f"Extra exercises gave {number(grade.extra)} points, which are {counted}.")
    return said


def _exercise(identity: str, mark: ExerciseMark, grade: Grade) -> _Exercise:
    points, of = grade.exercises[mark.name]
    passed = tuple(case.name for case in mark.cases if case.passed)
    return _Exercise(identity, mark.name, mark.core, points, of, mark.note, len(mark.cases), passed, _failed(mark.cases))


def _failed(cases: Sequence[CaseMark]) -> tuple[_Failed, ...]:
    """What failed; cases in a row of which the same is said, such as that all took too long, stand together."""
    ways = groupby((case for case in cases if not case.passed), key=lambda case: (case.message, case.hints))
    return tuple(_Failed(tuple(case.name for case in alike), message, tuple(hints)) for (message, hints), alike in ways)


def _unknown(student: str, book: Gradebook) -> list[dict[str, Any]]:
    """Files of which nobody can say to which lab they belong."""
    notes = [f"{one}" for one in book.refusals if one.student == student and not one.lab]
    empty: dict[str, Any] = {"counted": [], "exercises": [], "challenge": []}
    found = {"id": "unknown", "title": "Other files", "summary": "These could not be graded.", "notes": notes}
    return [{**found, **empty}] if notes else []


def _made_with(row: Row) -> list[str]:
    """With which versions each lab was graded, and which submission it was."""
    lines = []
    for lab, cell in row.cells.items():
        if cell.entry and cell.entry.mark:
            versions = ", ".join(f"{name} {version[:12]}" for name, version in sorted(cell.entry.mark.versions.items()))
            lines.append(f"{title_of(lab)} was graded with {versions}; submission {cell.entry.sha256[:12]}.")
    return lines
