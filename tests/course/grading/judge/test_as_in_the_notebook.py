"""Does a function that has its public points when the notebook runs from top to bottom have them in the sandbox as well?

Each notebook is run in IPython, cell by cell, and graded; the public points of the one are the wanted points of the other.
"""

import contextlib
import io
import textwrap

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course.grading.judge.lab import graded_lab
from tests.course.grading.sandboxed import code, handed_in, lab_notebook, marks_of, sandboxes
from utils import ledger
from utils.exercises.lab01 import check

__all__ = ["sandboxes"]

LAB = "01_pruning"
SCORES = """
    def channel_importance(weight, criterion):
        if criterion not in ("l1", "l2"):
            raise ValueError("criterion must be l1 or l2")
        return {}
"""
CURVE = """
    def cubic_sparsity(step, begin, end, final_sparsity):
        {}
"""
NORMS = SCORES.format("weight.detach().flatten(1).norm({}, dim=1)")


def scores(power):
    return NORMS.format(power)


def curve(*lines):
    return CURVE.format("\n        ".join(lines))


T = "t = min(max((step - begin) / (end - begin), 0), 1)"
CUBIC = (T, "return final_sparsity * (1 - (1 - t) ** {})")


def cubic(power, *before):
    return curve(*before, CUBIC[0], CUBIC[1].format(power))


