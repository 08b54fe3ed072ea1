"""Submissions for the tests of the grader's core: a lab's notebook with this and that written into it."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import re
from functools import cache
from pathlib import Path

import pytest

from course.grading.judge.dependencies import needed
from course.grading.judge.grade import grade_submission
from course.grading.sandbox.jobs import SandboxError
from course.grading.sandbox.keeper import Sandboxes
from course.grading.submission import Submission
from utils.doctor import lacking
from utils.exercises.declare import cases_lost
from utils.files import ROOT

LABS = sorted(path.stem for path in (ROOT / "labs").glob("[0-9][0-9]_*.ipynb"))
EXERCISES = Path(__file__).parents[2] / "utils" / "exercises"
SEED = 20_011


def opened(**how):
    """Sandboxes that are proven; students' code of any kind runs in no others. Skips the test where they can't be had."""
    try:
        return Sandboxes(**how)
    except SandboxError as error:
        pytest.skip(lacking("bubblewrap") or str(error))


@pytest.fixture(scope="session")
def sandboxes():
    """One warm sandbox for all tests."""
    with opened() as those:
        yield those


def lab_notebook(lab, folder="labs"):
    return json.loads((ROOT / folder / f"{lab}.ipynb").read_text(encoding="utf-8"))


def code(source, name="", **more):
    return {"cell_type": "code", "id": name, "metadata": {}, "source": source, "outputs": [], "execution_count": None, **more}


def handed_in(lab, answers=None, own=(), notebook=None, student="Ada"):
    """A submission: the lab with `answers` (exercise -> text of its cell), and the student's own cells at the top."""
    notebook = notebook or lab_notebook(lab)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and cell["id"] in (answers or {}):
            cell["source"] = answers[cell["id"]]
    notebook["cells"] = [code(text, f"own-{number}") for number, text in enumerate(own)] + notebook["cells"]
    data = json.dumps(notebook).encode()
    return Submission(student, lab, data, {}, (), hashlib.sha256(data).hexdigest())


def marks_of(submission, sandboxes, seed=SEED):
    """Exercise -> mark."""
    return {mark.name: mark for mark in grade_submission(submission, seed, sandboxes).exercises}


def reference(lab, name):
    """The reference's cell of one exercise."""
    cells = lab_notebook(lab, "solutions")["cells"]
    return next("".join(cell["source"]) for cell in cells if cell["id"] == name)


@cache
def answers(lab, kind):
    """(function's name, exercise, cell text, the cases that it must lose) of every answer in labNN/KIND.py, and what they share.

    A function becomes a cell by its source, under the exercise's name, as does an edited one of the file's TABLE, and the others of
    TABLE by a call; the file's imports, helpers and TABLE become cells of the student's own.
    """
    from course.grading.judge.lab import graded_lab

    path = EXERCISES / f"lab{lab[:2]}" / f"{kind}.py"
    spec = importlib.util.spec_from_file_location(f"grading_{lab}_{kind}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = graded_lab(lab).declared.exercises
    found, shared, sources = [], [], {}
    for node, source in _statements(path):
        name = getattr(node, "name", "_")
        if name.startswith("_"):
            shared += _inlined(node) if _imports_tests(node) else [source]
            continue
        sources[name] = source
        exercise = _exercise_of(name, names)
        found.append((name, exercise, re.sub(rf"\b{name}\b", exercise, source), _lost(getattr(module, name).__doc__, names[exercise])))
    for name, (note, function) in getattr(module, "TABLE", {}).items():
        exercise = _exercise_of(name, names)
        made = f"TABLE[{name!r}][1]"
        calls = f"{exercise} = {made}" if names[exercise].is_class else f"def {exercise}(*given):\n    return {made}(*given)"
        if hasattr(function, "source"):
            calls = re.sub(rf"\b{function.__name__}\b", exercise, function.source)
        found.append((name, exercise, calls, _lost(note, names[exercise])))
    used = set().union(*(needed(source) for source in [*sources.values(), *shared])) & set(sources)
    return found, (*shared, *(sources[name] for name in sorted(used)))  # an answer may call another


def _exercise_of(name, exercises):
    return next(one for one in exercises if name.startswith(one))


def _lost(note, exercise):
    listed = " ".join((note or "").split()).partition("Loses: ")[2].partition(" Hints: ")[0].rstrip(".")
    return cases_lost(listed, [case.name for case in exercise.cases()]) if listed else frozenset()


def _statements(path):
    """(node, source) of each statement of a file, with its decorators."""
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        first = min([node.lineno, *[one.lineno for one in getattr(node, "decorator_list", [])]])
        yield node, "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def _imports_tests(node):
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith("tests.")


def _inlined(node):
    """The text behind an import of something of the tests, or of a module of theirs: a sandbox has no tests."""
    if [one.name for one in node.names] == ["edited"]:  # an edited function has a cell of its own
        return ["def edited(function, changes):\n    return function"]
    place = ROOT / node.module.replace(".", "/")
    modules = [one.name for one in node.names if (place / f"{one.name}.py").exists()]
    text = []
    for path in [place / f"{name}.py" for name in modules] or [place.with_suffix(".py")]:
        for statement, source in _statements(path):
            text += _inlined(statement) if _imports_tests(statement) else [source]
    text += [f"import types\n\n{name} = types.SimpleNamespace(**globals())" for name in modules]
    return [*text, *(f"{one.asname} = {one.name}" for one in node.names if one.asname)]
