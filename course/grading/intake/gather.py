"""Gather what a class handed in: folders and zips as Moodle, Canvas, nbgrader, `submit` and people lay them out.

Whatever is wrong with a file costs its author that file and is named; it never stops the others.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from course.grading.intake.archives import Limits, Problem
from course.grading.intake.owners import is_export, owner_of
from course.grading.intake.recognise import KnownLab, known_labs, lab_called
from course.grading.intake.student_files import Notebook, Pile, put
from course.grading.intake.walk import tree
from course.grading.submission import Refusal, Submission
from course.grading.text import clean, mark

__all__ = ["Refusal", "Submission", "gather"]


def gather(folder: Path, labs: Sequence[KnownLab] | None = None, limits: Limits | None = None) -> list[Submission | Refusal]:
    """All submissions below a folder (or in a zip), one for each student and lab, and what can't be graded; sorted.

    Raises:
        FileNotFoundError, ValueError: there is no such folder or zip.
    """
    labs = known_labs() if labs is None else labs
    piles: dict[tuple[str, ...], Pile] = {}
    for one in tree(Path(folder), is_export, limits):
        owner = owner_of(one.parts, labs, Path(folder).resolve().name) if one.parts else None
        if owner is None:
            if not one.parts and isinstance(one, Problem):
                raise ValueError(f"{folder} {one.reason}")
            continue
        # a zip that lies alone is a student's of whom only the manifest may tell the name
        alone = one.parts[0] if owner.system == "folder" and one.parts[0].lower().endswith(".zip") else ""
        pile = piles.setdefault((*owner.key, alone), Pile(owner))
        put(one, owner, pile, labs)
    return sorted(_results(_named(piles.values(), clean(Path(folder).resolve().stem)), labs), key=_order)


def _order(one: Submission | Refusal) -> tuple[str, str, bool, str]:
    return one.student, one.lab, isinstance(one, Refusal), one.path if isinstance(one, Refusal) else ""


def _named(piles: Iterable[Pile], folder: str) -> dict[str, list[Pile]]:
    """The piles by the student's name. Two students of one name get behind it what tells them apart.

    One name in two systems is two students too: nobody can hand in for another by laying out a zip as a system does.
    """
    by_name: dict[str, list[Pile]] = defaultdict(list)
    for pile in piles:
        by_name[pile.called or folder or "unnamed"].append(pile)
    students: dict[str, list[Pile]] = defaultdict(list)
    for name, found in by_name.items():
        tell = _difference(found)
        for pile in found:
            students[f"{name} ({tell(pile)})" if tell else name].append(pile)
    return students


def _difference(found: Sequence[Pile]) -> Callable[[Pile], str] | None:
    """What tells students of one name apart; None if it is one student."""
    if len({pile.owner.system for pile in found}) > 1:
        return lambda pile: pile.owner.system
    labs: dict[str, set[str]] = defaultdict(set)  # by number
    for pile in found:
        labs[pile.owner.number] |= {one.known.lab.name for one in pile.notebooks}
    if len(set().union(*labs.values())) < sum(map(len, labs.values())):  # else the system numbers each assignment's students anew
        return lambda pile: pile.owner.number
    if len({pile.owner.name for pile in found if pile.owner.system != "folder" or not pile.stated}) > 1:
        return lambda pile: mark(pile.owner.name)[:6]
    return None


def _results(students: Mapping[str, list[Pile]], labs: Sequence[KnownLab]) -> Iterator[Submission | Refusal]:
    for student, piles in students.items():
        yield from _of_student(student, piles, labs)


def _of_student(student: str, piles: Sequence[Pile], labs: Sequence[KnownLab]) -> Iterator[Submission | Refusal]:
    by_lab: dict[str, list[Notebook]] = defaultdict(list)
    for one in (one for pile in piles for one in pile.notebooks):
        by_lab[one.known.lab.name].append(one)
    notes: dict[str, list[str]] = defaultdict(list)
    files: dict[str, dict[str, bytes]] = defaultdict(dict)
    for number, name, data in ((pile.owner.number, *one) for pile in piles for one in sorted(pile.artifacts.items())):
        called = lab_called(name, labs)
        lab = called.name if called else next(iter(by_lab)) if len(by_lab) == 1 else ""
        if lab not in by_lab:
            yield Refusal(student, lab, clean(name), "is a file of an open challenge without its lab's notebook", number)
            continue
        files[lab][name] = data
        if not called:
            notes[lab].append(f"{clean(name)} was taken for lab {lab[:2]}, the only one handed in")
    for number, lab, path, reason, serious in ((pile.owner.number, *one) for pile in piles for one in pile.refused):
        if (lab in by_lab) if lab else (by_lab and not serious):
            for mine in [lab] if lab else by_lab:
                notes[mine].append(f"{path} {reason}")
        else:
            yield Refusal(student, lab, path, reason, number)
    if not by_lab and not any(pile.refused for pile in piles) and (others := [path for pile in piles for path in pile.others]):
        reason = "is not a notebook" if len(others) == 1 else "are not notebooks"
        yield Refusal(student, "", ", ".join(others[:3]), reason, next(pile.owner.number for pile in piles if pile.others))
    stamps = {folder: stamp for pile in piles for folder, stamp in pile.stamps.items()}
    stated = next((pile.stated for pile in piles if pile.owner.system in ("moodle", "canvas") and pile.stated), "")
    for lab, found in by_lab.items():
        if stated and not _words(stated) & _words(student):
            notes[lab].append(f"the manifest in the zip names {stated}")
        yield _submission(student, lab, found, files[lab], notes[lab], stamps)


def _submission(
    student: str, lab: str, found: Sequence[Notebook], artifacts: dict[str, bytes], notes: Sequence[str], stamps: Mapping[str, datetime]
) -> Submission:
    """One of the notebooks of a lab: the one with most answers, then that with the highest number."""
    best = max(found, key=lambda one: (one.known.answered, _numbers(one.owner.file), one.path))
    passed = [one for one in found if one is not best and one.read.data != best.read.data]
    about = (
        [f"{best.path} was taken of {len(passed) + 1} files for this lab; not {', '.join(one.path for one in passed)}"] if passed else []
    )
    digest = sha256(best.read.data)
    for name, data in sorted(artifacts.items()):
        digest.update(f"\0{name}\0".encode("utf-8", "surrogatepass") + sha256(data).digest())
    time = stamps.get(best.path.rpartition("/")[0])
    said = tuple(f"{note}." for note in [*best.read.notes, *about, *notes])
    handed_in = time.isoformat() if time else ""
    return Submission(student, lab, best.read.data, artifacts, said, digest.hexdigest(), handed_in, best.owner.late, best.owner.number)


def _numbers(file: str) -> int:
    """The number behind a name, as `update` (-2), browsers (" (2)") and learning systems (-2) put it; 1 without one."""
    found = re.search(r"[-(](\d{1,4})\)?$", os.path.splitext(file)[0])
    return int(found[1]) if found else 1


def _words(name: str) -> set[str]:
    """Words of a name, and all of it as one, small: Canvas writes "lovelaceada"."""
    words = re.findall(r"\w+", name.casefold())
    return {*words, "".join(words), "".join(reversed(words))}
