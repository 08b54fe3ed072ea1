"""The cells that are not answers: the student's own come along into today's lab, the lab's own are replaced by today's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from utils.student.code import defined, is_untouched, parse, pieces
from utils.student.matching import Match
from utils.student.notebook import Cell, mapping
from utils.student.report import Other

ROLES = frozenset({"setup", "exercise", "check", "demo"})
TOP = ""  # the anchor of what stands above all cells of the lab
LEFT = "it differs from the lab's cell of today"
KEPT = "your version of a cell that invites changes: it stays in its place"
OPEN = "# yours"  # a comment in a cell of the lab that invites the student to change it

_BUILT = re.compile(r"^(prose|setup|demo)-([0-9a-f]{10})(?:-\d+)?$")
_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


def claimed(lab: Sequence[Cell], student: Sequence[Cell], matches: Sequence[tuple[str, Match]]) -> dict[int, str]:
    """Which cells of the student's stand for which cell of the lab: number -> the lab cell's id.

    By id, then by the same text; each cell of the lab is claimed once. matches: (id of the exercise's cell, its match).
    """
    claims = {cell.number: name for name, match in matches for cell in match.taken}
    left = {cell.id: cell for cell in lab if "exercise" not in cell.tags}
    for cell in student:
        if cell.number not in claims and cell.id in left:
            claims[cell.number] = left.pop(cell.id).id
    by_text: dict[tuple[str, str], list[str]] = {}
    for one in left.values():
        by_text.setdefault((one.kind, one.text.strip()), []).append(one.id)
    for cell in student:
        if cell.number not in claims and (same := by_text.get((cell.kind, cell.text.strip()))):
            claims[cell.number] = same.pop(0)
            if not same:
                del by_text[cell.kind, cell.text.strip()]
    return claims


@dataclass(frozen=True)
class Carried:
    """The cells that come along into today's lab.

    behind: cells to insert, by the id of the lab's cell that they follow. changed: id of a lab's cell that invites changes -> the
    student's text for it. carried, left: in words what came along and what did not.
    """

    behind: dict[str, list[dict[str, Any]]]
    changed: dict[str, str]
    carried: Sequence[Other]
    left: Sequence[Other]


def is_open(lab_cell: Cell, mine: Cell) -> bool:
    """Whether the student's version of a lab's cell stays: the lab invites changes to it, it is unchanged there, and it compiles."""
    return OPEN in lab_cell.text and mine.id == lab_cell.id and bool(_BUILT.match(mine.id)) and parse(mine.text) is not None


def carry(lab: Sequence[Cell], student: Sequence[Cell], matches: Sequence[tuple[str, Match]], lab_name: str) -> Carried:
    """Decide for each cell that is not an answer whether it comes along.

    lab_name: the name under which the student's notebook was built, "01_pruning".
    """
    claims, by_id = claimed(lab, student, matches), {cell.id: cell for cell in lab}
    stubs = {match.fate.name: by_id[name].text for name, match in matches}
    answers = {match.text.strip() for _, match in matches}
    taken = {cell.number for _, match in matches for cell in match.taken}
    used = set(by_id)
    behind: dict[str, list[dict[str, Any]]] = {}
    changed: dict[str, str] = {}
    carried, left = [], []
    anchor = TOP
    for cell in student:
        ours = claims.get(cell.number)
        anchor = ours or anchor
        if cell.number in taken:
            cell, ours = _passed_over(cell, stubs, matches), None
        if not _says_something(cell):
            continue
        fate = _fate(cell, by_id.get(ours or ""), stubs, lab_name)
        if fate is None or (cell.kind == "code" and cell.text.strip() in answers):
            continue
        if fate == LEFT:
            if ours and is_open(by_id[ours], cell):
                changed[ours] = cell.text
                carried.append(Other(cell.number, cell.line, KEPT))
            else:
                left.append(Other(cell.number, cell.line, fate))
            continue
        behind.setdefault(anchor, []).append(_copy(cell, used))
        where = f"after {_called(by_id[anchor])}" if anchor else "at the top"
        carried.append(Other(cell.number, cell.line, f"{fate}stands {where}"))
    return Carried(behind, changed, carried, left)


def _fate(cell: Cell, lab_cell: Cell | None, stubs: Mapping[str, str], lab_name: str) -> str | None:
    """The beginning of the sentence about a cell; LEFT if it stays in the old file, None if it contains nothing of the student's."""
    answers = sorted(defined(cell.text) & set(stubs))
    if any(is_untouched(cell.text, stubs[name]) for name in answers):
        return None
    if lab_cell is not None or _is_the_labs(cell):
        if (lab_cell is not None and cell.text.strip() == lab_cell.text.strip()) or _is_as_built(cell, lab_name):
            return None
        return LEFT if cell.kind == "code" else "differs from the lab's text of today: "
    if "exercise" in cell.tags and not answers:
        return None if is_untouched(cell.text, "") else "the lab has no such exercise today: "
    return f"another version of {answers[0]}: " if answers else ""


def _passed_over(cell: Cell, stubs: Mapping[str, str], matches: Sequence[tuple[str, Match]]) -> Cell:
    """A merged cell without the answer that was taken from it: other versions of exercises whose answers came from elsewhere."""
    elsewhere = {match.fate.name for _, match in matches if cell not in match.taken}
    parts = [
        piece.text for piece in pieces(cell.text) if any(not is_untouched(piece.text, stubs[name]) for name in piece.names & elsewhere)
    ]
    return replace(cell, id="", text="\n".join(parts).strip("\n"), tags=frozenset(), raw={"metadata": {}})


def _says_something(cell: Cell) -> bool:
    return bool(cell.text.strip() or cell.raw.get("attachments"))


def _is_the_labs(cell: Cell) -> bool:
    """Whether a cell comes from the lab, today's or an older one."""
    return bool(cell.tags & (ROLES - {"exercise"}) or _BUILT.match(cell.id))


def _is_as_built(cell: Cell, lab_name: str) -> bool:
    """Whether a cell of an older lab still is what it was: the builder made its id from its text."""
    if re.fullmatch(r"(\w+) = check\(\1\)", cell.text.strip()):
        return True
    built = _BUILT.match(cell.id)
    texts = (cell.text, f"# NBVAL_CHECK_OUTPUT\n{cell.text}")
    return built is not None and any(_hash(lab_name, built[1], text) == built[2] for text in texts)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:10]


