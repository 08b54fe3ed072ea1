"""Today's lab with a student's answers in it. A pure function: `update` writes what it returns, a grader takes the answers."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from utils.student.carrying import TOP, carry
from utils.student.code import pieces
from utils.student.matching import Match, exercises_of, match
from utils.student.notebook import Cell, Notebook, cells_of, titans
from utils.student.report import Report


def transplant(lab: Mapping[str, Any], student: Mapping[str, Any]) -> tuple[Notebook, Report]:
    """Put a student's answers, and cells of the student's own, into today's lab.

    lab: a notebook as the builder makes it, format 4.5. student: whatever `read_notebook` returns; neither is changed.
    An exercise's cell is found by its id, then by its function's name; of several the one is taken that the check
    judges when the notebook runs from top to bottom. A stub that nobody wrote in is today's.

    Returns:
        the new notebook, without the lab's outputs, and what was done with every cell.

    Raises:
        ValueError: the lab has no exercise, so it is no lab.
    """
    ours, theirs = cells_of(lab), cells_of(student)
    found = matches(ours, theirs)
    if not found:
        raise ValueError("this lab has no cell tagged exercise: build it again")
    name = titans(student).get("lab") or titans(lab).get("lab", "")
    more = carry(ours, theirs, found, name)
    texts = {identity: one.text for identity, one in found} | more.changed
    notebook: Notebook = copy.deepcopy({key: value for key, value in lab.items() if key != "cells"})
    notebook["cells"] = list(more.behind.get(TOP, []))
    for cell in ours:
        raw = copy.deepcopy(dict(cell.raw))
        if cell.id in texts:
            raw["source"] = texts[cell.id]
        notebook["cells"] += [raw, *more.behind.get(cell.id, [])]
    notebook["cells"] = copy.deepcopy(notebook["cells"])
    return notebook, Report(tuple(one.fate for _, one in found), tuple(more.carried), tuple(more.left))


def matches(lab: Sequence[Cell], student: Sequence[Cell]) -> list[tuple[str, Match]]:
    """For each exercise of a lab the id of its cell and the student's answer."""
    exercises = exercises_of(lab)
    names, said = [exercise.name for exercise in exercises], _merged_statements(lab, student)
    return [(exercise.cell.id, match(exercise, student, names, said)) for exercise in exercises]


def _merged_statements(lab: Sequence[Cell], student: Sequence[Cell]) -> frozenset[str]:
    """The lab's statements that may have been merged into an answer: its checks, and cells that are gone. Imports may be anyone's."""
    there = {cell.id for cell in student} | {cell.text.strip() for cell in student}
    gone = [
        cell
        for cell in lab
        if cell.kind == "code" and "exercise" not in cell.tags and ("check" in cell.tags or not {cell.id, cell.text.strip()} & there)
    ]
    return frozenset(piece.said for cell in gone for piece in pieces(cell.text) if piece.said and not piece.said.startswith("Import"))
