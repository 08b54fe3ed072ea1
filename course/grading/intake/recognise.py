"""The labs of the course as far as they tell whose cells a notebook has, whatever the file is called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from utils.files import ROOT
from utils.student.matching import exercises_of
from utils.student.notebook import cells_of, read_notebook, titans

LABS = ROOT / "labs"

_DEFINES = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+(\w+)|^(\w+)[ \t]*=[ \t]*lambda\b", re.MULTILINE)


@dataclass(frozen=True)
class KnownLab:
    """A lab. name: "01_pruning". stubs: cell id of each exercise -> the stub's text. functions: its function's name -> the same id.

    source_sha256: of what it was built from, "" if it does not say.
    """

    name: str
    stubs: Mapping[str, str]
    functions: Mapping[str, str]
    source_sha256: str = ""

    @property
    def number(self) -> str:
        """Its number, "01"."""
        return self.name[:2]


@dataclass(frozen=True)
class Recognised:
    """Which lab a notebook is. how: by what, in words. answered: how many of its exercises differ from their stubs."""

    lab: KnownLab
    how: str
    answered: int


@cache
def known_labs(folder: Path = LABS) -> tuple[KnownLab, ...]:
    """The labs that have exercises, in order."""
    found = []
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        notebook = read_notebook(path)
        exercises = exercises_of(cells_of(notebook))
        stubs = {one.cell.id: one.cell.text for one in exercises}
        functions = {one.name: one.cell.id for one in exercises}
        found.append(KnownLab(path.stem, stubs, functions, titans(notebook).get("source_sha256", "")))
    return tuple(lab for lab in found if lab.stubs)


def recognise(notebook: Mapping[str, Any], file: str, labs: Sequence[KnownLab]) -> Recognised | None:
    """Which lab this is: by its metadata, else by its exercises' cells, else by the file's name; None if nothing tells.

    Metadata that none of the cells bears out is believed only where the cells say nothing at all.
    """
    found = {lab.name: _answers(notebook, lab) for lab in labs}
    said = next((lab for lab in labs if lab.name == titans(notebook).get("lab")), None)
    if said and found[said.name]:
        return Recognised(said, "its metadata", _answered(found[said.name], said))
    called = lab_called(file, labs)
    best = max(labs, key=lambda lab: (len(found[lab.name]), lab is called), default=None)
    if best and found[best.name]:
        return Recognised(best, "the cells of its exercises", _answered(found[best.name], best))
    if said:
        return Recognised(said, "its metadata", 0)
    return Recognised(called, "the file's name", 0) if called else None


def _answers(notebook: Mapping[str, Any], lab: KnownLab) -> dict[str, list[str]]:
    """The texts that may answer each exercise, by the exercise's cell id. Nothing is parsed: the text is a stranger's."""
    found: dict[str, list[str]] = {}
    for cell in cells_of(notebook):
        names = {first or second for first, second in _DEFINES.findall(cell.text)} if cell.kind == "code" else set()
        for identity in {cell.id} & set(lab.stubs) | {lab.functions[name] for name in names & set(lab.functions)}:
            found.setdefault(identity, []).append(cell.text)
    return found


def _answered(found: Mapping[str, list[str]], lab: KnownLab) -> int:
    return sum(any(text.split() and text.split() != lab.stubs[identity].split() for text in texts) for identity, texts in found.items())


def lab_called(file: str, labs: Sequence[KnownLab]) -> KnownLab | None:
    """The lab that a file's name means: "01_pruning (2).ipynb", "Lab 1.ipynb", "my pruning.ipynb", "01_challenge.onnx"; None if unclear."""
    plain = " ".join(re.findall(r"[a-z]+|\d+", Path(file).stem.casefold()))
    number = re.match(r"(?:lab )?0*(\d{1,2})\b", plain) or re.search(r"\blab 0*(\d{1,2})\b", plain)
    whole = [lab for lab in labs if re.search(rf"\b{' '.join(lab.name.casefold().split('_'))}\b", plain)]
    topic = [lab for lab in labs if re.search(rf"\b{' '.join(lab.name[3:].casefold().split('_'))}\b", plain)]
    numbered = [lab for lab in labs if number and int(number[1]) == int(lab.number)]
    return next((found[0] for found in (whole, topic, numbered) if len(found) == 1), None)
