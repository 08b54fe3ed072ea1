"""What runs for an exercise: the student's cell, and as much else of the notebook as it needs.

Whole cells of the student's run, in the notebook's order, those above the exercise's check first: as in the notebook. At first
the cells that make a name which the answer needs, directly or by others; if the answer does not get all its points with these,
all cells above its check (`whole`), since a cell may also change what another has made. What the lab's own cells import and
define comes from the instructor's copy. An earlier exercise is the student's own if it got all its points, else the reference's, so
that no mistake is charged twice; the notebook does the same with a stand-in. Setup cells never come from the student, and nothing
that needs the course's packages, data or models is there: an exercise is a function of its arguments.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from course.grading.judge.dependencies import BUILTIN, course_imports, has_future_import, needed, reaching, set_by_functions
from course.grading.judge.lab import GradedLab
from course.grading.judge.work import OwnCell, Work


@dataclass(frozen=True)
class Plan:
    """cells: (name, source) to run.

    replaced: earlier exercises that are the reference's. missing: names that nothing gives. course: the course's modules
    that are imported. helpers: numbers of the student's own cells among them. reaching: names that a person should look at.
    """

    cells: tuple[tuple[str, str], ...]
    replaced: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    course: tuple[str, ...] = ()
    helpers: tuple[int, ...] = ()
    reaching: tuple[str, ...] = ()


def plan(name: str, work: Work, lab: GradedLab, solved: Collection[str], whole: bool = False) -> Plan:
    """The cells for one exercise that has a runnable answer.

    solved: the exercises that got all their points. whole: with all cells of the student's above the exercise's check.
    """
    answer = work.answers[name]
    text, check = answer.text or "", work.checks.get(name, 0)
    above = [cell for cell in work.cells if cell.number < check and cell.number not in answer.fate.cells]
    taken = set(above if whole else (cell for cell in above if has_future_import(cell.text)))
    chosen = _Chosen(name, work, lab, solved)
    missing: list[str] = []
    waiting, seen = sorted(needed(text).union(*(cell.needed for cell in taken))), {name}
    matters, late = set(needed(text)), set(set_by_functions(text))  # of a helper's cell, what its functions need is missed
    while waiting:
        wanted = waiting.pop(0)
        if wanted in seen:
            continue
        seen.add(wanted)
        helping = [] if wanted in work.answers else _helping(wanted, work, check, lab, answer.fate.cells)
        if helping:
            late |= set().union(*(set_by_functions(cell.text) for cell in helping))
            matters |= set().union(*(cell.called_for for cell in helping))
            more = set().union(*(cell.needed for cell in helping))
            taken |= set(helping)
        elif (texts := chosen.take(wanted)) is not None:
            more = set().union(*map(needed, texts))
            matters |= more
        else:
            missing.append(wanted)
            continue
        waiting += sorted(more - seen)
    chosen.missing = [one for one in missing if one in matters and one not in BUILTIN | late]
    return chosen.plan(text, sorted(taken, key=lambda cell: cell.number))


def _helping(wanted: str, work: Work, check: int, lab: GradedLab, own: Collection[int]) -> list[OwnCell]:
    """The student's own cells that make a name: those above the check, else those below; [] if it comes from elsewhere."""
    made = [cell for cell in work.makers.get(wanted, ()) if cell.number not in own]
    imported = wanted in lab.importing
    above = [cell for cell in made if cell.number < check and not (imported and wanted in cell.only_imports)]
    if above or imported or wanted in lab.giving:
        return above
    if made or wanted in BUILTIN:
        return made
    return [cell for cell in work.stars if cell.number < check] or work.stars


class _Chosen:
    """What a plan takes from the lab and from other exercises."""

    def __init__(self, name: str, work: Work, lab: GradedLab, solved: Collection[str]) -> None:
        self.name, self.work, self.lab, self.solved = name, work, lab, solved
        self.earlier = set(lab.order[: lab.order.index(name)])
        self.imports: dict[str, None] = {}
        self.given: set[int] = set()
        self.others: dict[str, str] = {}
        self.replaced: list[str] = []
        self.missing: list[str] = []

    def take(self, wanted: str) -> list[str] | None:
        """The texts that give a name, to be looked through in their turn; None if nothing gives it."""
        if wanted in self.work.answers:
            text, is_reference = _other(wanted, self.work, self.lab, wanted in self.earlier, wanted in self.solved)
            if text is None:
                return None
            self.others[wanted] = text
            self.replaced += [wanted] * is_reference
            return [text]
        if lines := self.lab.importing.get(wanted):
            self.imports.update(dict.fromkeys(self.lab.imports[at] for at in lines))
            return []
        if wanted not in self.lab.giving:
            return None
        chosen = [at for at in self.lab.giving[wanted] if at not in self.given]
        self.given.update(chosen)
        return [self.lab.given[at] for at in chosen]

    def plan(self, own: str, cells: list[OwnCell]) -> Plan:
        """The cells in the notebook's order: the lab's, the student's with other exercises between, the exercise."""
        placed = [(cell.number, f"cell {cell.number}", cell.text) for cell in cells]
        placed += [(self._place(other), other, self.others[other]) for other in self.lab.order if other in self.others]
        first = [(f"import {number}", line) for number, line in enumerate(self.imports)]
        first += [("given", self.lab.given[at]) for at in sorted(self.given)]
        theirs = (own, *(cell.text for cell in cells))
        return Plan(
            (*first, *((name, text) for _, name, text in sorted(placed, key=lambda one: one[0])), (self.name, own)),
            tuple(self.replaced),
            tuple(self.missing),
            tuple(sorted({module for text in theirs for module in course_imports(text)})),
            tuple(cell.number for cell in cells),
            tuple(sorted({one for text in theirs for one in reaching(text)})),
        )

    def _place(self, other: str) -> int:
        return min(self.work.answers[other].fate.cells, default=0)


def _other(name: str, work: Work, lab: GradedLab, earlier: bool, solved: bool) -> tuple[str | None, bool]:
    """Another exercise's text, and whether it is the reference's. A later one is the student's own, right or wrong."""
    answer = work.answers[name]
    if solved or not earlier or name not in lab.references:
        return (answer.text if answer.fate.written else None), False
    return lab.references[name], True
