"""Intake and gradebook on the course's own labs, on zips that `submit` made, and on what the docs say."""

import re

import pytest

from course.grading.intake.gather import gather
from course.grading.intake.layout import Layout
from course.grading.intake.recognise import known_labs, lab_called, recognise
from course.grading.intake.systems import BY_NAME
from course.grading.report.scheme import read_weights
from tests.course.grading.classroom import LABS
from utils.files import ROOT
from utils.student import folder as student_folder
from utils.student.notebook import read_notebook
from utils.student.submit import submit

NOTEBOOKS = sorted([*(ROOT / "labs").glob("[0-9][0-9]_*.ipynb"), *(ROOT / "solutions").glob("[0-9][0-9]_*.ipynb")])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_lab_is_recognised_with_and_without_its_metadata(path):
    labs = known_labs()
    notebook = read_notebook(path)
    found = recognise(notebook, "x.ipynb", labs)
    lab = next(lab for lab in labs if lab.name == path.stem)
    assert found.lab == lab and found.how == "its metadata"
    assert found.answered == (0 if path.parent.name == "labs" else len(lab.stubs))
    bare = {**notebook, "metadata": {}, "cells": [{**cell, "id": ""} for cell in notebook["cells"]]}
    assert recognise(bare, "x.ipynb", labs).lab == lab


def test_what_submit_makes_is_taken_as_it_is(home, tmp_path):
    student_folder.copy_new_labs(to=home)
    (home / "01_challenge.safetensors").write_bytes(b"a model")
    done = submit("01", "Ada Lovelace")
    (tmp_path / "in").mkdir()
    done.path.rename(tmp_path / "in" / done.path.name)
    (found,) = gather(tmp_path / "in")
    assert (found.student, found.lab, found.notes) == ("Ada Lovelace", "01_pruning", ())
    assert found.artifacts == {"01_challenge.safetensors": b"a model"}


@pytest.mark.parametrize(
    ("name", "lab"),
    [
        ("01_pruning.ipynb", "01_pruning"),
        ("01_pruning (2).ipynb", "01_pruning"),
        ("01-Pruning-3.ipynb", "01_pruning"),
        ("Pruning final.ipynb", "01_pruning"),
        ("lab1.ipynb", "01_pruning"),
        ("Lab 02 of Ada.ipynb", "02_quantization"),
        ("2.ipynb", "02_quantization"),
        ("02_challenge.onnx", "02_quantization"),
        ("version 2.ipynb", None),
        ("20_pruned.ipynb", None),
        ("", None),
        ("pruning and quantization.ipynb", None),
    ],
)
def test_which_lab_a_name_means(name, lab):
    found = lab_called(name, LABS)
    assert (found.name if found else None) == lab


@pytest.mark.parametrize("part", [" ", "_", "-", "1", "_1", "lab", "lab ", "01_pruning", "(", "a_1_", "_assignsubmission_file", "\u0301"])
def test_a_long_name_is_read(part):
    """Patterns that go back and forth would take hours for the longest names that are read."""
    name = (part * 1_000)[:1_000] + "x"
    for parts in ((name,), ("a", name), (name, "01_pruning.ipynb")):
        for system in ("folder", "nbgrader", *BY_NAME):
            Layout(LABS, system).owner(parts)
    assert lab_called(name, LABS) in (None, LABS[0])


def test_the_weights_in_the_docs_are_read(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/instructor.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "weights.toml").write_text(example, encoding="utf-8")
    labs = [lab.name for lab in known_labs()]
    found = read_weights(tmp_path / "weights.toml", labs)
    (lab,) = found.labs
    declared = next(one for one in known_labs() if one.name == lab)
    assert set(found.labs[lab].exercises) <= set(declared.functions)
    assert found.manual["Ada Lovelace"] == {lab: 1.5} and found.days_late["Ada Lovelace"] == {lab: 0}


def test_the_options_in_the_docs_exist():
    import inspect

    from course import cli

    text = (ROOT / "docs/instructor.md").read_text(encoding="utf-8")
    section = text[text.index("## A class in an afternoon") : text.index("## On a JupyterHub")]
    known = set(re.findall(r'"(--[a-z-]+)"', inspect.getsource(cli) + (ROOT / "start.py").read_text(encoding="utf-8")))
    known |= {f"--{name}" for command in (cli.grade, cli.bundle) for name in inspect.signature(command).parameters}
    said = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section)) - {"--nthreads", "--nworkers"}
    assert said and said <= known
