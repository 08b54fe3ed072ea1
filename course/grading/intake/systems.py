"""How learning systems name what they export: the names say who handed in, and students have no say in that part of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from course.grading.intake.outline import Node
from course.grading.intake.recognise import KnownLab, lab_called
from course.grading.text import same

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?$", re.DOTALL)
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_(?:(?P<file>\d+)_(?P<rest>.+)|text\.html)$", re.DOTALL)
_BLACKBOARD = re.compile(r"[^\n]{1,300}?_(?P<name>[^_]+)_attempt_\d{4}(?:-\d\d){5}(?:\.txt|_(?P<rest>.+))$", re.DOTALL)
_BRIGHTSPACE = re.compile(
    r"\d+-(?P<number>\d+) - (?P<name>.{1,300}?) ?- (?P<time>\w[^-]{0,40}\d{4}[^-]{0,20}?)(?: - (?P<rest>.+))?$", re.DOTALL
)
SUBMITTED = "submitted"
OWN = ("autograded", "feedback", "release", "source")  # nbgrader's folders beside submitted/
EXPORTED = ("abgaben", "submissions")  # what ILIAS calls the folder of all students


@dataclass(frozen=True)
class Owner:
    """Who handed in a file, as its place says. system: "moodle", "canvas", "blackboard", "brightspace", "nbgrader" or "folder".

    name: as it is there, "" where only the file's own manifest can say. number: the system's, "" if none.
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


def _by(system: str, pattern: re.Pattern[str]) -> Callable[[str], Owner | None]:
    def owner(name: str) -> Owner | None:
        found = pattern.match(same(name))
        if not found:
            return None
        if pattern is _CANVAS and _is_date(found):
            return None
        groups = found.groupdict()
        return Owner(system, groups["name"], groups.get("number") or "", groups.get("rest") or name, bool(groups.get("late")))

    return owner


BY_NAME: Mapping[str, Callable[[str], Owner | None]] = {
    "moodle": _by("moodle", _MOODLE),
    "blackboard": _by("blackboard", _BLACKBOARD),
    "brightspace": _by("brightspace", _BRIGHTSPACE),
    "canvas": _by("canvas", _CANVAS),
}


def system_of(nodes: Sequence[Node], labs: Sequence[KnownLab]) -> str:
    """The system whose names half of these have, "" if none; Canvas', which people's own names are like, need to be more.

    nodes: all that lies at one level of what was handed in.
    """
    if any(one.kind == "folder" and one.called == SUBMITTED and any(map(_has_folder, one.children)) for one in nodes):
        return "nbgrader"
    for system, owner in BY_NAME.items():
        count = sum(owner(one.name) is not None for one in nodes)
        if system == "canvas" and 2 * count > len(nodes) and _is_canvas(nodes, labs):
            return system
        if system != "canvas" and 2 * count >= len(nodes) and count > (len(nodes) > 1):
            return system
    return ""


def _has_folder(student: Node) -> bool:
    """Whether a folder in submitted/ has the folder of an assignment with something in it."""
    return student.kind == "folder" and any(one.kind != "file" and one.children for one in student.children)


def _is_canvas(nodes: Sequence[Node], labs: Sequence[KnownLab]) -> bool:
    """Whether names that look like Canvas' are its own: other people name their files with two numbers too.

    Canvas exports files and no folders; a number means one person, and no number of a file comes twice.
    """
    found = [match for one in nodes if one.kind != "folder" and (match := _CANVAS.match(one.called)) and not _is_date(match)]
    if 2 * len(found) <= len(nodes):
        return False
    people: dict[str, set[str]] = defaultdict(set)
    for one in found:
        people[one["number"]].add(one["name"])
    files = [one["file"] for one in found if one["file"]]
    if len(set(files)) < len(files) or any(len(names) > 1 for names in people.values()):
        return False
    if any(number.startswith("0") or len(number) < 2 for number in (*people, *files)):
        return False
    names = set[str]().union(*people.values())
    if len(people) > 1 and len(names) == 1 and not re.match("anon", next(iter(names)), re.IGNORECASE):
        return False  # a word that all files begin with
    return min(map(len, (*people, *files))) > 3 or all(_of_one(number, found, labs) for number in people)


def _of_one(number: str, found: Sequence[re.Match[str]], labs: Sequence[KnownLab]) -> bool:
    """Whether the notebooks under one number can be one student's: one, or each called by its lab."""
    rests = [one["rest"] for one in found if one["number"] == number and one["rest"] and one["rest"].lower().endswith((".ipynb", ".zip"))]
    return len(rests) < 2 or all(lab_called(rest, labs) for rest in rests)


def _is_date(found: re.Match[str]) -> bool:
    """Whether the two numbers are a date: 2026_11_30, 30_11_2026, 20261130_1558."""
    first, second, rest = found["number"], found["file"] or "", found["rest"] or ""
    if len(first) == 8 and len(second) in (4, 6):
        try:
            return bool(datetime.strptime(first, "%Y%m%d"))
        except ValueError:
            return False
    month = second.isdigit() and 1 <= int(second[:3]) <= 12
    if re.fullmatch(r"(?:19|20)\d\d", first):
        return month
    return month and 1 <= int(first[:3]) <= 31 and bool(re.match(r"(?:19|20)\d\d(?!\d)", rest))
