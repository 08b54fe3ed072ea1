"""Which hand-ins are one student's, and what the student is called. Where two claim one name, both stay and neither is chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from course.grading.intake.student_files import Pile
from course.grading.text import clean, mark, same


@dataclass
class Student:
    """One student. piles: what was handed in, one for each hand-in. notes: what to know about whose it is, for all labs."""

    name: str
    piles: list[Pile]
    notes: list[str] = field(default_factory=list)


def students_of(piles: Sequence[Pile], folder: str) -> Iterator[Student]:
    """The students whose hand-ins these are. folder: the name of the folder of all, for a notebook that names nobody."""
    claimed = _claimed(piles)
    by_name: dict[str, list[Pile]] = defaultdict(list)
    for pile in piles:
        by_name[claimed[id(pile)] or folder or "unnamed"].append(pile)
    for name, found in by_name.items():
        yield from _apart(name, found)


def _claimed(piles: Sequence[Pile]) -> dict[int, str]:
    """The name of each pile: the system's; by hand the manifest's, unless another hand-in has that name or the same lab under it."""
    own = {id(pile): clean(pile.owner.name) for pile in piles}
    names: dict[str, set[int]] = defaultdict(set)
    stated: dict[str, list[Pile]] = defaultdict(list)
    for pile in piles:
        names[_folded(own[id(pile)])].add(id(pile))
        if pile.owner.system == "folder" and pile.stated:
            stated[_folded(pile.stated)].append(pile)
    called = dict(own)
    for name, found in stated.items():
        taken = names[name] - {id(pile) for pile in found}
        for pile in found:
            if not own[id(pile)] or not (taken or _clash(found)):
                called[id(pile)] = pile.stated
    return called


def _folded(name: str) -> str:
    return same(name).casefold()


def _apart(name: str, piles: Sequence[Pile]) -> Iterator[Student]:
    """The students of one name, told apart by what differs."""
    tell = _difference(piles)
    if tell is None:
        yield Student(name, list(piles))
        return
    groups: dict[str, list[Pile]] = defaultdict(list)
    for pile in piles:
        groups[tell(pile)].append(pile)
    told = [f"{name} ({how})" if how else name for how in groups]
    for student, found in zip(told, groups.values(), strict=True):
        others = [one for one in told if one != student]
        note = f"several hand-ins claim the name {name}: compare this one with {', '.join(others[:3])}{' and more' * (len(others) > 3)}"
        for one in _apart(student, found) if len(found) < len(piles) else [Student(student, found)]:
            yield Student(one.name, one.piles, [*one.notes, note])


def _difference(piles: Sequence[Pile]) -> Callable[[Pile], str] | None:
    """What tells students of one name apart; None if they are one student."""
    if len({pile.owner.system for pile in piles}) > 1:
        return lambda pile: pile.owner.system
    system = piles[0].owner.system
    labs: dict[str, set[str]] = defaultdict(set)
    for pile in piles:
        labs[pile.owner.number] |= {one.known.lab.name for one in pile.notebooks}
    if len(labs) > 1 and (system != "moodle" or len(set().union(*labs.values())) < sum(map(len, labs.values()))):
        return lambda pile: pile.owner.number  # Moodle alone numbers the students of each assignment anew
    named = [pile for pile in piles if clean(pile.owner.name)]
    if system == "folder" and named and len(named) < len(piles) and any(pile.stated for pile in piles if pile not in named):
        return lambda pile: "" if pile in named else _place(pile)  # who is called so goes before who says so
    if len({same(pile.owner.name) for pile in piles if clean(pile.owner.name) == clean(piles[0].owner.name)}) > 1:
        return lambda pile: mark(same(pile.owner.name))[:6]
    if not _clash(piles):
        return None
    places = [_place(pile) for pile in piles]
    return lambda pile: _place(pile) if places.count(_place(pile)) == 1 else f"{_place(pile)} {mark('/'.join(pile.place))[:6]}"


def _place(pile: Pile) -> str:
    return clean("/".join(pile.place)) or "loose files"


def _clash(piles: Sequence[Pile]) -> bool:
    """Whether two of these have other notebooks of one lab."""
    seen: dict[str, tuple[int, set[bytes]]] = {}
    for at, pile in enumerate(piles):
        for one in pile.notebooks:
            first, found = seen.setdefault(one.known.lab.name, (at, set()))
            if first != at and one.read.data not in found:
                return True
            if first == at:
                found.add(one.read.data)
    return False
