"""Small labs, notebooks and zips for the tests of intake and gradebook."""

from __future__ import annotations

import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path

from course.grading.intake.recognise import KnownLab
from course.grading.marks import CaseMark, ExerciseMark, LabMark
from course.grading.submission import Submission

STUB = "def {}(x):\n    # your code here\n    raise NotImplementedError\n"


def known(name, *functions):
    return KnownLab(name, {one: STUB.format(one) for one in functions}, {one: one for one in functions})


LABS = (known("01_pruning", "magnitude_mask", "global_masks"), known("02_quantization", "quantize", "dequantize"))


def cell(source, identity="", tags=(), kind="code", **more):
    found = {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)} if tags else {}, **more}
    if kind == "code":
        found |= {"outputs": more.get("outputs", []), "execution_count": None}
    return {**found, "id": identity} if identity else found


def notebook(lab="01_pruning", answers=None, cells=(), titans=True, ids=True, **metadata):
    """A lab's notebook, its exercises answered by {function: source}, with further cells."""
    declared = next((one for one in LABS if one.name == lab), None)
    exercises = [
        cell((answers or {}).get(name, stub), name if ids else "", ["exercise"] if ids else [])
        for name, stub in (declared.stubs.items() if declared else ())
    ]
    metadata = {**({"titans": {"lab": lab}} if titans else {}), **metadata}
    return {"cells": [*exercises, *cells], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def data(book):
    return json.dumps(book).encode()


def answered(lab="01_pruning", function=None, body="return x > 0"):
    """The bytes of a lab with one exercise answered, the first one if not named."""
    name = function or next(iter(next(one for one in LABS if one.name == lab).stubs))
    return data(notebook(lab, {name: f"def {name}(x):\n    {body}\n"}))


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write(folder: Path, files):
    """Files by their path below a folder; zips are given as bytes too."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def submission(student="Ada", lab="01_pruning", source="return x > 0", **more):
    content = answered(lab, body=source)
    return Submission(student, lab, content, {}, (), sha256(content).hexdigest(), **more)


def a_mark(of, seed=7, points=(3.0, 1.0, 2.0), **more):
    """A mark of three exercises: a core one of 3 points, a core one of 4 with a failing case, an extra one of 2."""
    cases = (
        CaseMark("keeps the largest", True),
        CaseMark("survives ties", False, "got 3, expected 4", ("Count them.", "Not > but >=."), 2),
    )
    exercises = (
        ExerciseMark("magnitude_mask", points[0], 3.0, True, cases[:1]),
        ExerciseMark("global_masks", points[1], 4.0, True, cases),
        ExerciseMark("nm_mask", points[2], 2.0, False, cases[:1], "found by the function's name"),
    )
    given = {"versions": {"python": "3.11.7", "lab": "abc"}, "exercises": exercises, "notes": of.notes, "unsafe": False}
    return LabMark(of.student, of.lab, seed, submission_sha256=of.sha256, **{**given, **more})
