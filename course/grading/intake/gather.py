"""Gather what a class handed in: folders and zips as learning systems, `submit` and people lay them out.

Whatever is wrong with a file costs its author that file and is named; it never stops the others.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from course.grading.intake.archives import Limits, Problem
from course.grading.intake.layout import Layout, layout_of
from course.grading.intake.leftovers import HIDDEN, Parts
from course.grading.intake.outline import outline
from course.grading.intake.recognise import KnownLab, known_labs, lab_called
from course.grading.intake.student_files import Notebook, Pile, put
from course.grading.intake.students import Student, students_of
from course.grading.intake.walk import tree
from course.grading.submission import Refusal, Submission
from course.grading.text import clean

SHOWN = 5  # broken files of one student and lab that are named one by one


@dataclass(frozen=True)
class HandOver:
    """All that a class handed in.

    found: one for each student and lab, sorted. said: how it was read and what was left out, in sentences.
    """

    found: list[Submission | Refusal]
    said: tuple[str, ...] = ()


def gather(folder: Path, labs: Sequence[KnownLab] | None = None, limits: Limits | None = None) -> list[Submission | Refusal]:
    """All submissions below a folder (or in a zip), one for each student and lab, and what can't be graded; sorted.

    Raises:
        FileNotFoundError, ValueError: there is no such folder or zip.
    """
    return hand_over(folder, labs, limits).found


def hand_over(folder: Path, labs: Sequence[KnownLab] | None = None, limits: Limits | None = None) -> HandOver:
    """The same with what an instructor should know about how it was read. Raises as `gather` does."""
    labs, limits = known_labs() if labs is None else labs, limits or Limits()
    folder = Path(folder)
    layout = layout_of(outline(folder, limits), labs) if folder.exists() else Layout(labs)
    piles: dict[tuple[object, ...], Pile] = {}
    left_out: list[Parts] = []
    hidden: list[Parts] = []
    for one in tree(folder, layout.is_class, limits):
        if not one.parts:
            if isinstance(one, Problem):
                raise ValueError(f"{folder} {one.reason}")
            continue
        hidden += [one.parts] if isinstance(one, Problem) and one.reason == HIDDEN else []
        owner = layout.owner(one.parts)
        if owner is None:
            left_out.append(one.parts)
            continue
        place = layout.hand_in(one.parts, owner)
        put(one, owner, piles.setdefault((*owner.key, place), Pile(owner, place)), labs)
    for place, doubt in layout.doubts.items():
        for pile in piles.values():
            if pile.place == place:
                pile.doubts.append(f"{'/'.join(map(clean, place))} {doubt}")
    students = list(students_of(list(piles.values()), clean(folder.resolve().stem)))
    found = [one for student in students for one in _of_student(student, labs)]
    known = {one.lab for one in found if isinstance(one, Submission)}
    found = [one if isinstance(one, Submission) else _without_a_guess(one, known, labs) for one in found]
    return HandOver(sorted(found, key=_order), tuple(_said(layout, students, left_out, hidden)))


def _order(one: Submission | Refusal) -> tuple[str, str, bool, str]:
    return one.student, one.lab, isinstance(one, Refusal), one.path if isinstance(one, Refusal) else ""


def _without_a_guess(one: Refusal, known: set[str], labs: Sequence[KnownLab]) -> Refusal:
    """A refusal of a lab that nobody handed in counts for it only if its name says so in words, and not by a number alone."""
    words = re.findall(r"[a-z]+", one.path.casefold())
    if not one.lab or one.lab in known or set(one.lab[3:].split("_")) <= set(words):
        return one
    return Refusal(one.student, "", one.path, one.reason, one.number)


def _said(layout: Layout, students: Sequence[Student], left_out: Sequence[Parts], hidden: Sequence[Parts]) -> Iterator[str]:
    """What an instructor should know about how all this was read."""
    for place in sorted(layout.levels):
        if place and layout.system == "folder":
            yield f"{'/'.join(map(clean, place))} was read as a folder of several students, not as one student's."
    for doubt in dict.fromkeys(doubt for student in students for pile in student.piles for doubt in pile.doubts):
        yield f"{doubt}."
    for student in students:
        yield from (f"{student.name}: {note}." for note in student.notes[:1])
        yield from _loose(student)
    if hidden:
        yield f"Hidden by a dot in front of their names, and not read: {_listed(['/'.join(map(clean, parts)) for parts in hidden])}."
    if left_out:
        yield f"Left out, because they are nobody's work: {_listed([clean(parts[len(layout.above(parts))]) for parts in left_out])}."


def _listed(names: Sequence[str]) -> str:
    """The names, each once; of very many the first."""
    first = list(dict.fromkeys(names))
    return ", ".join(first[:SHOWN]) + (f" and {len(first) - SHOWN:,} more" if len(first) > SHOWN else "")


def _loose(student: Student) -> Iterator[str]:
    """That several notebooks of one lab, which name nobody, were taken for one student's."""
    loose = [one for pile in student.piles if pile.place and not pile.place[-1] for one in pile.notebooks]
    for lab in sorted({one.known.lab.name for one in loose}):
        mine = [one for one in loose if one.known.lab.name == lab]
        if len({one.read.data for one in mine}) > 1:
            yield (
                f"{len(mine)} notebooks of lab {lab[:2]} lie side by side and name nobody: one was graded, as {student.name}'s. "
                "If they are several students', put each into a folder of that student's name."
            )


