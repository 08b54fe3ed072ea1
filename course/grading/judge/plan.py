"""What runs for an exercise: the student's cell, and as much else as it needs.

In this order: what the lab's own cells import and define, the student's own helpers, earlier exercises, the exercise.
An earlier exercise is the student's own if it got all its points, else the reference's, so that no mistake is charged
twice; the notebook does the same with a stand-in. Setup cells never come from the student, and nothing that needs
the course's packages, data or models is there: an exercise is a function of its arguments.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

from course.grading.judge.dependencies import MOST_CHARACTERS, course_imports, makers, needed, reaching, runnable
from course.grading.judge.lab import GradedLab
from utils.student.code import pieces
from utils.student.matching import Match, exercises_of
from utils.student.notebook import Cell, Notebook, cells_of
from utils.student.report import Fate
from utils.student.transplant import matches

MOST_CELLS = 2_000
MOST_TEXT = 500_000  # characters of code; a lab has a tenth of that


@dataclass(frozen=True)
class Answer:
    """A student's answer to one exercise. text: runnable, or None if it does not compile. fate: where it was found."""

    fate: Fate
    text: str | None


@dataclass(frozen=True)
class Work:
    """What a notebook holds for a lab.

    answers: by exercise. helpers: (cell, statement) of all other cells that are not as the lab has them.
    """

    answers: dict[str, Answer]
    helpers: tuple[tuple[int, str], ...] = ()

    @cached_property
    def makers(self) -> dict[str, list[int]]:
        """Name -> which of the helpers make it."""
        return makers(text for _, text in self.helpers)


@dataclass(frozen=True)
class Plan:
    """cells: (name, source) to run.

    replaced: earlier exercises that are the reference's. missing: names that nothing gives. course: the course's modules
    that are imported. helpers: numbers of the cells that help. reaching: names that a person should look at.
    """

    cells: tuple[tuple[str, str], ...]
    replaced: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    course: tuple[str, ...] = ()
    helpers: tuple[int, ...] = ()
    reaching: tuple[str, ...] = ()


def work_of(notebook: Notebook, lab: GradedLab) -> Work:
    """Find the answers in a notebook, which may be anything that has cells.

    Raises:
        ValueError: it has too many cells, or too much code; a sentence that goes on after "it".
    """
    cells = [cell for cell in cells_of(notebook) if len(cell.text) <= MOST_CHARACTERS]
    length = sum(len(cell.text) for cell in cells if cell.kind == "code")
    if len(cells) > MOST_CELLS or length > MOST_TEXT:
        raise ValueError(f"has {len(cells)} cells with {length} characters of code, and {MOST_CELLS} with {MOST_TEXT} are the most")
    found = matches(lab.cells, cells)
    stubs = {one.name: one.cell.text.strip() for one in exercises_of(lab.cells)}
    answers = {match.fate.name: _answer(match, stubs[match.fate.name]) for _, match in found}
    taken = {cell.number for _, match in found for cell in match.taken}
    rivals = {cell.number for _, match in found for one in match.others for cell in one.cells} - taken
    given = {cell.text.strip() for cell in lab.cells}
    own = [cell for cell in cells if cell.number not in rivals and cell.text.strip() not in given]
    return Work(answers, tuple(_helpers(own, set(answers))))


def _answer(match: Match, stub: str) -> Answer:
    """An answer to be run. What only resembles a stub, because it inherits the rest or is an older one, runs too: running tells."""
    theirs = "\n".join(cell.text for cell in match.taken)
    if match.fate.how == "stub" and theirs.strip() != stub:
        return Answer(replace(match.fate, how="id"), runnable(theirs))
    return Answer(match.fate, runnable(match.text))


def _helpers(cells: list[Cell], names: set[str]) -> list[tuple[int, str]]:
    """The statements of code cells that define no exercise; what an answer's cell holds beside the answer may help another."""
    found = []
    for cell in cells:
        if cell.kind == "code" and (text := runnable(cell.text)) is not None:
            found += [(cell.number, piece.text) for piece in pieces(text) if piece.text.strip() and not piece.names & names]
    return found


def plan(name: str, work: Work, lab: GradedLab, solved: Collection[str]) -> Plan:
    """The cells for one exercise that has a runnable answer. solved: the exercises that got all their points."""
    own = work.answers[name].text or ""
    order = lab.order
    earlier = set(order[: order.index(name)])
    imports: dict[str, None] = {}
    given: set[int] = set()
    helpers: set[int] = set()
    others: dict[str, str] = {}
    replaced, missing = [], []
    waiting, seen = sorted(needed(own)), {name}
    while waiting:
        wanted = waiting.pop(0)
        if wanted in seen:
            continue
        seen.add(wanted)
        texts: list[str] = []
        if wanted in work.answers:
            text, is_reference = _other(wanted, work, lab, wanted in earlier, wanted in solved)
            there = text is not None
            if text is not None:
                texts = [text]
                others[wanted] = text
                replaced += [wanted] * is_reference
        elif lines := lab.importing.get(wanted):
            imports.update(dict.fromkeys(lab.imports[at] for at in lines))
            continue
        else:
            from_helpers = wanted in work.makers
            source, taken = (work.makers, helpers) if from_helpers else (lab.giving, given)
            there = wanted in source
            chosen = [at for at in source.get(wanted, ()) if at not in taken]
            texts = [work.helpers[at][1] if from_helpers else lab.given[at] for at in chosen]
            taken.update(chosen)
        if not there:
            missing.append(wanted)
        waiting += sorted(set().union(*map(needed, texts)) - seen)
    cells = [(f"import {number}", line) for number, line in enumerate(imports)]
    cells += [("given", lab.given[at]) for at in sorted(given)]
    helping = [work.helpers[at] for at in sorted(helpers)]
    cells += [(f"cell {number}", text) for number, text in helping]
    cells += [(other, others[other]) for other in order if other in others]
    theirs = (own, *(text for _, text in helping))
    course = sorted({module for text in theirs for module in course_imports(text)})
    reached = sorted({one for text in theirs for one in reaching(text)})
    numbers = tuple(sorted({number for number, _ in helping}))
    return Plan((*cells, (name, own)), tuple(replaced), tuple(missing), tuple(course), numbers, tuple(reached))


def _other(name: str, work: Work, lab: GradedLab, earlier: bool, solved: bool) -> tuple[str | None, bool]:
    """Another exercise's text, and whether it is the reference's. A later one is the student's own, right or wrong."""
    answer = work.answers[name]
    if solved or not earlier or name not in lab.references:
        return (answer.text if answer.fate.written else None), False
    return lab.references[name], True
