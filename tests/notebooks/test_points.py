"""The notebooks as their exercises see them: a blank lab earns nothing, the reference everything."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import nbformat
import pytest
import torch

from course.authoring.notebook import solution_notebook
from course.authoring.source import read_source
from utils.doctor import lacking
from utils.exercises.checking import assess, check
from utils.files import ROOT

SOURCES = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
ANNOUNCED = re.compile(r"\*\*Exercise (\d+)\*\* \((core|extra), (\d+) points?, (\d+) minutes\)")


def exercises(stem):
    """The exercises of a lab, in the order of their declaration."""
    return import_module(f"utils.exercises.lab{stem[:2]}").lab


def answers(folder, stem):
    """name -> function, from the setup and exercise cells of a notebook; the reference's come from its source."""
    source = ROOT / folder / f"{stem}.py"
    notebook = solution_notebook(read_source(source)) if source.exists() else nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    names = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and {"setup", "exercise"} & set(cell.metadata.get("tags", ())):
            exec(compile(cell.source, f"<{folder}/{stem}:{cell.id}>", "exec"), names)
    return {name: names[name] for name in exercises(stem).exercises}


def how_to_call(name, stub):
    """With the parameters of the stub; a torch.autograd.Function by `apply`, with what its forward takes behind ctx."""
    if not (inspect.isclass(stub) and issubclass(stub, torch.autograd.Function)):
        return f"{name}{inspect.signature(stub)}"
    signature = inspect.signature(stub.forward)
    return f"{name}.apply{signature.replace(parameters=list(signature.parameters.values())[1:])}"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TITANS_HOME", str(tmp_path))
    monkeypatch.delenv("TITANS_STRICT", raising=False)


@pytest.mark.parametrize("stem", [source.stem for source in SOURCES])
def test_blank_lab_earns_exactly_nothing_and_the_reference_everything(stem):
    if stem.startswith("07") and (said := lacking("gcc")):  # an exercise asks for C
        pytest.skip(said)
    declared = exercises(stem).exercises
    blank = {name: assess(declared[name], function).points for name, function in answers("labs", stem).items()}
    solved = {name: assess(declared[name], function, seed=12345).points for name, function in answers("solutions", stem).items()}
    assert blank == dict.fromkeys(declared, 0)
    assert solved == {name: exercise.points for name, exercise in declared.items()}


@pytest.mark.parametrize("stem", [source.stem for source in SOURCES])
def test_check_run_twice_on_a_stub_gives_nothing_twice(stem):
    """Is the stand-in that the first run returns never judged in the second?"""
    from utils import ledger

    lab = exercises(stem)
    for name, stub in answers("labs", stem).items():
        first = check(lab, stub)
        again = check(lab, first)
        assert again is first
        assert ledger.read()["exercise"][lab.exercises[name].key]["points"] == 0


@pytest.mark.parametrize("stem", [source.stem for source in SOURCES])
def test_stubs_are_empty_and_called_as_declared(stem):
    """Is each stub told from an attempt, and does the check name it with its own parameters?"""
    declared = exercises(stem).exercises
    for name, stub in answers("labs", stem).items():
        assert not assess(declared[name], stub).attempted
        assert declared[name].signature == how_to_call(name, stub)


@pytest.mark.parametrize("stem", [source.stem for source in SOURCES])
def test_prose_announces_the_points_and_minutes_that_are_declared(stem):
    prose = "".join(c.source for c in nbformat.read(ROOT / "labs" / f"{stem}.ipynb", as_version=4).cells if c.cell_type == "markdown")
    declared = [
        (str(number), "core" if exercise.core else "extra", f"{exercise.points:g}", str(exercise.minutes))
        for number, exercise in enumerate(exercises(stem).exercises.values(), 1)
    ]
    assert ANNOUNCED.findall(prose) == declared
