"""Build a lab: solutions/NN_name.py -> solutions/NN_name.ipynb, executed, and labs/NN_name.ipynb, open."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode

from course.authoring.gates import long_cells
from course.authoring.notebook import as_text, lab_notebook, lab_path, solution_notebook
from course.authoring.rules import load
from course.authoring.stale import environment_sha256
from utils.files import write_atomically


def build_lab(path: Path, execute: bool = True, timeout: int = 120, say: Callable[[str], None] | None = None) -> list[Path]:
    """Build both notebooks of solutions/NN_name.py; without `execute` only the lab, in a moment.

    Nothing is written before everything is known to be good, so a failed build leaves the old notebooks as they were.
    timeout: seconds a cell may take. say: told about each cell as it starts and about cells that are longer than is good.

    Returns:
        the files written.

    Raises:
        BuildError: the source breaks a rule or a cell fails; one or two lines that name file, cell and line.
    """
    source = load(path)
    lab, written, pictures = lab_notebook(source), {}, {}
    if execute:
        from course.authoring.execute import execute as run  # brings the kernel machinery along: 0.5 s that stripping does without

        solution = solution_notebook(source)
        solution.metadata.titans["environment_sha256"] = environment_sha256(source.path.parents[1])
        run(solution, source, timeout, say)
        pictures = headlines(solution, source.path)
        written[source.path.with_suffix(".ipynb")] = as_text(solution)  # the larger file first: a full disk is met before anything changed
    written[lab_path(source.path)] = as_text(lab)
    if say is not None:
        for cell, message in long_cells(lab):
            say(f"cell {cell} {message}")
    for target, data in (written | pictures).items():
        write_atomically(target, data)
    return list(written)


def headlines(solution: NotebookNode, path: Path) -> dict[Path, bytes]:
    """The figure of the cell whose id is "headline", for the README: docs/NN_name.png."""
    cells = [cell for cell in solution.cells if cell.id == "headline"]
    images = [output.data["image/png"] for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
    return {path.parents[1] / "docs" / f"{path.stem}.png": base64.b64decode(image) for image in images[-1:]}
