"""What a notebook holds for a lab: the answers to its exercises, and the student's own cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from course.grading.judge.dependencies import MAX_CHARACTERS, bound, called_for, has_star_import, imports, makers, needed, runnable
from course.grading.judge.lab import GradedLab
from utils.student.code import pieces
from utils.student.matching import Match, check_of, exercises_of
from utils.student.notebook import Cell, Notebook, cells_of
from utils.student.report import Fate
from utils.student.transplant import matches

MAX_CELLS = 2_000
MAX_TEXT = 500_000  # characters of code; a lab has a tenth of that


@dataclass(frozen=True)
class Answer:
    """A student's answer to one exercise. text: runnable, or None if it does not compile. fate: where it was found."""

    fate: Fate
    text: str | None


@dataclass(frozen=True)
class OwnCell:
    """A code cell of the student's, or what of it defines no exercise. number: of the cell. text: it compiles."""

    number: int
    text: str

    @cached_property
    def bound(self) -> frozenset[str]:
        """The names that it makes."""
        return bound(self.text)

    @cached_property
    def needed(self) -> frozenset[str]:
        """The names that it needs."""
        return needed(self.text)

    @cached_property
    def called_for(self) -> frozenset[str]:
        """The names that its functions need when they are called."""
        return called_for(self.text)

    @cached_property
    def is_star(self) -> bool:
        """Whether it imports names that can't be read off."""
        return has_star_import(self.text)

    @cached_property
    def only_imports(self) -> frozenset[str]:
        """The names that it makes by nothing but an import."""
        return frozenset().union(*map(bound, imports(self.text))) - bound(_without_imports(self.text))


@dataclass(frozen=True)
class Work:
    """What a notebook holds for a lab.

    answers: by exercise. cells: of the student's own, in order. checks: exercise -> the number of the cell that checks it.
    python: the version that last ran the notebook, as it says, "3.12.1"; "" if it does not.
    """

    answers: dict[str, Answer]
    cells: tuple[OwnCell, ...] = ()
    checks: dict[str, int] = field(default_factory=dict)
    python: str = ""

    @cached_property
    def makers(self) -> dict[str, list[OwnCell]]:
        """Name -> the student's own cells that make it, in order."""
        return makers(self.cells, lambda cell: cell.bound)

    @cached_property
    def stars(self) -> list[OwnCell]:
        """The student's own cells that import names which can't be read off."""
        return [cell for cell in self.cells if cell.is_star]


def work_of(notebook: Notebook, lab: GradedLab) -> Work:
    """Find the answers in a notebook, which may be anything that has cells.

    Raises:
        ValueError: it has too many cells, or too much code; a sentence that goes on after "it".
    """
    cells = [cell for cell in cells_of(notebook) if len(cell.text) <= MAX_CHARACTERS]
    length = sum(len(cell.text) for cell in cells if cell.kind == "code")
    if len(cells) > MAX_CELLS or length > MAX_TEXT:
        raise ValueError(f"has {len(cells)} cells with {length} characters of code, and {MAX_CELLS} with {MAX_TEXT} are the most")
    found = matches(lab.cells, cells)
    stubs = {one.name: one.cell.text.strip() for one in exercises_of(lab.cells)}
    answers = {match.fate.name: _answer(match, stubs[match.fate.name]) for _, match in found}
    taken = {cell.number for _, match in found for cell in match.taken}
    rivals = {cell.number for _, match in found for one in match.others for cell in one.cells} - taken
    given = {cell.text.strip() for cell in lab.cells}
    own = [cell for cell in cells if cell.number not in rivals and cell.text.strip() not in given]
    checks = {name: check_of(name, cells) for name in answers}
    return Work(answers, tuple(_own_cells(own, set(answers))), checks, _python(notebook))


def _python(notebook: Notebook) -> str:
    metadata = notebook.get("metadata")
    language = metadata.get("language_info") if isinstance(metadata, dict) else None
    version = language.get("version") if isinstance(language, dict) else None
    return version if isinstance(version, str) and version.replace(".", "").isdigit() and len(version) < 12 else ""


def _answer(match: Match, stub: str) -> Answer:
    """An answer to be run. What only resembles a stub, because it inherits the rest or is an older one, runs too: running tells."""
    theirs = "\n".join(cell.text for cell in match.taken)
    if match.fate.how == "stub" and theirs.strip() != stub:
        return Answer(replace(match.fate, how="id"), runnable(theirs))
    return Answer(match.fate, runnable(match.text))


def _own_cells(cells: Iterable[Cell], names: set[str]) -> list[OwnCell]:
    """The code cells that compile, as a notebook runs them, without the definitions of exercises: these have cells of their own."""
    found = []
    for cell in cells:
        text = runnable(cell.text) if cell.kind == "code" else None
        if text is not None and names & bound(text):
            text = "\n".join(piece.text for piece in pieces(text) if not piece.names & names)
        if text and text.strip():
            found.append(OwnCell(cell.number, text))
    return found


def _without_imports(text: str) -> str:
    lines = set(imports(text))
    return "\n".join(piece.text for piece in pieces(text) if not lines & set(imports(piece.text)))
