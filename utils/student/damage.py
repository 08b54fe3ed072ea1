"""Which of a lab's own cells are missing, broken or moved in a student's copy of it; answers and own cells are no damage."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from utils.student.carrying import claimed, is_open
from utils.student.notebook import Cell, cells_of
from utils.student.transplant import matches


def damage(lab: Mapping[str, Any], student: Mapping[str, Any]) -> list[str]:
    """What is wrong with the lab's cells in a copy of today's lab, a phrase for each defect; [] if nothing is.

    A text cell that the student wrote into is not damaged, nor is a changed cell that invites changes.
    """
    ours, theirs = cells_of(lab), cells_of(student)
    found = matches(ours, theirs)
    claims = claimed(ours, theirs, found)
    wrong = [*_exercises(ours, found), *_cells(ours, theirs, claims), *_order(ours, theirs, claims)]
    return wrong if _is_valid(student) else [*wrong, "the file breaks the format of notebooks"]


def _exercises(ours: Sequence[Cell], found: Sequence[tuple[str, Any]]) -> Iterator[str]:
    for _, match in found:
        if match.fate.how == "missing":
            yield f"the cell of exercise {match.fate.name} is missing"
        elif any(cell.kind != "code" for cell in match.taken):
            yield f"the cell of exercise {match.fate.name} is not a code cell any more"


def _cells(ours: Sequence[Cell], theirs: Sequence[Cell], claims: Mapping[int, str]) -> Iterator[str]:
    by_lab = {claims[cell.number]: cell for cell in theirs if cell.number in claims}
    for cell in ours:
        if "exercise" in cell.tags:
            continue
        mine = by_lab.get(cell.id)
        if mine is None:
            yield f"the cell {cell.place} is missing"
        elif mine.kind != cell.kind:
            yield f"the cell {cell.place} is not a {cell.kind} cell any more"
        elif cell.kind == "code" and mine.text.strip() != cell.text.strip() and not is_open(cell, mine):
            yield f"the cell {cell.place} is not as the lab has it"


def _order(ours: Sequence[Cell], theirs: Sequence[Cell], claims: Mapping[int, str]) -> Iterator[str]:
    """The first of the lab's code cells that stands above one that belongs above it."""
    places = {cell.id: number for number, cell in enumerate(ours) if cell.kind == "code" and "exercise" not in cell.tags}
    by_id = {cell.id: cell for cell in ours}
    last = -1
    for cell in theirs:
        at = places.get(claims.get(cell.number, ""), last)
        if at < last:
            yield f"the cell {by_id[claims[cell.number]].place} is not in its place"
            return
        last = at


def _is_valid(notebook: Mapping[str, Any]) -> bool:
    """Whether Jupyter opens it."""
    import nbformat  # slow to load

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            nbformat.validate(nbformat.from_dict(dict(notebook)))
        except Exception:  # anything may stand in the file
            return False
    return True
