"""Bring a student's notebook up to date, because the lab changed or a cell of it broke: a new numbered file, the old one untouched."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.files import my_work
from utils.student.carrying import claimed, is_open
from utils.student.code import docstring
from utils.student.folder import copies, handed_out, is_numbered, lab_of, named_file, write_next
from utils.student.notebook import Cell, as_text, cells_of, read_notebook, titans
from utils.student.report import Report
from utils.student.transplant import matches, transplant


@dataclass(frozen=True)
class Update:
    """The result of an update.

    old: the student's notebook. new: the one that was written, None if the old one is today's lab with all its cells.
    report: on every cell. damage: what was wrong with the lab's own cells, in phrases; () if the lab has changed.
    """

    old: Path
    new: Path | None = None
    report: Report | None = None
    damage: tuple[str, ...] = ()


def update(number: str) -> Update:
    """Make "01_pruning-2.ipynb": today's lab with the student's answers.

    Nothing is written if the student's copy was made from today's lab and none of the lab's cells is missing or broken.

    number: "1", "01", "01_pruning", or the path of one notebook.

    Raises:
        FileNotFoundError: there is no such lab, or the student has no copy of it.
        ValueError: the student's file is not a notebook.
    """
    lab, old = lab_and_copy(number)
    student, today = read_notebook(old), read_notebook(lab)
    same = unchanged(today, student)
    wrong = tuple(damage(today, student)) if same else ()
    if same and not wrong:
        return Update(old)
    notebook, report = transplant(today, student)
    new = write_next(my_work(), lab.stem, ".ipynb", as_text(notebook).encode(), first=2)
    return Update(old, new, report, wrong)


def lab_and_copy(number: str) -> tuple[Path, Path]:
    """The lab as it is today, and the student's newest copy of it.

    Raises:
        FileNotFoundError: there is no such lab, or no copy, or nothing tells which of several copies is meant.
        ValueError: a path was given, and the file is not a notebook or belongs to no lab.
    """
    if path := named_file(number):
        name = titans(read_notebook(path)).get("lab", path.stem)
        return lab_of(name), path
    lab = handed_out(number)
    if found := own_copies(lab.stem):
        first, *others = found
        same_time = [path for path in others if path.stat().st_mtime_ns == first.stat().st_mtime_ns]
        if is_numbered(first, lab.stem) or all(path.read_bytes() == first.read_bytes() for path in same_time):
            return lab, first
        raise FileNotFoundError(_several(lab.stem, [first, *same_time]))
    if len(found := renamed(lab.stem)) == 1:
        return lab, found[0]
    if found:
        raise FileNotFoundError(_several(lab.stem, found))
    raise FileNotFoundError(f"you have no copy of {lab.stem} yet: 'python3 start.py' makes one")


def _several(name: str, paths: Sequence[Path]) -> str:
    return f"several notebooks are copies of {name}: give one of {', '.join(path.name for path in paths)}"


def own_copies(name: str) -> list[Path]:
    """The copies of a lab in the order of `copies`, without notebooks that state another lab.

    name: the lab's, "01_pruning".
    """
    found = []
    for path in copies(name):
        stated = ""
        with suppress(ValueError, OSError):  # a damaged one is the student's copy all the same
            stated = titans(read_notebook(path)).get("lab", "")
        if is_numbered(path, name) or stated[:2] in ("", name[:2]):
            found.append(path)
    return found


def renamed(name: str) -> list[Path]:
    """Notebooks in `my_work/` that were built from a lab, "01_pruning", and have names of the student's own."""
    known, found = copies(name), []
    for path in sorted(my_work().glob("*.ipynb")):
        with suppress(ValueError, OSError):
            if path not in known and titans(read_notebook(path)).get("lab") == name:
                found.append(path)
    return found


def unchanged(lab: Mapping[str, Any], student: Mapping[str, Any]) -> bool:
    """Whether a student's copy was made from the lab of today: from the same source, or with nothing to see that differs."""
    built = titans(lab).get("source_sha256")
    if built is not None and built == titans(student).get("source_sha256"):
        return True
    ours, theirs = cells_of(lab), cells_of(student)
    texts = {(cell.kind, cell.text.strip()) for cell in theirs}
    if any((cell.kind, cell.text.strip()) not in texts for cell in ours if "exercise" not in cell.tags):
        return False
    stubs = {cell.id: cell.text for cell in ours}
    return all(_asks_the_same(stubs[name], [cell.text for cell in one.taken], one.fate.name) for name, one in matches(ours, theirs))


def _asks_the_same(stub: str, taken: Sequence[str], name: str) -> bool:
    """Whether a student's cell has the docstring of today's stub."""
    return any(docstring(text, name) == docstring(stub, name) for text in ["\n".join(taken), *taken])


def damage(lab: Mapping[str, Any], student: Mapping[str, Any]) -> list[str]:
    """The defects of the lab's cells in a copy of today's lab, in phrases; [] if there are none.

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
