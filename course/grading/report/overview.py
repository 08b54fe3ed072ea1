"""overview.html: how a class did, exercise by exercise, and what an instructor should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from course.grading.marks import ExerciseMark, LabMark
from course.grading.report.gradebook import Gradebook
from course.grading.report.grades_csv import Cell, Row, number, page_of, rows
from course.grading.report.pages import figure, figure_name, plural, ranked, render, title_of, write_page
from course.grading.report.scheme import Weights

PAGE = "overview.html"
BINS = 10
_WORDS = ("within_budget", "on")  # figures of a challenge that are no numbers


def write_overview(book: Gradebook, weights: Weights) -> Path:
    """Write the page of the class; returns its path."""
    path = book.folder / PAGE
    write_page(path, page(book, rows(book, weights)))
    return path


def page(book: Gradebook, students: Sequence[Row]) -> str:
    """The page of the class, as HTML."""
    marks = book.marks
    counts = [plural(len(students), "student"), f"{plural(len(marks), 'submission')} graded"]
    if refused := len(book.refusals):
        counts.append(f"{plural(refused, 'file')} not readable")
    if failed := sum(entry.mark is None for entry in book.entries.values()):
        counts.append(f"{plural(failed, 'submission')} not graded")
    return render(
        "overview.html",
        title="Class overview",
        summary=", ".join(counts) + ".",
        unsafe=any(mark.unsafe for mark in marks),
        problems=_problems(book),
        labs=[_lab(lab, [mark for mark in marks if mark.lab == lab]) for lab in book.labs],
        students=[_student(row) for row in students],
    )


def _problems(book: Gradebook) -> list[dict[str, str]]:
    """Refusals and failures first, then notes."""
    found = [{"student": one.student, "lab": one.lab, "kind": "Not read", "text": f"{one}"} for one in book.refusals]
    for entry in book.entries.values():
        if entry.mark is None:
            found.append({"student": entry.student, "lab": entry.lab, "kind": "Not graded", "text": entry.reason})
    for mark in book.marks:
        found += [{"student": mark.student, "lab": mark.lab, "kind": "", "text": note} for note in mark.notes]
    return sorted(found, key=lambda one: (not one["kind"], one["student"], one["lab"]))


def _student(row: Row) -> dict[str, Any]:
    return {
        "student": row.student,
        "link": quote(page_of(row.student)),
        "cells": [_shown(cell) for cell in row.cells.values()],
        "points": row.points,
        "of": row.of,
    }


def _shown(cell: Cell) -> str:
    return cell.state if cell.points is None else number(cell.points)


def _lab(lab: str, marks: Sequence[LabMark]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": f"lab-{lab}",
        "title": title_of(lab),
        "number": lab[:2],
        "histogram": [],
        "exercises": [],
        "challenge": {},
    }
    if not marks:
        return {**found, "summary": "Nothing was graded."}
    shares = sorted(mark.points / mark.of if mark.of else 0.0 for mark in marks)
    middle = (shares[(len(shares) - 1) // 2] + shares[len(shares) // 2]) / 2
    counts = Counter(min(int(share * BINS + 1e-9), BINS - 1) for share in shares)
    said = ", ".join(f"{counts[at]} from {at * 100 // BINS} to {(at + 1) * 100 // BINS} %" for at in range(BINS) if counts[at])
    names = dict.fromkeys(one.name for mark in marks for one in mark.exercises)
    return {
        **found,
        "summary": f"{plural(len(marks), 'submission')}; median {100 * middle:.0f} % of the core points, before weights and lateness.",
        "histogram": [_bar(at, counts[at], max(counts.values())) for at in range(BINS)],
        "histogram_said": f"Students by share of the core points: {said}",
        "exercises": [_exercise([one for mark in marks for one in mark.exercises if one.name == name]) for name in names],
        "challenge": _challenge(marks),
    }


def _challenge(marks: Sequence[LabMark]) -> dict[str, Any]:
    """What the files of the open challenge reached: the names of all figures, a row for each student, and the notes; {} without a file."""
    tried = [mark for mark in marks if mark.challenge]
    named = ranked(name for mark in tried for name in mark.challenge if name not in ("file", "note"))
    lines = [(mark.student, [figure(mark.challenge.get(name, "")) for name in named]) for mark in tried]
    notes = [(mark.student, mark.challenge["note"]) for mark in tried if "note" in mark.challenge]
    return {"names": [(figure_name(name), name not in _WORDS) for name in named], "rows": lines, "notes": notes} if tried else {}


def _bar(at: int, count: int, most: int) -> dict[str, float]:
    height = round(70 * count / most, 1)
    return {"x": 5 + 44 * at, "y": 92 - height, "height": height, "count": count}


def _exercise(marks: Sequence[ExerciseMark]) -> dict[str, Any]:
    """How all answers to one exercise did, and the case that most of them fail."""
    full = sum(one.points >= one.of for one in marks)
    none = sum(one.points <= 0 < one.of for one in marks)
    part = len(marks) - full - none
    failing = Counter(case.name for one in marks for case in one.cases if not case.passed)
    answers = [one for one in marks if one.cases]
    found: dict[str, Any] = {
        "name": marks[0].name,
        "core": marks[0].core,
        "full": full,
        "part": part,
        "none": none,
        "answers": len(answers),
    }
    found |= {"mean": sum(one.points for one in marks) / len(marks), "of": max(one.of for one in marks), "bars": _bars(full, part, none)}
    if not failing:
        nothing = "every case is passed by every answer" if answers else "nobody answered"
        return {**found, "case": "", "failing": 0, "hint": "", "nothing": nothing}
    hinted = {case.name for one in marks for case in one.cases if case.hints and not case.passed}
    case, count = min(failing.items(), key=lambda item: (-item[1], item[0] not in hinted, item[0]))
    hints = Counter(" ".join(one.hints) for mark in marks for one in mark.cases if one.name == case and not one.passed)
    return {**found, "case": case, "failing": count, "hint": max(hints, key=lambda hint: (hints[hint], hint)), "nothing": ""}


def _bars(full: int, part: int, none: int) -> list[dict[str, Any]]:
    """Three pieces of a bar of 120 units."""
    bars, x, together = [], 0.0, full + part + none
    for kind, count in (("full", full), ("part", part), ("none", none)):
        width = 120 * count / together
        bars.append({"kind": kind, "x": round(x, 1), "width": round(width, 1)})
        x += width
    return bars
