"""Who handed in what, decided once for all that was handed over, by its outermost names.

What lies in one student's folder, zip or file names nobody else, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from course.grading.intake.classes import MOST_LEVELS, Classes
from course.grading.intake.leftovers import Parts
from course.grading.intake.outline import Node
from course.grading.intake.owners import by_hand, is_a_labs, people_of
from course.grading.intake.recognise import KnownLab, lab_called
from course.grading.intake.systems import BY_NAME, OWN, SUBMITTED, Owner, system_of
from course.grading.text import clean, same

_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods", ".db", ".toml", ".log", ".yml", ".yaml")
_PAGES = ("index.html", "nbgrader_config.py", "timestamp.txt", "readme", "readme.md", "readme.txt")
Level = list[tuple[Parts, Node]]


@dataclass(frozen=True)
class Layout:
    """How all that was handed over is laid out.

    system: as in `Owner`. levels: the folders and zips directly above the students, () for the top. around: all that are above
    several students, these included. doubts: what looks like the work of several, by place -> a sentence that goes on after its name.
    """

    labs: Sequence[KnownLab]
    system: str = "folder"
    levels: tuple[Parts, ...] = ((),)
    around: frozenset[Parts] = frozenset()
    doubts: dict[Parts, str] = field(default_factory=dict)

    def is_class(self, place: Parts) -> bool:
        """Whether a zip in this place holds the work of many."""
        return place in self.around

    def hand_in(self, parts: Parts, owner: Owner) -> Parts:
        """What was handed in at once: the folder, zip or file of one student that a file is in; all that a system has of one student.

        Notebooks that lie loose and name nobody are handed in together.
        """
        above = self.above(parts)
        if owner.system in BY_NAME:
            return above
        depth = len(above) + 1
        while depth < len(parts) and is_a_labs(parts[depth - 1], self.labs):
            depth += 1
        loose = not owner.name and depth == len(parts) and not parts[-1].lower().endswith(".zip")
        return (*parts[: depth - 1], "") if loose else parts[:depth]

    def owner(self, parts: Parts) -> Owner | None:
        """Whose a file is; None for what is nobody's: nbgrader's own folders, and a table or a page beside the students."""
        level = self.above(parts)
        rest = parts[len(level) :]
        if found := self._by_name(rest[0]):
            return Owner(found.system, found.name, found.number, found.file if len(rest) == 1 else rest[-1], found.late)
        if self.system == "nbgrader":
            if level in self.levels and len(rest) > 1 and not rest[0].lower().endswith(".zip"):
                return Owner("nbgrader", same(rest[0]), "", rest[-1])
            if level not in self.levels and rest[0] in OWN:
                return None
        if len(rest) == 1 and rest[0].lower().endswith((*_TABLES, *_PAGES)) and not lab_called(rest[0], self.labs):
            return None
        while len(rest) > 1 and is_a_labs(rest[0], self.labs):  # one folder for each lab
            rest = rest[1:]
        return Owner("folder", by_hand(rest, self.labs), "", rest[-1])

    def above(self, parts: Parts) -> Parts:
        """The folder or zip that a file is in and that is above a student, the innermost."""
        above = (parts[:depth] for depth in range(len(parts) - 1, 0, -1))
        return next((place for place in above if place in self.around), ())

    def _by_name(self, name: str) -> Owner | None:
        return BY_NAME[self.system](name) if self.system in BY_NAME else None


def layout_of(top: Node, labs: Sequence[KnownLab]) -> Layout:
    """Decide who handed in what. top: the outline of all that was handed over."""
    classes = Classes(labs)
    level: Level = [((), top)]
    if top.called == SUBMITTED:
        layout = Layout(labs, "nbgrader")
        layout.doubts.update(_doubts(layout, level, classes))
        return layout
    around = {()} if classes.of(top).holds_many else set[Parts]()
    for _ in range(MOST_LEVELS):
        children = _children(level)
        system = system_of([one for _, one in children], labs)
        inner = [(place, one) for place, one in children if one.kind != "file" and one.holds_work]
        if system == "nbgrader":
            level = [(place, one) for place, one in inner if one.called == SUBMITTED]
            around |= {place for place, _ in level}
        if system or not inner or any(node.has_loose for _, node in level) or not classes.are_all([one for _, one in inner]):
            break
        level = inner
        around |= {place for place, _ in level}
    layout = Layout(labs, system or "folder", tuple(place for place, _ in level), frozenset(around))
    layout.doubts.update(_doubts(layout, level, classes))
    return layout


def _children(level: Level) -> Level:
    return [((*place, one.name), one) for place, node in level for one in node.children]


def _doubts(layout: Layout, level: Level, classes: Classes) -> Iterator[tuple[Parts, str]]:
    labs, children = layout.labs, _children(level)
    alone = sum(one.kind != "file" and one.holds_work for _, one in children) == 1
    for place, one in children:
        if one.kind == "file" or is_a_labs(one.name, labs):
            continue
        found = classes.of(one)
        by_people = found.holds_many or (alone and len({name for name, _ in people_of(one, labs)}) > 1)
        if found.system or (layout.system == "folder" and by_people):
            names = [clean(below.name) for below in one.children if below.holds_work]
            some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            why = f"its names look like several students' ({some})"
            yield place, f"was graded as one student's, and {why}: if so, give grade this folder or zip itself"
