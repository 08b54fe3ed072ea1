"""What comes from one student, file by file, put where it belongs: notebooks, files of a challenge, manifests, and what is neither."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from course.grading.intake.archives import Entry, Problem
from course.grading.intake.leftovers import Parts
from course.grading.intake.notebooks import Read, read
from course.grading.intake.owners import manifest
from course.grading.intake.recognise import KnownLab, Recognised, lab_called, recognise
from course.grading.intake.systems import Owner
from course.grading.text import clean, size_of, visible
from utils.student.challenge import MAX_BYTES

ARTIFACTS = (".onnx", ".safetensors")
MODELS = (".npz", ".npy", ".pt", ".pth", ".pkl", ".ckpt", ".h5", ".keras", ".tflite", ".bin", ".pb", ".ort")  # what no challenge takes
PERHAPS = (".ipynb", ".json", ".txt", "")  # "01_pruning.ipynb.txt" is what some browsers make of a notebook
MOST_ARTIFACTS, MOST_FILES = 4 * MAX_BYTES, 40  # of one student, in bytes and in number


@dataclass(frozen=True)
class Notebook:
    """A notebook of one student. path: for people."""

    path: str
    owner: Owner
    read: Read
    known: Recognised


@dataclass
class Pile:
    """All that was handed in at once, as it is met. place: the folder, zip or file that it is."""

    owner: Owner
    place: Parts = ()
    notebooks: list[Notebook] = field(default_factory=list)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    refused: list[tuple[str, str, str, bool]] = field(default_factory=list)  # lab or "", path, reason, whether it is a notebook
    manifests: list[Mapping[str, Any]] = field(default_factory=list)
    stamps: dict[str, datetime] = field(default_factory=dict)  # nbgrader's, by folder
    others: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)  # that it is one student's

    @property
    def stated(self) -> str:
        """The name in the manifests, if they agree."""
        names = {clean(name) for one in self.manifests if isinstance(name := one.get("student"), str)}
        return names.pop() if len(names) == 1 else ""


def put(one: Entry | Problem, owner: Owner, pile: Pile, labs: Sequence[KnownLab]) -> None:
    """Put one file where it belongs in its student's pile."""
    path, suffix = "/".join(map(clean, one.parts)), os.path.splitext(owner.file)[1].lower()
    called = lab_called(owner.file, labs)
    lab = called.name if called else ""
    try:
        if isinstance(one, Problem):
            raise ValueError(one.reason)
        if owner.file == "manifest.json":
            pile.manifests.append(manifest(one.read()))
        elif owner.file == "timestamp.txt" and owner.system == "nbgrader":
            if stamp := _stamp(one.read()):
                pile.stamps["/".join(one.parts[:-1])] = stamp
        elif suffix in ARTIFACTS:
            _take_artifact(one.read(), owner, pile)
        elif suffix in PERHAPS:
            _take_notebook(one, owner, path, pile, labs)
        elif suffix in MODELS or "challenge" in owner.file.lower():
            raise ValueError(f"is not a file that an open challenge takes: hand in {' or '.join(ARTIFACTS)}")
        else:
            pile.others.append(path)
    except ValueError as error:
        if suffix in PERHAPS and suffix != ".ipynb" and not isinstance(one, Problem):
            pile.others.append(path)  # a text or a JSON that is no notebook and was not called one
        else:
            pile.refused.append((lab, path, visible(str(error)), suffix in (".ipynb", ".zip")))


def _take_artifact(data: bytes, owner: Owner, pile: Pile) -> None:
    if len(data) > MAX_BYTES:
        raise ValueError(f"has {size_of(len(data), MAX_BYTES)}, and {size_of(MAX_BYTES)} are the most: it was not taken")
    if sum(map(len, pile.artifacts.values())) + len(data) > MOST_ARTIFACTS or len(pile.artifacts) >= MOST_FILES:
        raise ValueError("is one challenge's file too many: it was not taken")
    name = clean(owner.file)
    pile.artifacts[name if name == owner.file else f"challenge{os.path.splitext(owner.file)[1].lower()}"] = data


def _take_notebook(one: Entry, owner: Owner, path: str, pile: Pile, labs: Sequence[KnownLab]) -> None:
    found = read(one.read())
    known = recognise(found.notebook, owner.file, labs)
    if known is None:
        raise ValueError("is a notebook, but of none of the labs: it has none of their cells")
    notes = [f"{clean(owner.file)} {note}" for note in found.notes]
    called = lab_called(owner.file, labs)
    if called != known.lab or not owner.file.lower().endswith(".ipynb"):
        notes.append(f"{clean(owner.file)} was recognised as lab {known.lab.number} by {known.how}")
    pile.notebooks.append(Notebook(path, owner, Read(found.data, tuple(notes)), known))


def _stamp(data: bytes) -> datetime | None:
    """nbgrader's time, "2026-11-25 15:58:23.948203 UTC"; a zone that is told by a number, or is UTC, is kept."""
    text = data[:200].decode("utf-8", "replace").strip()
    found = re.match(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.\d+)? ?(?:(UTC|GMT|Z)\b|([+-]\d\d:?\d\d))?", text)
    try:
        return datetime.fromisoformat(found[1] + ("+00:00" if found[2] else found[3] or "")) if found else None
    except ValueError:
        return None
