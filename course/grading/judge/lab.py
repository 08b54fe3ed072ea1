"""A lab as the grader needs it: its exercises, its cells, what its cells import, and its reference answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path

from course.grading.judge.dependencies import BUILTIN, bound, course_imports, imports, makers, needed
from course.grading.sandbox.modules import Modules, modules_for
from utils.exercises.declare import Lab
from utils.files import ROOT
from utils.student.code import pieces
from utils.student.matching import exercises_of
from utils.student.notebook import Cell, cells_of, read_notebook, titans


@dataclass(frozen=True)
class GradedLab:
    """One lab. name: "01_pruning". declared: its exercises. cells: of the notebook as students get it.

    imports: statements of the lab's own cells, without the course's. given: what else they define that needs neither the
    course's packages nor its data, statement by statement. references: exercise -> the text of its cell in
    solutions/, empty where that is not there. modules: what probes need. source_sha256: of the lab's source.
    """

    name: str
    declared: Lab
    cells: tuple[Cell, ...]
    imports: tuple[str, ...]
    given: tuple[str, ...]
    references: dict[str, str]
    modules: Modules
    source_sha256: str

    @cached_property
    def importing(self) -> dict[str, list[int]]:
        """Name -> which of the imports make it."""
        return makers(range(len(self.imports)), lambda at: bound(self.imports[at]))

    @cached_property
    def giving(self) -> dict[str, list[int]]:
        """Name -> which of the given statements make it."""
        return makers(range(len(self.given)), lambda at: bound(self.given[at]))

    @property
    def order(self) -> tuple[str, ...]:
        """The exercises in the notebook's order."""
        return tuple(one.name for one in exercises_of(self.cells) if one.name in self.declared.exercises)


@cache
def graded_lab(name: str, root: Path = ROOT) -> GradedLab:
    """The lab of this name, "01_pruning".

    Raises:
        ValueError: there is none, or its notebook and its declarations name different exercises.
    """
    path = root / "labs" / f"{name}.ipynb"
    if not path.is_file() or not name[:2].isdigit():
        known = ", ".join(sorted(one.stem for one in (root / "labs").glob("[0-9][0-9]_*.ipynb")))
        raise ValueError(f"there is no lab {name}: use one of {known}")
    notebook = read_notebook(path)
    cells = tuple(cells_of(notebook))
    declared: Lab = import_module(f"utils.exercises.lab{name[:2]}").lab
    in_cells = {one.name for one in exercises_of(cells)}
    if in_cells != set(declared.exercises):
        raise ValueError(f"{name} has cells for {sorted(in_cells)} and declares {sorted(declared.exercises)}: build the lab again")
    texts = [cell.text for cell in cells if cell.kind == "code" and "exercise" not in cell.tags]
    lines = tuple(dict.fromkeys(line for text in texts for line in imports(text)))
    given = _standing_alone([piece.text for text in texts for piece in pieces(text)], {*declared.exercises, *_bound(lines)})
    solution = root / "solutions" / path.name
    answers = exercises_of(cells_of(read_notebook(solution))) if solution.is_file() else []
    references = {one.name: one.cell.text for one in answers}
    sha256 = titans(notebook).get("source_sha256", "")
    return GradedLab(name, declared, cells, lines, given, references, modules_for(name[:2]), sha256)


def _standing_alone(statements: list[str], there: set[str]) -> tuple[str, ...]:
    """Those that need only names that are there, or that others of them make."""
    left = [text for text in statements if bound(text) - there and not imports(text) and not course_imports(text)]
    while True:
        names = there | _bound(left)
        kept = [text for text in left if needed(text) <= names | BUILTIN]
        if len(kept) == len(left):
            return tuple(left)
        left = kept


def _bound(texts: Iterable[str]) -> set[str]:
    return set().union(*map(bound, texts))
