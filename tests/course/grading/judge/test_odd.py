"""Honest but odd notebooks, one file each in odd/: each gets the points that its answers deserve, and what was odd is named.

A file has `change(cells)`, which changes the cells of a solved lab 01, or `file(notebook)`, which makes the bytes that
are handed in; CELLS, other answers; LOST, exercise -> the points that are left (None: some); NOTE, exercise -> a word of its note.
"""

import importlib.util
import json
from pathlib import Path

import pytest

from course.grading.judge.grade import grade_submission
from course.grading.submission import Submission
from tests.course.grading.sandboxed import SEED, code, lab_notebook, reference, sandboxes

__all__ = ["sandboxes"]

LAB = "01_pruning"
SOLVED = ("magnitude_mask", "global_masks", "cubic_sparsity")
ODD = sorted((Path(__file__).parent / "odd").glob("*.py"))


def loaded(path):
    spec = importlib.util.spec_from_file_location(f"odd_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def solved(answers):
    """Lab 01 with three exercises solved; sources are strings."""
    notebook = lab_notebook(LAB)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell.get("id") in SOLVED:
            cell["source"] = answers.get(cell["id"]) or reference(LAB, cell["id"])
    return notebook


def test_there_are_enough():
    assert len(ODD) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("path", ODD, ids=lambda path: path.stem)
def test_an_odd_notebook_gets_what_it_deserves(path, sandboxes):
    odd = loaded(path)
    notebook = solved(getattr(odd, "CELLS", {}))
    if hasattr(odd, "change"):
        odd.change(notebook["cells"])
    data = odd.file(notebook) if hasattr(odd, "file") else json.dumps(notebook).encode()
    mark = grade_submission(Submission("Ada", LAB, data, {}, (), "0"), SEED, sandboxes)
    marks, lost = {one.name: one for one in mark.exercises}, getattr(odd, "LOST", {})
    for name in SOLVED:
        expected = lost.get(name, marks[name].of)
        if expected is None:
            assert 0 < marks[name].points < marks[name].of, marks[name]
        else:
            assert marks[name].points == pytest.approx(expected), marks[name]
    assert all(one.points == 0 for one in mark.exercises if one.name not in SOLVED)
    for name, word in getattr(odd, "NOTE", {}).items():
        assert word.lower() in marks[name].note.lower()
    json.dumps(mark.to_dict()).encode()


def test_a_cell_of_any_length_and_any_number_of_cells_is_refused_by_name(sandboxes):
    notebook = {"cells": [code("x = 1")] * 3000}
    mark = grade_submission(Submission("Ada", LAB, json.dumps(notebook).encode(), {}, ("Came late.",), "0"), SEED, sandboxes)
    assert mark.points == 0
    assert mark.notes[0] == "Came late." and "3000 cells" in mark.notes[1]
