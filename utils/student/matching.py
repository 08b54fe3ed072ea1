"""Match the cells of a student's notebook with the exercises that they answer: by id, then by function name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from utils.student.code import Piece, arguments, assigns, defined, has_magic, is_untouched, parse, pieces
from utils.student.notebook import Cell
from utils.student.report import Fate

# What makes one candidate better than another, the strongest reason first.
_REASONS = (
    "the only code cell among them",
    "the only one that you wrote in",
    "the only one that compiles",
    "the only one that defines it",
    "the one above its check",
    "the last one above its check, which is the one that the check judges",
)


@dataclass(frozen=True)
class Exercise:
    """An exercise of today's lab: its cell, and the name of the one function or class that it asks for."""

    cell: Cell
    name: str


@dataclass(frozen=True)
class Candidate:
    """One cell, or the parts of a split one, that may be the answer.

    text: their code, as far as it belongs to the exercise. merged: in words what else they hold, mostly nothing.
    """

    cells: tuple[Cell, ...]
    text: str
    by_id: bool
    merged: str = ""

    @property
    def is_code(self) -> bool:
        """Whether all of it is in code cells."""
        return all(cell.kind == "code" for cell in self.cells)


@dataclass(frozen=True)
class Match:
    """The answer to an exercise. text: what stands in its cell. taken: the cells it came from. others: candidates passed over."""

    fate: Fate
    text: str
    taken: tuple[Cell, ...] = ()
    others: tuple[Candidate, ...] = ()


def exercises_of(lab: Sequence[Cell]) -> list[Exercise]:
    """The exercises of a lab, in order."""
    tagged = [cell for cell in lab if "exercise" in cell.tags and cell.kind == "code"]
    return [Exercise(cell, next(iter(sorted(defined(cell.text))), cell.id)) for cell in tagged]


def match(exercise: Exercise, student: Sequence[Cell], names: Collection[str], lab_said: Collection[str]) -> Match:
    """Find the answer to one exercise.

    student: all cells of the student's notebook. names: of all exercises of the lab.
    lab_said: the statements of the lab's own cells that may have been merged into the answer.
    """
    found = [_own(one, exercise.name, names, lab_said) for one in candidates(exercise, student, names)]
    if not found:
        emptied = next((cell for cell in student if cell.id == exercise.cell.id and not cell.text.strip()), None)
        notes = {"emptied": "its cell is empty"} if emptied else {}
        return Match(Fate(exercise.name, "missing", notes=notes), exercise.cell.text, (emptied,) if emptied else ())
    check = check_of(exercise.name, student)
    ranks = {id(one): _rank(one, exercise, check) for one in found}
    best = max(found, key=lambda one: ranks[id(one)])
    highest = ranks[id(best)]
    best = next((one for one in found if one.by_id and one.is_code and one.text.strip() == best.text.strip()), best)
    others = tuple(one for one in found if one is not best)
    numbers = tuple(cell.number for cell in best.cells)
    if is_untouched(best.text, exercise.cell.text):
        return Match(Fate(exercise.name, "stub", numbers), exercise.cell.text, best.cells, others)
    notes = _notes(best, exercise)
    if rivals := [one for one in others if one.text.strip() != best.text.strip() and not is_untouched(one.text, exercise.cell.text)]:
        second = max(ranks[id(one)] for one in rivals)
        reason = next(why for why, mine, theirs in zip(_REASONS, highest, second, strict=True) if mine != theirs)
        where = " and ".join(one.cells[0].place for one in rivals)
        notes["duplicated"] = f"duplicated: the cell {where} has another version, this is {reason}"
    return Match(Fate(exercise.name, "id" if best.by_id else "name", numbers, notes), best.text, best.cells, others)


def candidates(exercise: Exercise, student: Sequence[Cell], names: Collection[str]) -> list[Candidate]:
    """Every cell that may be the answer; the parts of a split cell count as one."""
    found: list[Candidate] = []
    for at, cell in enumerate(student):
        by_id = cell.id == exercise.cell.id
        in_part = any(cell in one.cells for one in found)
        if in_part or not cell.text.strip():
            continue
        names_here = defined(cell.text)
        if exercise.name in names_here:
            if cell.kind == "code" or by_id or parse(cell.text) is not None:
                found.append(_joined(exercise, student, at, names))
        elif by_id and cell.kind == "code" and not names_here & set(names):
            found.append(Candidate((cell,), cell.text, True))
    parts = {cell.number for one in found if len(one.cells) > 1 for cell in one.cells}
    return [one for one in found if len(one.cells) > 1 or one.cells[0].number not in parts]