def _called(cell: Cell) -> str:
    """A cell of the lab as a student knows it: an exercise by its name, another one by its first line."""
    if "exercise" in cell.tags:
        return cell.id
    return f"the check of {cell.id.removeprefix('check-')}" if "check" in cell.tags else f'"{cell.line.lstrip("# ")}"'


def _copy(cell: Cell, used: set[str]) -> dict[str, Any]:
    """The student's cell for the new notebook: a cell like any other, which may be deleted, under an id of its own."""
    given = mapping(cell.raw.get("metadata"))
    metadata = {key: value for key, value in given.items() if key not in ("deletable", "editable", "id")}
    if tags := sorted(cell.tags - ROLES):
        metadata["tags"] = tags
    else:
        metadata.pop("tags", None)
    copy: dict[str, Any] = {"id": _free(cell, used), "cell_type": cell.kind, "metadata": metadata, "source": cell.text}
    if cell.kind == "code":
        outputs = cell.raw.get("outputs")
        copy |= {"outputs": outputs if isinstance(outputs, list) else [], "execution_count": None}
    elif isinstance(attachments := cell.raw.get("attachments"), Mapping):
        copy["attachments"] = attachments
    return copy


def _free(cell: Cell, used: set[str]) -> str:
    """The cell's own id if it is free, else one made from its text."""
    base = cell.id if _ID.match(cell.id) else f"own-{_hash(cell.text)}"
    chosen, number = base, 1
    while chosen in used:
        number += 1
        chosen = f"own-{_hash(cell.id, cell.text)}-{number}" if number > 2 or base == cell.id else f"{base}-{number}"
    used.add(chosen)
    return chosen
