"""A grader's view of a notebook, before it is handed in: exercises that will get no points whatever they compute."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from utils.student.code import defined, parse, runnable_forms
from utils.student.matching import Match
from utils.student.notebook import Cell, cells_of
from utils.student.transplant import matches

COURSE = ("utils", "course", "solutions")  # packages that are not there when work is graded
_HARMLESS = ("merged", "split", "retyped")  # the grader takes such a cell as `update` does


def forecast(lab: Mapping[str, Any], student: Mapping[str, Any]) -> list[str]:
    """Sentences on what a grader will see in a student's notebook; [] if every exercise that was begun can be run.

    Exercises that nobody began are not mentioned. Nothing is executed.
    """
    ours, theirs = cells_of(lab), cells_of(student)
    found = matches(ours, theirs)
    said = [sentence for _, match in found for sentence in _about(match)]
    return [*said, *_own_cells(theirs, found)]


def _about(match: Match) -> Iterator[str]:
    name, notes = match.fate.name, match.fate.notes
    if match.fate.how == "missing":
        why = notes.get("emptied", "the notebook has no cell for it")
        yield f"{name}: {why}. A grader gives 0 points for it; 'update' brings the cell back."
    if not match.fate.written:
        return
    if error := syntax_error(match.text):
        yield f"{name}: {error} of its cell. A grader gives 0 points for it."
    elif "renamed" in notes:
        yield f"{name}: {notes['renamed']}. A grader looks for {name}."
    if used := _course_imports(match.text):
        yield f"{name}: it imports {', '.join(used)}, which is not there when work is graded. A grader gives 0 points for it."
    for kind, note in notes.items():
        if kind in ("duplicated", "arguments", "magic"):
            yield f"{name}: {note}."


def _own_cells(cells: Sequence[Cell], found: Sequence[tuple[str, Match]]) -> Iterator[str]:
    """The student's further code cells that do not compile: what they define is missing for the exercises."""
    names = {match.fate.name for _, match in found}
    taken = {cell.number for _, match in found for cell in match.taken}
    for cell in cells:
        if cell.kind == "code" and cell.number not in taken and not defined(cell.text) & names and (error := syntax_error(cell.text)):
            yield f"The cell {cell.place}: {error}. A grader leaves it out, with all that it defines."


def syntax_error(text: str) -> str:
    """A cell's error as "SyntaxError in line 3 ('(' was never closed)"; "" if Python compiles the cell as a grader does.

    Lines that only IPython understands do nothing, and a cell may be indented as a whole.
    """
    first = ""
    for form in runnable_forms(text):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(form, "<cell>", "exec", dont_inherit=True)
            return ""
        except SyntaxError as error:
            first = f"{type(error).__name__} in line {error.lineno or 1} ({error.msg})"  # of the last form, without IPython's lines
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            first = f"it does not compile ({error or type(error).__name__}) in line 1"
    return first


def _course_imports(text: str) -> list[str]:
    """The course's packages that an answer imports."""
    tree = parse(text)
    found = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return sorted(name for name in found if name.partition(".")[0] in COURSE)
