"""Who handed in what, decided once for all that was handed over, by its outermost names.

What lies in one student's folder, zip or file names nobody else, whatever it is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from course.grading.intake.leftovers import Parts
from course.grading.intake.outline import Node
from course.grading.intake.owners import by_hand, is_a_labs, is_class, people_of
from course.grading.intake.recognise import KnownLab, lab_called
from course.grading.intake.systems import BY_NAME, EXPORTED, OWN, SUBMITTED, Owner, system_of
from course.grading.text import clean, same

MOST_LEVELS = 8  # of folders and zips around all students
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
    if top.called == SUBMITTED:
        return _with_doubts(Layout(labs, "nbgrader"), [((), top)])
    level: Level = [((), top)]
    around = {()} if _holds_many(top, labs) else set[Parts]()
    for _ in range(MOST_LEVELS):
        children = _children(level)
        system = system_of([one for _, one in children], labs)
        inner = [(place, one) for place, one in children if one.kind != "file" and one.holds_work]
        if system == "nbgrader":
            level = [(place, one) for place, one in inner if one.called == SUBMITTED]
            around |= {place for place, _ in level}
        if system or not inner or any(one.is_notebook for _, one in children) or not _are_classes([one for _, one in inner], labs):
            break
        level = inner
        around |= {place for place, _ in level}
    layout = Layout(labs, system or "folder", tuple(place for place, _ in level), frozenset(around))
    return _with_doubts(layout, level)


def _children(level: Level) -> Level:
    return [((*place, one.name), one) for place, node in level for one in node.children]


def _are_classes(nodes: Sequence[Node], labs: Sequence[KnownLab]) -> bool:
    """Whether all folders and zips of one level hold the work of several students each.

    One that alone lies there needs no company; of several, each must, so that no student's folder passes for a class. A folder
    may have only students whom another one has too, as at the begin of a week.
    """
    if len(nodes) == 1:
        return _holds_many(nodes[0], labs)
    many = [one for one in nodes if _holds_many(one, labs)]
    if not many or 2 * len(many) < len(nodes):
        return False
    found = {id(one): _people_in(one, labs) if one in many else people_of(one, labs) for one in nodes}
    counts = Counter(pair for people in found.values() for pair in people)
    if 2 * sum(count > 1 for count in counts.values()) > len(counts):
        return False  # the same names with the same labs everywhere: "old" and "new" of each student
    names = {name for one in many for name, _ in found[id(one)]}
    few = [{name for name, _ in found[id(one)]} for one in nodes if one not in many and one.kind == "folder"]
    return len(few) == len(nodes) - len(many) and all(mine and mine <= names for mine in few)


def _holds_many(node: Node, labs: Sequence[KnownLab]) -> bool:
    """Whether a folder or a zip holds the work of several students: as a system lays it out, or as people do."""
    inner = _innermost(node, labs)
    return (bool(system_of(inner.children, labs)) and not _is_one_short_canvas(inner, labs)) or is_class(inner, labs) or _is_exported(inner)


def _innermost(node: Node, labs: Sequence[KnownLab]) -> Node:
    """The folder or zip that it comes to, where one lies in the other and nothing beside it."""
    for _ in range(MOST_LEVELS):
        inner = _inner(node)
        alone = len(inner) == 1 and not any(one.is_notebook for one in node.children) and not is_a_labs(inner[0].name, labs)
        if not alone or _is_exported(node) or system_of(node.children, labs):
            return node
        node = inner[0]
    return node


def _inner(node: Node) -> list[Node]:
    return [one for one in node.children if one.kind != "file" and one.holds_work]


def _is_exported(node: Node) -> bool:
    """Whether it is called as ILIAS calls the folder of all students, and has folders in it."""
    return node.called.casefold() in EXPORTED and bool(_inner(node)) and not any(one.is_notebook for one in node.children)


def _is_one_short_canvas(node: Node, labs: Sequence[KnownLab]) -> bool:
    """Whether Canvas' form is seen in the names of one person alone, with short numbers: people's own names look like that too."""
    if system_of(node.children, labs) != "canvas":
        return False
    owners = {owner.key for one in node.children if (owner := BY_NAME["canvas"](one.name))}
    return len(owners) == 1 and len(next(iter(owners))[2]) < 4


def _people_in(node: Node, labs: Sequence[KnownLab]) -> set[tuple[str, str]]:
    """(name, lab) of those whose work it may hold."""
    inner = _innermost(node, labs)
    if (system := system_of(inner.children, labs)) in BY_NAME:
        return {(owner.name, one.called) for one in inner.children if (owner := BY_NAME[system](one.name))}
    if system:
        inner = next(one for one in inner.children if one.called == SUBMITTED)
    return people_of(inner, labs)


def _with_doubts(layout: Layout, level: Level) -> Layout:
    layout.doubts.update(_doubts(layout, level))
    return layout


def _doubts(layout: Layout, level: Level) -> Iterator[tuple[Parts, str]]:
    labs = layout.labs
    for place, one in _children(level):
        if one.kind == "file" or is_a_labs(one.name, labs):
            continue
        if (system_of(one.children, labs) and not _is_one_short_canvas(one, labs)) or (
            layout.system == "folder" and _holds_many(one, labs)
        ):
            names = [clean(below.name) for below in one.children if below.holds_work]
            some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            yield (
                place,
                f"was graded as one student's, and its names look like several students' ({some}): if it is a class, grade it alone",
            )