# name: own cells above the exercise, the answer, cells below its check
NOTEBOOKS = {
    "one name in two cells, of which the one above counts": (["k = 3"], cubic("k"), ["k = 2"]),
    "a loop variable below": (["k = 3"], cubic("k"), ["for k in range(5): print(k)"]),
    "a scratch function of the same name below": (["def power():\n    return 3"], cubic("power()"), ["def power():\n    return 2"]),
    "one name twice above": (["k = 2", "k = 3"], cubic("k"), []),
    "a name of the lab's, changed below": (
        ["low, high = 0.0, 1.0"],
        curve(T.replace("0)", "low)").replace(", 1)", ", high)"), CUBIC[1].format(3)),
        ["low = 5"],
    ),
    "a dict that a loop fills": (
        ['POWERS = {}\nfor name, p in (("l1", 1), ("l2", 2)):\n    POWERS[name] = p'],
        scores("POWERS[criterion]"),
        [],
    ),
    "a dict that another cell fills": (["POWERS = {'l2': 2}", 'POWERS["l1"] = 1'], scores("POWERS[criterion]"), []),
    "a list that grows": (["POWER = []", "POWER.append(3)"], cubic("POWER[0]"), []),
    "a dict that is updated": (["SET = {}", "SET.update(power=3)"], cubic('SET["power"]'), []),
    "a dict that is set in a branch": (["SET = {}", 'if True: SET["power"] = 3'], cubic('SET["power"]'), []),
    "an attribute that another cell sets": (["class Settings: pass", "Settings.power = 3"], cubic("Settings.power"), []),
    "a method that another cell adds": (
        ["class Grid: pass", "def _power(self):\n    return 3", "Grid.power = _power"],
        cubic("Grid().power()"),
        [],
    ),
    "a tensor that is written into": (
        ["import torch\nONE = torch.zeros(1)", "with torch.no_grad():\n    ONE[0] = 3"],
        cubic("ONE.item()"),
        [],
    ),
    "a tensor whose part is shifted": (["import torch\nHALF = torch.full((2,), 3)\nHALF[1:] <<= 0"], cubic("HALF[1].item()"), []),
    "a registry": (
        ["REGISTRY = {}\ndef register(f):\n    REGISTRY[f.__name__] = f\n    return f", "@register\ndef cube(x):\n    return x**3"],
        curve(T, 'return final_sparsity * (1 - REGISTRY["cube"](1 - t))'),
        [],
    ),
    "globals by name": (["THREE = 2", 'globals()["THREE"] = 3'], cubic("THREE"), []),
    "a name that only globals makes": (['globals()["THREE"] = 3'], cubic("THREE"), []),
    "exec": (['exec("THREE = 3")'], cubic("THREE"), []),
    "a limit of Python's": (
        ["import sys\nsys.setrecursionlimit(20000)"],
        curve("def down(n):", "    return 0 if n == 0 else down(n - 1)", "down(5000)", *(CUBIC[0], CUBIC[1].format(3))),
        [],
    ),
    "a star import of numpy": (
        ["from numpy import *"],
        curve("t = clip((step - begin) / (end - begin), 0, 1)", "return float(final_sparsity * (1 - (1 - t) ** 3))"),
        [],
    ),
    "a star import of math": (["from math import *"], curve(T, "return final_sparsity * (1 - pow(1 - t, 3)) * exp(log(1))"), []),
    "a counter that is declared global": (["calls = 0"], curve("global calls", "calls += 1", *(CUBIC[0], CUBIC[1].format(3))), []),
    "a cache that a function makes": ([], curve("global cache", "cache = 3", CUBIC[0], CUBIC[1].format("cache")), []),
    "filter is the student's": (
        ["import torch\ndef filter(weight, i):\n    return weight[i]"],
        SCORES.format('torch.stack([filter(weight.detach(), i).norm(1 if criterion == "l1" else 2) for i in range(len(weight))])'),
        [],
    ),
    "round is the student's": (["def round(x):\n    return 3"], cubic("round(0.5)"), []),
    "sum is the student's": (["def sum(*x):\n    return x[0]"], cubic("sum(3, 9)"), []),
    "input is the student's": (["input = 3"], cubic("input"), []),
    "annotations of later cells": (
        ["from __future__ import annotations"],
        """
        def cubic_sparsity(step: Real, begin: Real, end: Real, final_sparsity: Real) -> Real:
            t = min(max((step - begin) / (end - begin), 0), 1)
            return final_sparsity * (1 - (1 - t) ** 3)
        """,
        [],
    ),
    "annotations with a bar": (
        ["from __future__ import annotations\nfrom math import floor"],
        "def cubic_sparsity(step: None | floor.x, begin, end, final_sparsity):\n"
        "    t = min(max((step - begin) / (end - begin), 0), 1)\n    return final_sparsity * (1 - (1 - t) ** 3)",
        [],
    ),
    "a cell that can't be compiled": (["k = 3", "for in: pass"], cubic("k"), []),
    "a cell of which a part fails": (["k = 3\nprint(nowhere)\n"], cubic("k"), []),
    "247 branches": (["k = 3", "x = 5\n" + "if x == 0: pass\n" + "".join(f"elif x == {n}: pass\n" for n in range(1, 247))], cubic("k"), []),
    "a sum of 991 terms": (["k = 3", "total = " + " + ".join(["1"] * 991)], cubic("k"), []),
    "a number of many digits": (["k = 3", "big = 0x" + "f" * 4000], cubic("k"), []),
    "a question to IPython": (["k = 3", "min?"], "min?\n" + textwrap.dedent(cubic("k")), []),
    "a cell that counts up what it made": (["k = 1\nk += 2"], cubic("k"), []),
    "a helper that another cell wraps": (
        ["def cube(x):\n    return x", "def wrapped(f):\n    return lambda x: f(x) ** 3\ncube = wrapped(cube)"],
        curve(T, "return final_sparsity * (1 - cube(1 - t))"),
        [],
    ),
    "a class whose base stands above": (
        ["class Base:\n    power = 3", "class Mine(Base): pass"],
        cubic("Mine.power"),
        [],
    ),
    "a helper with a default from another cell": (
        ["P = 3", "def cube(x, p=P):\n    return x**p", "P = 2"],
        curve(T, "return final_sparsity * (1 - cube(1 - t))"),
        [],
    ),
    "a generator over another cell's list": (["NUMBERS = [1, 2]", "TOTAL = sum(n for n in NUMBERS)"], cubic("TOTAL"), []),
    "a walrus": (["print(k := 3)"], cubic("k"), []),
    "a match statement": (["match [3, 4]:\n    case [k, *rest]:\n        pass"], cubic("k"), []),
    "a wrong answer stays wrong": (["k = 2"], cubic("k"), ["k = 3"]),
}