def _of_student(student: Student, labs: Sequence[KnownLab]) -> Iterator[Submission | Refusal]:
    name, piles = student.name, student.piles
    by_lab: dict[str, list[Notebook]] = defaultdict(list)
    for one in (one for pile in piles for one in pile.notebooks):
        by_lab[one.known.lab.name].append(one)
    notes: dict[str, list[str]] = defaultdict(list)
    files: dict[str, dict[str, bytes]] = defaultdict(dict)
    for number, file, data in ((pile.owner.number, *one) for pile in piles for one in sorted(pile.artifacts.items())):
        called = lab_called(file, labs)
        lab = called.name if called else next(iter(by_lab)) if len(by_lab) == 1 else ""
        if lab not in by_lab:
            yield Refusal(name, lab, clean(file), "is a file of an open challenge without its lab's notebook", number)
            continue
        files[lab][file] = data
        if not called:
            notes[lab].append(f"{clean(file)} was taken for lab {lab[:2]}, the only one handed in")
    for number, lab, path, reason, serious in _few(piles):
        if (lab in by_lab) if lab else (by_lab and not serious):
            for mine in [lab] if lab else by_lab:
                notes[mine].append(f"{path} {reason}")
        else:
            yield Refusal(name, lab, path, reason, number)
    if not by_lab and not any(pile.refused for pile in piles) and (others := [path for pile in piles for path in pile.others]):
        reason = "is not a notebook" if len(others) == 1 else "are not notebooks"
        yield Refusal(name, "", ", ".join(others[:3]), reason, next(pile.owner.number for pile in piles if pile.others))
    stamps = {folder: stamp for pile in piles for folder, stamp in pile.stamps.items()}
    about = [*student.notes, *(doubt for pile in piles for doubt in pile.doubts)]
    stated = next((pile.stated for pile in piles if pile.stated and not _words(pile.stated) & _words(name)), "")
    for lab, found in by_lab.items():
        told = [*notes[lab], *about, *([f"the manifest in the zip names {stated}"] if stated else [])]
        yield _submission(name, lab, found, files[lab], told, stamps)


def _few(piles: Iterable[Pile]) -> Iterator[tuple[str, str, str, str, bool]]:
    """The refused files as (number, lab, path, reason, whether it is a notebook); of very many for one lab the first, and how many more."""
    groups: dict[tuple[str, str], list[tuple[str, str, bool]]] = defaultdict(list)
    for pile in piles:
        for lab, path, reason, serious in pile.refused:
            groups[pile.owner.number, lab].append((path, reason, serious))
    for (number, lab), found in groups.items():
        shown = found if len(found) <= SHOWN + 1 else found[:SHOWN]
        yield from ((number, lab, *one) for one in shown)
        if rest := found[len(shown) :]:
            yield number, lab, f"{len(rest):,} more files, such as {rest[0][0]},", "can't be used either", any(one[2] for one in rest)


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
