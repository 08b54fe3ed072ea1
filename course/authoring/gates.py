"""The rules for built notebooks. A gate takes a notebook and names each cell that breaks its rule, with the remedy."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.authoring.notebook import KERNEL, LOCKS, WIDGET, output_text
from course.authoring.strip import PROMPT, STUB, marker_line

MOST_LINES = 40  # of a cell: more is refused
GOOD_LINES = 25  # of a cell: more is reported
LEAST_FIGURES = 4
MOST_BYTES = 1_000_000  # of an executed solution

Defect = tuple[str, str]  # cell id, "" for the notebook as a whole; what is wrong
Gate = Callable[[NotebookNode], Iterator[Defect]]

_WARNING = re.compile(r"\b\w*Warning\b|\bWARNING\b")
_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
_NO_ALT = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=[\"'][^\"']+)[^>]*>")


def defects(path: Path) -> list[str]:
    """All that is wrong with a notebook of labs/ or solutions/; empty when nothing is."""
    notebook = nbformat.read(path, as_version=4)
    is_lab = path.parent.name == "labs"
    found = [defect for gate in (*BOTH, *(LAB if is_lab else SOLUTION)) for defect in gate(notebook)]
    if not is_lab and (size := path.stat().st_size) > MOST_BYTES:
        found.append(("", f"has {size:,} bytes, at most {MOST_BYTES:,} are allowed: draw fewer or smaller figures"))
    name = f"{path.parent.name}/{path.name}"
    return [f"{name}, cell {cell}: {message}" if cell else f"{name} {message}" for cell, message in found]


def long_cells(notebook: NotebookNode, limit: int = GOOD_LINES) -> Iterator[Defect]:
    """Code cells of more than `limit` lines."""
    for cell in _code(notebook):
        if (lines := len(cell.source.splitlines())) > limit:
            yield cell.id, f"has {lines} lines, more than {limit}: move machinery to utils/ or split it"


def overlong_cells(notebook: NotebookNode) -> Iterator[Defect]:
    """Code cells that nobody reads any more."""
    return long_cells(notebook, MOST_LINES)


def metadata(notebook: NotebookNode) -> Iterator[Defect]:
    """The notebook says which lab it is and what runs it."""
    if notebook.metadata.get("kernelspec") != KERNEL:
        yield "", "does not name the kernel python3: build it again"
    if not {"lab", "source_sha256"} <= set(notebook.metadata.get("titans", {})):
        yield "", "does not say which source it was built from: build it again"


def header(notebook: NotebookNode) -> Iterator[Defect]:
    """A lab opens with one heading, the minutes it takes and the memory it needs."""
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not re.match(r"# \S", first.source):
        yield first.id, "a lab opens with a prose cell whose first line is its '# heading'"
    opening = "\n".join(cell.source for cell in notebook.cells[:3] if cell.cell_type == "markdown")
    if not re.search(r"\bminutes?\b", opening):
        yield first.id, "the header does not say how many minutes the lab takes"
    if not re.search(r"\b[MG]i?B\b", opening):
        yield first.id, "the header does not say how much memory the lab needs"


def alt_text(notebook: NotebookNode) -> Iterator[Defect]:
    """Pictures in prose have an alternative text; a figure drawn by code has prose directly before or after it."""
    cells = notebook.cells
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown" and _NO_ALT.search(cell.source):
            yield cell.id, "a picture has no alternative text: write ![what it shows](file)"
        around = [cells[other] for other in (number - 1, number + 1) if 0 <= other < len(cells)]
        if _figures(cell) and not any(other.cell_type == "markdown" for other in around):
            yield cell.id, "a figure has no prose beside it: say in words what it shows"


def locks(notebook: NotebookNode) -> Iterator[Defect]:
    """Exercises can't be deleted by mistake, checks neither deleted nor edited."""
    for cell in _code(notebook):
        for role, lock in LOCKS.items():
            if role in cell.metadata.get("tags", []) and not lock.items() <= cell.metadata.items():
                yield cell.id, f"a cell tagged {role} is not locked: build it again"


def open_exercises(notebook: NotebookNode) -> Iterator[Defect]:
    """A lab holds no marker and no answer, and each of its exercises is a prompt below a docstring."""
    for cell in notebook.cells:
        if marker_line(cell.source):
            yield cell.id, "a solution marker was left in the lab: build it again"
        if "exercise" not in cell.metadata.get("tags", []):
            continue
        if PROMPT not in cell.source or STUB not in cell.source:
            yield cell.id, "the exercise is not open: build it again"
        asked = [node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        if not all(ast.get_docstring(node) for node in asked):
            yield cell.id, "the exercise has no docstring: give shapes, units, what it returns and the steps"


def no_outputs(notebook: NotebookNode) -> Iterator[Defect]:
    """A lab is handed out as if never run."""
    for cell in _code(notebook):
        if cell.outputs or cell.execution_count is not None:
            yield cell.id, "the lab holds outputs or a count: build it again"


def executed(notebook: NotebookNode) -> Iterator[Defect]:
    """A solution was run from top to bottom, once."""
    for count, cell in enumerate(_code(notebook), start=1):
        if cell.execution_count != count:
            yield cell.id, f"has the count {cell.execution_count}, not {count}: build it again"


def quiet(notebook: NotebookNode) -> Iterator[Defect]:
    """Stored outputs hold no errors and warnings and nothing that changes with every run."""
    for cell in _code(notebook):
        for output in cell.outputs:
            text = output_text(output)
            if output.output_type == "error":
                yield cell.id, f"stores the error {output.ename}: mend the source and build it again"
            if found := _WARNING.search(text):
                yield cell.id, f"shows a {found[0]}: remove its cause"
            if _ADDRESS.search(text):
                yield cell.id, "shows the memory address of an object: show its values or nothing"
            if WIDGET in output.get("data", {}):
                yield cell.id, "stores a widget's view: build it again"


def enough_figures(notebook: NotebookNode) -> Iterator[Defect]:
    """A figure at least every third screen."""
    if (count := sum(_figures(cell) for cell in notebook.cells)) < LEAST_FIGURES:
        yield "", f"shows {count} figures, at least {LEAST_FIGURES} are wanted: draw what it finds"


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _figures(cell: NotebookNode) -> int:
    return sum(any(mime.startswith("image/") for mime in output.get("data", {})) for output in cell.get("outputs", []))


BOTH: tuple[Gate, ...] = (overlong_cells, metadata, header, alt_text, locks)
LAB: tuple[Gate, ...] = (open_exercises, no_outputs)
SOLUTION: tuple[Gate, ...] = (executed, quiet, enough_figures)
