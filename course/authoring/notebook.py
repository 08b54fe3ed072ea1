"""The notebooks that a source stands for: the solution before it is executed, and the lab as students get it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.authoring.source import BuildError, Cell, Source
from utils.student.notebook import without_outputs

WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LOCKS = {"exercise": {"deletable": False}, "check": {"deletable": False, "editable": False}}

_COMPARED = re.compile(r"^\s*#\s*NBVAL_CHECK_OUTPUT\s*\n?", re.MULTILINE)


def lab_path(path: Path) -> Path:
    """The path of a source's lab: labs/ next to solutions/."""
    return Path(path).resolve().parents[1] / "labs" / f"{Path(path).stem}.ipynb"


def solution_notebook(source: Source) -> NotebookNode:
    """The lab with its reference, not yet executed."""
    return _notebook(source, lambda cell: cell.text, lambda cell: cell.tags)


def lab_notebook(source: Source) -> NotebookNode:
    """The lab as students get it. The mark of cells that nbval compares goes: a lab has no outputs to compare with."""
    return _notebook(
        source,
        lambda cell: _COMPARED.sub("", cell.stub) if cell.role != "prose" else cell.stub,
        lambda cell: [tag for tag in cell.tags if tag != "nbval-check-output"],
    )


def as_text(notebook: NotebookNode) -> str:
    """A notebook as Jupyter itself writes it: LF, one blank of indentation, sorted keys, a line end at the end.

    Raises:
        BuildError: it is not a valid notebook.
    """
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise BuildError(f"{notebook.metadata.titans.lab} is not a valid notebook: {error.message}") from error
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def unexecuted(notebook: NotebookNode) -> NotebookNode:
    """A copy of an executed notebook as it was before its execution."""
    copy = nbformat.from_dict(json.loads(json.dumps(without_outputs(notebook))))
    copy.metadata.titans.pop("environment_sha256", None)
    return copy


def output_text(output: NotebookNode) -> str:
    """Everything readable in an output; pictures in base64 are not."""
    data = (value for mime, value in output.get("data", {}).items() if mime == "image/svg+xml" or not mime.startswith("image/"))
    return "\n".join(map(str, (output.get("text", ""), *output.get("traceback", []), *data)))


def _notebook(source: Source, text: Callable[[Cell], str], tags: Callable[[Cell], Iterable[str]]) -> NotebookNode:
    cells = []
    for cell in source.cells:
        metadata = {"tags": list(tags(cell)), **LOCKS.get(cell.role, {})} if cell.role != "prose" else {}
        if cell.jupyter is not None:
            metadata["jupyter"] = cell.jupyter
        make = new_markdown_cell if cell.role == "prose" else new_code_cell
        cells.append(make(text(cell), id=cell.id, metadata=metadata))
    titans = {"lab": source.name, "source_sha256": source.sha256}
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}, "titans": titans})
