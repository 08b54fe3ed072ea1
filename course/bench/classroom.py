"""A class to be graded: a hundred notebooks of lab 01 as a class of that size might hand them in.

Four in ten are solved, a quarter half solved (one answer of those is wrong), fifteen in a hundred not begun, one in ten is honest but
odd, one in ten hostile. The hostile ones are harmless outside of a sandbox too, because another grader that has none grades them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.grading.judge.lab import GradedLab, graded_lab
from utils.student.matching import exercises_of

LAB = "01_pruning"
SEED = 20_011  # of the hidden inputs, the same for every grader
SHARES = {"good": 40, "half": 25, "blank": 15, "odd": 10, "hostile": 10}
FIRST = "magnitude_mask"

_WRONG = """
def magnitude_mask(weight, sparsity):
    return weight > 0
"""
_ODD = (
    """
import logging
import warnings


def magnitude_mask(weight, sparsity):
    warnings.warn("careful")
    logging.warning("careful")
    print(weight)
    rank = weight.detach().abs().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
""",
    """
%matplotlib inline
import torch as t


def magnitude_mask(weight: t.Tensor, sparsity: float, *_):
    rank = weight.detach().abs().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
""",
    """
class Mask:
    def __call__(self, weight, sparsity):
        rank = weight.detach().abs().flatten().argsort().argsort()
        return (rank >= round(sparsity * weight.numel())).view_as(weight)


magnitude_mask = Mask()
""",
)
_HOSTILE = (
    """
class Agrees:
    shape, dtype = (8, 16), "bool"
    __eq__ = __bool__ = lambda *_: True
    __getattr__ = lambda self, _: self


def magnitude_mask(weight, sparsity):
    return Agrees()
""",
    """
import numpy as np
import torch

np.allclose = np.array_equal = torch.allclose = torch.equal = lambda *_, **__: True


def magnitude_mask(weight, sparsity):
    return torch.zeros(weight.shape, dtype=torch.bool)
""",
    """
def magnitude_mask(weight, sparsity):
    while True:
        pass
""",
    """
import os


def magnitude_mask(weight, sparsity):
    os._exit(0)
""",
    """
def magnitude_mask(weight, sparsity):
    raise SystemExit
""",
)


@dataclass(frozen=True)
class Paper:
    """What one student hands in. kind: a key of SHARES. answers: exercise -> text of its cell."""

    student: str
    kind: str
    answers: dict[str, str]


def papers(count: int = 100) -> Iterator[Paper]:
    """A class of this size, its kinds mixed as evenly as their shares allow, so that any first part of it is mixed too."""
    lab = graded_lab(LAB)
    stubs = {one.name: one.cell.text for one in exercises_of(lab.cells)}
    made = dict.fromkeys(SHARES, 0)
    for number in range(count):
        kind = max(SHARES, key=lambda one: SHARES[one] * (number + 1) / sum(SHARES.values()) - made[one])
        yield Paper(f"student{number:03d}", kind, {**stubs, **_answers(kind, made[kind], lab)})
        made[kind] += 1


def _answers(kind: str, which: int, lab: GradedLab) -> dict[str, str]:
    if kind == "blank":
        return {}
    if kind == "half":
        half = list(lab.references)[: (len(lab.references) + 1) // 2]
        return {**{name: lab.references[name] for name in half}, FIRST: _WRONG.strip()}
    own = {"odd": _ODD, "hostile": _HOSTILE}.get(kind)
    return {**lab.references, **({FIRST: own[which % len(own)].strip()} if own else {})}


def notebook(paper: Paper) -> dict[str, Any]:
    """The paper as a notebook that holds only what a grader has to run: the lab's imports and what they serve, and the exercises."""
    lab = graded_lab(LAB)
    cells = [_cell("setup", "\n".join((*lab.imports, *lab.given)))]
    cells += [_cell(name, paper.answers[name], ["exercise"]) for name in lab.order]
    metadata = {"titans": {"lab": LAB}, "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(identity: str, text: str, tags: list[str] | None = None) -> dict[str, Any]:
    metadata = {"tags": tags} if tags else {}
    return {"cell_type": "code", "id": identity, "metadata": metadata, "source": text, "outputs": [], "execution_count": None}


def hand_in(folder: Path, count: int = 100) -> list[Paper]:
    """Write a class as folders of students, each with its notebook; return what they hold."""
    those = list(papers(count))
    for paper in those:
        path = folder / paper.student / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook(paper)), encoding="utf-8")
    return those
