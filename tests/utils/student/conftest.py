"""A small lab, made by the builder itself, and what students do to their copies of it."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from course.authoring.notebook import lab_notebook
from course.authoring.source import read_source
from utils.student import folder
from utils.student.notebook import as_text

SOURCE = '''
# %% [markdown]
# # Lab 01: First
#
# | you need | minutes | memory |
# |---|---|---|
# | Python | 30 | 1 GB |

# %% tags=["setup"]
import math


def check(function):
    return function


# %% [markdown]
# ## Twice
# **Exercise 1** (core, 3 points, 10 minutes). Double it.

# %% tags=["exercise"]
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return x * 2
    ### END SOLUTION

# %% tags=["check"]
double = check(double)

# %% tags=["demo"]
values = [1, 2, 3]
print(values)

# %% tags=["exercise"]
def halve(x):
    """Half of x."""
    start = x
    ### BEGIN SOLUTION
    return start / 2
    ### END SOLUTION

# %% tags=["check"]
halve = check(halve)

# %% [markdown]
# Now a class.

# %% tags=["exercise"]
class Quant:
    """Round."""

    def __init__(self, step):
        self.step = step

    def __call__(self, x):
        """To the nearest step."""
        ### BEGIN SOLUTION
        return round(x / self.step) * self.step
        ### END SOLUTION

# %% tags=["check"]
Quant = check(Quant)

# %% [markdown]
# The end.
'''.lstrip()


def build(source=SOURCE, name="01_first"):
    """The lab of a source, as students get it; a plain dict."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"{name}.py"
        path.write_text(source)
        return json.loads(as_text(lab_notebook(read_source(path))))


def cell(notebook, identity):
    """The cell with this id."""
    (found,) = (one for one in notebook["cells"] if one.get("id") == identity)
    return found


def text(one):
    """A cell's source as one string."""
    return "".join(one["source"])


def solve(notebook, name, body="return 7  # mine"):
    """Write into a stub."""
    one = cell(notebook, name)
    before, prompt, _ = text(one).partition("# your code here")
    assert prompt
    one["source"] = before + body
    return one


def insert(notebook, after, source, kind="code", identity=None, **more):
    """A new cell below the one with the id `after`."""
    at = [one.get("id") for one in notebook["cells"]].index(after) + 1
    one = {"cell_type": kind, "id": identity or f"new{len(notebook['cells'])}", "metadata": {}, "source": source}
    if kind == "code":
        one |= {"outputs": [], "execution_count": None}
    notebook["cells"].insert(at, one | more)
    return one


@pytest.fixture(scope="session")
def _built():
    return build()


@pytest.fixture
def lab(_built):
    """Today's lab."""
    return copy.deepcopy(_built)


@pytest.fixture
def student(_built):
    """A student's copy, untouched."""
    return copy.deepcopy(_built)


@pytest.fixture
def do(every_do):
    """What is done to notebooks."""
    return every_do


@pytest.fixture(scope="session")
def every_do():
    """The same for a test of many examples."""
    return SimpleNamespace(build=build, cell=cell, text=text, solve=solve, insert=insert, source=SOURCE)


@pytest.fixture
def labs(tmp_path, monkeypatch, lab):
    """A labs/ with this lab, used instead of the course's."""
    path = tmp_path / "labs"
    path.mkdir()
    (path / "01_first.ipynb").write_text(as_text(lab))
    monkeypatch.setattr(folder, "LABS", path)
    return path


@pytest.fixture
def newer(labs, do):
    """The lab changes upstream: call it, with a text that is replaced and its replacement."""

    def change(old="Double it.", new="Double it, please."):
        assert old in do.source
        (labs / "01_first.ipynb").write_text(as_text(do.build(do.source.replace(old, new))))

    return change


@pytest.fixture
def mine(home, labs):
    """Write a notebook of the student's into my_work/."""

    def write(notebook, name="01_first.ipynb"):
        (home / name).write_text(as_text(notebook))
        return home / name

    return write