def _joined(exercise: Exercise, student: Sequence[Cell], at: int, names: Collection[str]) -> Candidate:
    """A cell with the lower parts that were split off: what follows indented, or what it needs to compile."""
    cells, whole = [student[at]], Candidate((student[at],), student[at].text, student[at].id == exercise.cell.id)
    for cell in student[at + 1 : at + 8]:
        text = "\n".join(one.text for one in cells)
        indented = cell.text.lstrip("\n")[:1] in (" ", "\t")
        foreign = cell.kind != "code" or bool(cell.tags & {"setup", "check", "demo"}) or bool(defined(cell.text) & set(names))
        if foreign or not (indented or parse(text) is None):
            break
        cells.append(cell)
        joined = f"{text}\n{cell.text}"
        if parse(joined) is not None and exercise.name in defined(joined):
            whole = Candidate(tuple(cells), joined, any(one.id == exercise.cell.id for one in cells))
    return whole


def _rank(one: Candidate, exercise: Exercise, check: int) -> tuple[bool, bool, bool, bool, bool, int]:
    above = one.cells[-1].number < check
    return (
        one.is_code,
        not is_untouched(one.text, exercise.cell.text),
        parse(one.text) is not None,
        exercise.name in defined(one.text),
        above,
        one.cells[0].number,
    )


def check_of(name: str, student: Sequence[Cell]) -> int:
    """The number of the cell that checks an exercise; beyond the last one if there is none."""
    call = f"{name} = check({name})"
    checks = [cell.number for cell in student if cell.id == f"check-{name}" or call in cell.text.splitlines()]
    return min(checks, default=1 + max((cell.number for cell in student), default=0))


def _own(one: Candidate, name: str, names: Collection[str], lab_said: Collection[str]) -> Candidate:
    """A candidate without what belongs to other exercises or stands in the lab's own cells; comments stay."""
    others = set(names) - {name}
    kept: list[Piece] = []
    foreign: list[Piece] = []
    for piece in pieces(one.text):
        strange = piece.names & others or (piece.said and piece.said in lab_said)
        (foreign if strange else kept).append(piece)
        if strange and not piece.names & others and (said := [line for line in piece.text.split("\n") if line.startswith("#")]):
            kept.append(Piece("\n".join(said), frozenset(), ""))
    if not foreign or not kept:
        return one
    held = sorted(set().union(*(piece.names & others for piece in foreign)))
    words = ", ".join([*held, *(["cells of the lab"] if any(not piece.names & others for piece in foreign) else [])])
    return replace(one, text="\n".join(piece.text for piece in kept).strip("\n"), merged=words)


def _notes(best: Candidate, exercise: Exercise) -> dict[str, str]:
    notes, text = {}, best.text
    if best.merged:
        notes["merged"] = f"the cell also contains {best.merged}: only this exercise's part was taken"
    if len(best.cells) > 1:
        notes["split"] = f"split over {len(best.cells)} cells: joined again"
    if not best.is_code:
        kinds = sorted({cell.kind for cell in best.cells} - {"code"})
        notes["retyped"] = f"it had been made a {kinds[0]} cell: it is code again"
    if exercise.name not in defined(text) and not assigns(text, exercise.name):
        here = ", ".join(sorted(defined(text)))
        mend = f"it defines {here}: rename that" if here else "it defines nothing: write it"
        notes["renamed"] = f"{mend} as {exercise.name}"
    if parse(text) is None:
        notes["broken"] = "it does not compile"
    elif has_magic(text):
        notes["magic"] = "it has lines that only IPython understands"
    wanted, given = arguments(exercise.cell.text, exercise.name), arguments(text, exercise.name)
    if None not in (wanted, given) and wanted != given:
        notes["arguments"] = f"today it takes ({wanted}), yours takes ({given})"
    return notes
