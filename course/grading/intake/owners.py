"""How people name what they hand over by hand: folders, zips, and files such as "ada_01_pruning.ipynb"."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from course.grading.intake.leftovers import Parts
from course.grading.intake.outline import Node
from course.grading.intake.recognise import KnownLab, lab_called
from course.grading.text import clean, same

MOST_MANIFEST = 1_000_000  # bytes
_VERSION = re.compile(
    r"(?:v|vers|version|try|attempt|versuch|old|new|alt|neu|final|backup|copy|kopie|draft|saved?|work|src|code|notebooks?"
    r"|week|woche|day|tag|part|teil|task|aufgabe|exercise|ex|lab|sheet|blatt)"
    r"[ _.-]*\(?\d{0,2}\)?",
    re.IGNORECASE,
)


def is_a_labs(folder: str, labs: Sequence[KnownLab]) -> bool:
    """Whether a folder is called as a lab is: "01_pruning", "01", "lab01"."""
    words = [lab.name for lab in labs] + [lab.number for lab in labs] + [f"lab{lab.number}" for lab in labs]
    return folder.casefold() in words


def by_hand(parts: Parts, labs: Sequence[KnownLab]) -> str:
    """Whose a file is: the folder's or the zip's name; of a file that lies alone what is beside the lab's name, "" if nothing is."""
    first = same(parts[0])
    if parts == ("manifest.json",):
        return ""
    if len(parts) > 1 and not first.lower().endswith((".zip", ".ipynb")):
        return first
    stem = first.rsplit(".", 1)[0] if "." in first[1:] else first
    for lab in labs:
        for name in (re.escape(lab.name), rf"0*{int(lab.number)}_challenge(?:-best)?", rf"lab[ _-]?0*{int(lab.number)}(?!\d)"):
            copy = r"(?:-submission)?(?:-\d{1,9})?(?: ?\(\d{1,9}\))?"
            rest = re.split(rf"(?<![^\W_])(?:lab[ _-]?)?{name}{copy}", stem, flags=re.IGNORECASE)
            stem = "_".join(filter(None, (one.strip(" _-") for one in rest))) if len(rest) > 1 else stem
    return "" if (found := lab_called(stem, labs)) and re.fullmatch(rf"(?i)(?:lab[ _-]?)?0*{int(found.number)}", stem) else stem


def manifest(data: bytes) -> Mapping[str, Any]:
    """What a manifest.json says; {} if it is none."""
    try:
        found = json.loads(data) if len(data) <= MOST_MANIFEST else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def is_copy(first: str, other: str) -> bool:
    """Whether a folder or a zip is called as a copy of another is: "class.zip", "class (1).zip", "class - Kopie.zip"."""
    return _plain(first) == _plain(other)


def _plain(name: str) -> str:
    return re.sub(r"(?i)(?: ?\(\d{1,4}\)| - (?:copy|kopie)| copy)*(\.zip)?$", "", same(name))


def is_class(node: Node, labs: Sequence[KnownLab]) -> bool:
    """Whether a folder or a zip that people made holds the work of several students, as its names tell.

    Several of its folders, zips and files have names of their own and may hold the same lab. A notebook that is called by its lab
    alone says that the folder is one student's.
    """
    people = _people(node, labs)
    return len(people) > 1 and _share_a_lab(list(people.values()), labs)


def people_of(node: Node, labs: Sequence[KnownLab]) -> set[tuple[str, str]]:
    """(name, lab) of those whose work may be in a folder; the lab is "" where no name tells it."""
    return {(name, lab) for name, parts in _people(node, labs).items() for part in parts for lab in _labs_of(part, labs)}


def _people(node: Node, labs: Sequence[KnownLab]) -> dict[str, list[Node]]:
    """The parts of a folder by the person whom their names may mean; {} if the folder must be one student's."""
    parts = [below for one in node.children for below in (one.children if _is_labs_folder(one, labs) else [one])]
    loose = _loose([one for one in parts if one.is_notebook and one.kind == "file"], labs)
    if loose is None:
        return {}
    found: dict[str, list[Node]] = {}
    for one in parts:
        if one.kind == "file":
            name = loose.get(one.name, "")
        else:
            name = one.called if one.kind == "folder" else by_hand((one.name,), labs) or _stated(one)
        if name and one.holds_work and not _VERSION.fullmatch(name):
            found.setdefault(name.casefold(), []).append(one)
    return found


def _is_labs_folder(node: Node, labs: Sequence[KnownLab]) -> bool:
    return node.kind == "folder" and is_a_labs(node.name, labs)


def _loose(files: Sequence[Node], labs: Sequence[KnownLab]) -> dict[str, str] | None:
    """The people whom the names of these notebooks mean, by file; None if one is called by its lab alone."""
    stems = {one.name: by_hand((one.name,), labs) for one in files}
    if not all(stems.values()):
        return None
    if all(lab_called(name, labs) and stem != same(name).rsplit(".", 1)[0] for name, stem in stems.items()):
        return stems
    words = {name: re.split(r"[ _.-]+", stem) for name, stem in stems.items()}
    first, last = _common(list(words.values())), _common([one[::-1] for one in words.values()])
    if len(stems) < 2 or not first + last:
        return {}
    own = {name: " ".join(one[first : len(one) - last]) for name, one in words.items()}
    return {name: stems[name] for name in own} if all(re.search(r"[^\W\d_]{2}", one) for one in own.values()) else {}


def _common(words: Sequence[Sequence[str]]) -> int:
    """How many words all of these begin with, the last of each left out."""
    count = 0
    while all(len(one) > count + 1 for one in words) and len({one[count] for one in words}) == 1:
        count += 1
    return count


def _share_a_lab(parts: Sequence[Sequence[Node]], labs: Sequence[KnownLab]) -> bool:
    """Whether two of these may hold the same lab; one whose names tell no lab may hold any."""
    found = [{lab for part in one for lab in _labs_of(part, labs)} for one in parts]
    counts = Counter(lab for one in found for lab in one)
    return max((count for lab, count in counts.items() if lab), default=0) + counts[""] > 1


def _labs_of(node: Node, labs: Sequence[KnownLab]) -> set[str]:
    if node.kind == "zip" and (found := lab_called(node.name, labs)):
        return {found.name}
    notebooks = [node] if node.kind == "file" else node.notebooks
    return {lab.name if (lab := lab_called(one.name, labs)) else "" for one in notebooks} or {""}


def _stated(node: Node) -> str:
    """The name in the manifest of a zip; "" without one."""
    for one in node.children:
        if one.name == "manifest.json":
            try:
                name = manifest(one.read()).get("student")
            except (OSError, ValueError):
                return ""
            return clean(name) if isinstance(name, str) else ""
    return ""
