"""grades.csv: a row for each student, for a learning system to take in. No cell is ever a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from course.grading.report.gradebook import Entry, Gradebook
from course.grading.report.scheme import Grade, LabWeight, Weights, manual_points, weigh
from course.grading.text import file_name
from utils.files import write_atomically

TABLE = "grades.csv"
FOLDER = "feedback"
_FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠\t\r]")  # noqa: RUF001 - spreadsheets read the wide signs too


@dataclass(frozen=True)
class Cell:
    """One student in one lab. points: None where nothing was handed in or it could not be graded. grade: None without a mark.

    state: "graded", "refused", "not graded" or "missing".
    """

    state: str
    points: float | None
    manual: float
    grade: Grade | None = None
    entry: Entry | None = None


@dataclass(frozen=True)
class Row:
    """One student. cells: by lab. of: what all labs of the class can give together.

    number: by which the learning system knows the student; several where it numbers each assignment anew.
    """

    student: str
    number: str
    cells: Mapping[str, Cell]
    of: float

    @property
    def points(self) -> float:
        """All points together."""
        return sum(cell.points or 0.0 for cell in self.cells.values())

    @property
    def late(self) -> float:
        """What lateness took off."""
        return sum(cell.grade.late for cell in self.cells.values() if cell.grade)

    @property
    def extra(self) -> float:
        """What extra exercises gave, whether or not they count."""
        return sum(cell.grade.extra for cell in self.cells.values() if cell.grade)

    @property
    def manual(self) -> float:
        """Manual points."""
        return sum(cell.manual for cell in self.cells.values())

    @property
    def unsafe(self) -> bool:
        """Whether anything was graded without a sandbox."""
        return any(cell.entry.mark.unsafe for cell in self.cells.values() if cell.entry and cell.entry.mark)


def rows(book: Gradebook, weights: Weights) -> list[Row]:
    """A row for each student of whom anything is known."""
    of = most_points(book, weights)
    return [
        Row(student, _number(book, student), {lab: _cell(book, weights, student, lab) for lab in book.labs}, sum(of.values()))
        for student in book.students
    ]


def _number(book: Gradebook, student: str) -> str:
    entries = (entry.number for key, entry in sorted(book.entries.items()) if key[0] == student)
    refusals = (one.number for one in book.refusals if one.student == student)
    return " ".join(filter(None, dict.fromkeys((*entries, *refusals))))


def most_points(book: Gradebook, weights: Weights) -> dict[str, float]:
    """What each lab can give: by the weights, else by the marks; 0 for a lab of which there is no mark."""
    found = dict.fromkeys(book.labs, 0.0)
    for mark in book.marks:
        found[mark.lab] = max(found[mark.lab], weigh(mark, weights).of)
    given = {lab: weights.labs.get(lab, LabWeight()).points for lab in found}
    return {lab: found[lab] if given[lab] is None else float(given[lab] or 0) for lab in found}


def _cell(book: Gradebook, weights: Weights, student: str, lab: str) -> Cell:
    entry, manual = book.entries.get((student, lab)), manual_points(student, lab, weights)
    by_hand = max(0.0, manual) if manual else None  # no mark: points are never less than none
    if entry and entry.mark:
        grade = weigh(entry.mark, weights, entry.handed_in, entry.late)
        return Cell("graded", grade.points, manual, grade, entry)
    if entry:
        return Cell("not graded", by_hand, manual, None, entry)
    if any((one.student, one.lab) == (student, lab) for one in book.refusals):
        return Cell("refused", max(0.0, manual), manual)
    return Cell("missing", by_hand, manual)


def csv_of(found: list[Row], labs: list[str]) -> str:
    """The table: student, number, a column for each lab, points, of, extra, late, manual, sandbox, feedback.

    A lab is empty where nothing was handed in. Its points have lateness taken off and manual points added; `points` is their sum,
    `late` and `manual` say how much of it. feedback: the student's page, seen from the table.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(["student", "number", *labs, "points", "of", "extra", "late", "manual", "sandbox", "feedback"])
    for row in found:
        cells = ["" if (points := row.cells[lab].points) is None else number(points) for lab in labs]
        sums = [number(value) for value in (row.points, row.of, row.extra, row.late, row.manual)]
        sandbox = "none" if row.unsafe else "yes"
        writer.writerow([harmless(row.student), harmless(row.number), *cells, *sums, sandbox, page_of(row.student)])
    return buffer.getvalue()


def page_of(student: str) -> str:
    """Where a student's page of feedback is, seen from the table."""
    return f"{FOLDER}/{file_name(student)}.html"


def number(value: float) -> str:
    """Points with at most two digits behind the point: "7.5", "10"."""
    return f"{round(value, 2) + 0:.2f}".rstrip("0").rstrip(".")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with an apostrophe before it where it could be one."""
    text = text.replace(";", ",").replace("\t", " ")  # where columns are parted by them, a formula could begin behind one
    return f"'{text}" if _FORMULA.match(text) else text


def write_table(book: Gradebook, text: str) -> Path | None:
    """Write grades.csv. One that somebody has changed since is kept beside it, and the path under which it is kept returned."""
    path, data, kept = book.folder / TABLE, text.encode(), None
    if path.exists():
        there = path.read_bytes()
        if there == data:
            book.note_table(sha256(data).hexdigest())
            return None
        if sha256(there).hexdigest() != book.table:
            kept = next(place for place in (path.with_stem(f"grades-changed-{at}") for at in range(1, 10_000)) if not place.exists())
            path.rename(kept)
    write_atomically(path, data)
    book.note_table(sha256(data).hexdigest())
    return kept
