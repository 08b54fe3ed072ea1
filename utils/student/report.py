"""The fate of every cell of a student's notebook: data for a grader, sentences for a student, who sees no cell numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

How = Literal["id", "name", "stub", "missing"]


@dataclass(frozen=True)
class Fate:
    """The fate of one exercise.

    how: the student's cell was found by its "id" or by the function's "name"; it is a "stub" nobody wrote in, or
        "missing": in both cases today's stub stands in the new notebook.
    cells: numbers, from 1, of the cells in the student's notebook that were taken; more than one if it was split.
    notes: what is worth knowing, by kind: duplicated, split, merged, retyped, renamed, broken, magic, arguments, emptied.
    """

    name: str
    how: How
    cells: tuple[int, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def written(self) -> bool:
        """Whether the student wrote an answer."""
        return self.how in ("id", "name")

    def __str__(self) -> str:
        said = {
            "id": "yours",
            "name": "yours, recognized by the function's name",
            "stub": "today's stub: you have not begun it",
            "missing": "today's stub: your notebook has no cell for it",
        }[self.how]
        return "; ".join([said, *self.notes.values()])


@dataclass(frozen=True)
class Other:
    """A cell that is not an answer. cell: its number in the student's notebook. line: its first line. said: what became of it."""

    cell: int
    line: str
    said: str


@dataclass(frozen=True)
class Report:
    """exercises: in the lab's order. carried: the student's own cells, in the new notebook. left: what is only in the old one."""

    exercises: tuple[Fate, ...]
    carried: tuple[Other, ...] = ()
    left: tuple[Other, ...] = ()

    def __getitem__(self, name: str) -> Fate:
        return next(fate for fate in self.exercises if fate.name == name)

    def __str__(self) -> str:
        width = max((len(fate.name) for fate in self.exercises), default=0)
        lines = [f"  {fate.name.ljust(width)}  {fate}" for fate in self.exercises]
        for title, others in (("Your own cells:", self.carried), ("Not taken over, still in the old file:", self.left)):
            lines += [title] * bool(others) + [f'  "{other.line}": {other.said}' for other in others]
        return "\n".join(lines)