def parts(name):
    above, answer, below = NOTEBOOKS[name]
    answer = textwrap.dedent(answer).strip("\n")
    exercise = "channel_importance" if "channel_importance" in answer else "cubic_sparsity"
    return above, exercise, answer, below


def run_in_ipython(name, home):
    """The exercise's points in the ledger after the cells have run as a notebook's do."""
    above, exercise, answer, _ = parts(name)
    shell = InteractiveShell()
    shell.user_ns.update(check=check)
    cells = ["\n".join(graded_lab(LAB).imports), *above, answer, f"{exercise} = check({exercise})"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for cell in cells:
            shell.run_cell(cell)
    return ledger.read()["exercise"][f"01/{exercise}"]


def written(name):
    above, exercise, answer, below = parts(name)
    notebook = lab_notebook(LAB)
    cells = notebook["cells"]
    at = next(at for at, cell in enumerate(cells) if cell.get("id") == exercise)
    cells[at]["source"] = answer
    cells[at + 2 : at + 2] = [code(text, f"below-{number}") for number, text in enumerate(below)]
    cells[at:at] = [code(text, f"above-{number}") for number, text in enumerate(above)]
    return exercise, handed_in(LAB, notebook=notebook)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_points_are_those_of_the_notebook(name, sandboxes, home):
    public = run_in_ipython(name, home)
    exercise, submission = written(name)
    mark = marks_of(submission, sandboxes)[exercise]
    assert mark.points == pytest.approx(public["points"]), mark.note
    if "wrong" not in name:
        assert mark.points == mark.of, mark.note
    assert "does not compile" not in mark.note and "rename" not in mark.note


@pytest.mark.slow
def test_an_answer_that_is_assigned_is_not_told_to_be_renamed(sandboxes):
    answer = textwrap.dedent(cubic(3)).replace("cubic_sparsity", "mine") + "\ncubic_sparsity = mine"
    mark = marks_of(handed_in(LAB, {"cubic_sparsity": answer}), sandboxes)["cubic_sparsity"]
    assert mark.points == mark.of and "rename" not in mark.note


@pytest.mark.slow
@pytest.mark.parametrize("heavy", ["while True: pass", "print(k)\nwhile True: pass"])
def test_a_scratch_cell_that_never_ends_costs_nothing_that_does_not_need_it(heavy, sandboxes):
    """In the notebook its author has stopped it."""
    notebook = lab_notebook(LAB)
    at = next(at for at, cell in enumerate(notebook["cells"]) if cell.get("id") == "cubic_sparsity")
    notebook["cells"][at]["source"] = textwrap.dedent(cubic("k"))
    notebook["cells"][at:at] = [code("k = 3", "one"), code(heavy, "two")]
    mark = marks_of(handed_in(LAB, notebook=notebook), sandboxes)["cubic_sparsity"]
    assert mark.points == mark.of, mark.note


@pytest.mark.parametrize(
    ("version", "said"), [("3.99.1", "run with Python 3.99.1"), ("3.1", "does not compile"), (None, "does not compile")]
)
def test_syntax_of_a_newer_python_is_told_to_the_instructor(version, said, sandboxes):
    notebook = lab_notebook(LAB)
    notebook["metadata"]["language_info"] = {"name": "python", "version": version}
    mark = marks_of(handed_in(LAB, {"cubic_sparsity": "def cubic_sparsity[T](step: T:\n    pass"}, notebook=notebook), sandboxes)[
        "cubic_sparsity"
    ]
    assert mark.points == 0 and said in mark.note
    assert ("for the instructor" in mark.note.lower()) == (version == "3.99.1")
