"""Whose work a file is, by the way in which learning systems and people name what they hand over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from course.grading.intake.archives import Parts
from course.grading.intake.recognise import KnownLab, lab_called

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?$", re.DOTALL)
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_\d+_(?P<rest>.+)$", re.DOTALL)
_NBGRADER = ("autograded", "feedback", "release", "source")  # beside submitted/, and none of a student's
SUBMITTED = "submitted"


@dataclass(frozen=True)
class Owner:
    """Who handed in a file, as its place says. system: "moodle", "canvas", "nbgrader" or "folder".

    name: as it stands there, "" where only the file's own manifest can say. number: the system's, "" if none.
    file: the file's name without what the system put in front. late: whether the system marked it so.
    """

    system: str
    name: str
    number: str
    file: str
    late: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for all files of one student."""
        return self.system, self.name, self.number


def owner_of(parts: Parts, labs: Sequence[KnownLab], top: str = "") -> Owner | None:
    """Whose file this is; None for what is nobody's, such as nbgrader's other folders. top: the name of the folder above `parts`."""
    if top == SUBMITTED:
        parts = (SUBMITTED, *parts)
    for at, part in enumerate(parts):
        if found := _MOODLE.match(part):
            file = parts[-1] if at < len(parts) - 1 else found["rest"] or part
            return Owner("moodle", found["name"], found["number"], file)
    if (found := _CANVAS.match(parts[-1])) or (found := next(filter(None, map(_CANVAS.match, parts)), None)):
        file = found["rest"] if parts[-1] == found[0] else parts[-1]
        return Owner("canvas", found["name"], found["number"], file, bool(found["late"]))
    if SUBMITTED in parts[:-2]:
        at = parts.index(SUBMITTED)
        return Owner("nbgrader", parts[at + 1], "", parts[-1])
    if parts[0] in _NBGRADER:
        return None
    while len(parts) > 1 and _is_a_labs(parts[0], labs):  # one folder for each lab
        parts = parts[1:]
    return Owner("folder", _by_hand(parts, labs), "", parts[-1])


def _is_a_labs(folder: str, labs: Sequence[KnownLab]) -> bool:
    words = [lab.name for lab in labs] + [lab.number for lab in labs] + [f"lab{lab.number}" for lab in labs]
    return folder.casefold() in words


def _by_hand(parts: Parts, labs: Sequence[KnownLab]) -> str:
    """The folder's or the zip's name; of a file that lies alone what stands beside the lab's name, "ada_01_pruning.ipynb"."""
    if len(parts) > 1 and not parts[0].lower().endswith((".zip", ".ipynb")):
        return parts[0]
    stem = parts[0].rsplit(".", 1)[0] if "." in parts[0][1:] else parts[0]
    for lab in labs:
        stem = re.sub(
            rf"[ _-]*(?:lab)?[ _-]*{re.escape(lab.name)}(?:-submission)?(?:-\d+)?(?: ?\(\d+\))?[ _-]*", "", stem, flags=re.IGNORECASE
        )
    return "" if (found := lab_called(stem, labs)) and re.fullmatch(rf"(?i)(?:lab[ _-]?)?0*{int(found.number)}", stem) else stem


def is_export(place: Parts, files: Sequence[Parts]) -> bool:
    """Whether a zip holds the work of many: it is laid out as a learning system does, and does not lie among one student's files."""
    if len(place) > 1 or any(_MOODLE.match(part) or _CANVAS.match(part) for part in place):
        return False
    marked = [parts for parts in files if any(_MOODLE.match(part) for part in parts) or _CANVAS.match(parts[-1])]
    return bool(files) and (len(marked) * 2 > len(files) or any(SUBMITTED in parts[:-2] for parts in files))
