"""Whether a folder or a zip holds the work of a class, as its names tell: as a system lays it out, or as people do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from course.grading.intake.outline import Node
from course.grading.intake.owners import is_a_labs, is_class, is_copy, people_of
from course.grading.intake.recognise import KnownLab
from course.grading.intake.systems import BY_NAME, EXPORTED, SUBMITTED, system_of

MOST_LEVELS = 8  # of folders and zips around all students


class Classes:
    """What is known of the folders and zips of one hand-over; each is looked at once. labs: those of the course."""

    def __init__(self, labs: Sequence[KnownLab]) -> None:
        self.labs = labs
        self._found: dict[Node, _Class] = {}

    def of(self, node: Node) -> _Class:
        """What is known of one folder or zip."""
        return self._found.setdefault(node, _Class(node, self))

    def are_all(self, nodes: Sequence[Node]) -> bool:
        """Whether all folders and zips of one level hold the work of several students each.

        One that alone lies there needs no company; of several, each must, so that no student's folder passes for a class. A folder
        may have only students whom another one has too, as at the beginning of a week.
        """
        if len(nodes) == 1:
            return self.of(nodes[0]).holds_many
        many = [one for one in nodes if self.of(one).holds_many]
        if not many or 2 * len(many) < len(nodes):
            return False
        people = {one: self.of(one).people if one in many else people_of(one, self.labs) for one in nodes}
        exported = all(self.of(one).system for one in nodes) or all(is_copy(nodes[0].name, one.name) for one in nodes)
        counts = Counter(pair for found in people.values() for pair in found)
        if not exported and 2 * sum(count > 1 for count in counts.values()) > len(counts):
            return False  # the same names with the same labs everywhere: "task a" and "task b" of each student
        names = {name for one in many for name, _ in people[one]}
        few = [{name for name, _ in people[one]} for one in nodes if one not in many and one.kind == "folder"]
        return len(few) == len(nodes) - len(many) and all(mine and mine <= names for mine in few)


class _Class:
    """One folder or zip."""

    def __init__(self, node: Node, all_: Classes) -> None:
        self.node, self._all, self._labs = node, all_, all_.labs

    @cached_property
    def system(self) -> str:
        """The system that laid it out, "" if none."""
        found = system_of(self._core.children, self._labs)
        return "" if found == "canvas" and self._is_one_short else found

    @cached_property
    def holds_many(self) -> bool:
        """Whether it holds the work of several students."""
        core = self._core
        if self.system or is_class(core, self._labs) or _is_exported(core):
            return True
        return len(core.folders) > 1 and not core.has_loose and self._all.are_all(core.folders)

    @cached_property
    def people(self) -> set[tuple[str, str]]:
        """(name, lab) of those whose work it may hold."""
        core = self._core
        if self.system in BY_NAME:
            return {(owner.name, one.called) for one in core.children if (owner := BY_NAME[self.system](one.name))}
        if self.system:
            return people_of(next(one for one in core.children if one.called == SUBMITTED), self._labs)
        if is_class(core, self._labs) or len(core.folders) < 2 or core.has_loose:
            return people_of(core, self._labs)
        return set[tuple[str, str]]().union(*(self._all.of(one).people for one in core.folders))

    @cached_property
    def _core(self) -> Node:
        """The folder or zip that it comes to, where one lies in the other and nothing beside it."""
        node = self.node
        for _ in range(MOST_LEVELS):
            inner = node.folders
            alone = len(inner) == 1 and not node.has_loose and not is_a_labs(inner[0].name, self._labs)
            if not alone or _is_exported(node) or system_of(node.children, self._labs):
                return node
            node = inner[0]
        return node

    @property
    def _is_one_short(self) -> bool:
        """Whether Canvas' form is in the names of one person alone, with short numbers: people's own names look like that too."""
        owners = {owner.key for one in self._core.children if (owner := BY_NAME["canvas"](one.name))}
        return len(owners) == 1 and len(next(iter(owners))[2]) < 4


def _is_exported(node: Node) -> bool:
    """Whether it is called as ILIAS calls the folder of all students, and has folders in it."""
    return node.called.casefold() in EXPORTED and bool(node.folders) and not node.has_loose
