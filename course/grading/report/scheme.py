"""What marks are worth: points, deadlines and manual points, by a small TOML file. Marks stay as they are; only their weight changes.

extras = "bonus"                       # points of extra exercises count; "shown" (the default): they do not

[labs.01]                              # or [labs.01_pruning]
points = 10                            # what all core exercises give together
deadline = 2026-11-30T23:59:00         # in the time of the learning system
late_per_day = 0.1                     # share of the lab's points that each day begun takes off
late_most = 0.5                        # but no more than this share
exercises = { magnitude_mask = 5 }     # points of single exercises in place of their own

[manual."Ada Lovelace"]                # added at the end
01 = 1.5

[days_late."Ada Lovelace"]             # in place of what the files say; 0 forgives
01 = 0
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from course.grading.marks import LabMark
from course.grading.text import same

EXTRAS = ("shown", "bonus")


@dataclass(frozen=True)
class LabWeight:
    """How one lab counts. points: of its core exercises together, None for their own sum. late_per_day, late_most: shares of the points."""

    points: float | None = None
    deadline: datetime | None = None
    late_per_day: float = 0.0
    late_most: float = 1.0
    exercises: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Weights:
    """How all labs count. manual, days_late: student -> lab -> number."""

    labs: Mapping[str, LabWeight] = field(default_factory=dict)
    extras: str = "shown"
    manual: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    days_late: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """A mark as it counts. points: after what lateness took off and with manual points. earned: before both. late_days: days begun.

    exercises: name -> (points, of) as weighted.
    """

    points: float
    of: float
    earned: float
    extra: float
    late: float
    late_days: int
    manual: float
    exercises: Mapping[str, tuple[float, float]]


def read_weights(path: Path, labs: Collection[str]) -> Weights:
    """The weights of a TOML file. labs: the names of all labs there are, "01_pruning".

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no TOML, or something in it is not known or no number; a sentence that names it.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}: give --weights a TOML file")
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not TOML: it is not text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    try:
        _known(found, ("labs", "extras", "manual", "days_late"), "at the top")
        if (extras := found.get("extras", "shown")) not in EXTRAS:
            raise ValueError(f'extras is {extras!r}: use "shown" or "bonus"')
        weights = {lab: _weight(name, entry) for lab, name, entry in _by_lab(_table(found, "labs"), labs, "[labs]")}
        return Weights(weights, extras, _by_student(found, "manual", labs), _by_student(found, "days_late", labs))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _weight(lab: str, entry: Any) -> LabWeight:
    where = f"labs.{lab}"
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is {entry!r}: write a table, [{where}]")
    _known(entry, ("points", "deadline", "late_per_day", "late_most", "exercises"), f"in [{where}]")
    exercises = {name: _number(value, f"{where}.exercises.{name}") for name, value in _table(entry, "exercises").items()}
    points = entry.get("points")
    return LabWeight(
        None if points is None else _number(points, f"{where}.points"),
        _moment(entry.get("deadline"), f"{where}.deadline"),
        _number(entry.get("late_per_day", 0.0), f"{where}.late_per_day", most=1),
        _number(entry.get("late_most", 1.0), f"{where}.late_most", most=1),
        exercises,
    )


def _by_student(found: Mapping[str, Any], key: str, labs: Collection[str]) -> dict[str, dict[str, float]]:
    result: dict[str, dict[str, float]] = {}
    for written, entry in _table(found, key).items():
        student = same(written)
        if student in result:
            raise ValueError(f'{key}."{student}" is there twice, once with combining letters: leave one')
        if not isinstance(entry, dict):
            raise ValueError(f'{key}."{student}" is {entry!r}: write one number for each lab, [{key}."{student}"]')
        least = 0 if key == "days_late" else -math.inf
        where = f'{key}."{student}"'
        result[student] = {lab: _number(value, f"{where}.{name}", least) for lab, name, value in _by_lab(entry, labs, f"[{where}]")}
    return result


def _known(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    if unknown := next((key for key in table if key not in keys), None):
        near = f"did you mean {nearest(unknown, keys)}?" if nearest(unknown, keys) else f"use {', '.join(keys[:-1])} or {keys[-1]}"
        raise ValueError(f"{unknown} {where} is not known: {near}")


def nearest(word: str, known: Collection[str]) -> str:
    """What is most likely meant by a word that is none of those known, whatever the case of its letters; "" if nothing is like it."""
    folded = {one.casefold(): one for one in known}
    return next((folded[one] for one in get_close_matches(word.casefold(), folded, 1)), "")


def _table(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key, {})
    if not isinstance(found, dict):
        raise ValueError(f"{key} is {found!r}: write a table")
    return found


def _by_lab(table: Mapping[str, Any], labs: Collection[str], where: str) -> Iterator[tuple[str, str, Any]]:
    """(lab, what the file calls it, its entry); a lab that is there under two names is refused."""
    seen: dict[str, str] = {}
    for name, entry in table.items():
        lab = _lab(name, labs)
        if lab in seen:
            raise ValueError(f"{seen[lab]} and {name} in {where} are the same lab: leave one")
        seen[lab] = name
        yield lab, name, entry


def _lab(name: str, labs: Collection[str]) -> str:
    found = [lab for lab in labs if name.zfill(2) in (lab, lab[:2])]
    if len(found) != 1:
        near = nearest(name, labs) if len(name) > 2 else ""
        raise ValueError(f"there is no lab {name}: " + (f"did you mean {near}?" if near else f"use one of {', '.join(sorted(labs))}"))
    return found[0]


def _number(value: Any, where: str, least: float = 0, most: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not least <= value <= most:
        bounds = f"a number from {least:g} to {most:g}" if most < math.inf else f"a number from {least:g}" if least == 0 else "a number"
        raise ValueError(f"{where} is {value!r}: give {bounds}")
    return float(value)


def _moment(value: Any, where: str) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(23, 59, 59))
    raise ValueError(f"{where} is {value!r}: give a date and time such as 2026-11-30T23:59:00, without quotes")


def weigh(mark: LabMark, weights: Weights, handed_in: str = "", late: bool = False) -> Grade:
    """What a mark counts. handed_in: ISO date and time, "" if unknown. late: the system said so; without a time that is one day.

    An exercise keeps its share of its own points; a lab keeps its share of the core points; extras are never scaled by the lab's points.
    """
    weight = weights.labs.get(mark.lab, LabWeight())
    exercises = {}
    for one in mark.exercises:
        of = weight.exercises.get(one.name, one.of)
        exercises[one.name] = (one.points / one.of * of if one.of else 0.0, of)
    core = [exercises[one.name] for one in mark.exercises if one.core]
    extra = sum(exercises[one.name][0] for one in mark.exercises if not one.core)
    own, own_of = sum(points for points, _ in core), sum(of for _, of in core)
    of = own_of if weight.points is None else weight.points
    factor = of / own_of if own_of else 0.0
    exercises |= {one.name: (exercises[one.name][0] * factor, exercises[one.name][1] * factor) for one in mark.exercises if one.core}
    earned = own * factor + (extra if weights.extras == "bonus" else 0.0)
    days = days_late(mark.student, mark.lab, weights, handed_in, late)
    off = earned * min(days * weight.late_per_day, weight.late_most)
    manual = manual_points(mark.student, mark.lab, weights)
    return Grade(max(0.0, earned - off + manual), of, earned, extra, off, days, manual, exercises)


def manual_points(student: str, lab: str, weights: Weights) -> float:
    """The manual points of one student in one lab."""
    return weights.manual.get(student, {}).get(lab, 0.0)


def days_late(student: str, lab: str, weights: Weights, handed_in: str, late: bool) -> int:
    """Days begun after the deadline; what the weights say of this student goes before all else."""
    said = weights.days_late.get(student, {})
    if lab in said:
        return math.ceil(said[lab])
    deadline = weights.labs.get(lab, LabWeight()).deadline
    if deadline and handed_in:
        moment = datetime.fromisoformat(handed_in)
        if deadline.tzinfo is None:  # in the time of the learning system, whatever zone it names
            moment = moment.replace(tzinfo=None)
        elif moment.tzinfo is None:  # a system that names no zone is taken for one in this computer's
            moment = moment.astimezone()
        return max(0, math.ceil((moment - deadline).total_seconds() / 86_400))
    return int(late)


def strangers(weights: Weights, students: Collection[str]) -> list[str]:
    """Students whom the weights name and who handed in nothing: mostly a name that is spelt otherwise, so with the one most like it."""
    return [_with_nearest(name, name, students) for name in sorted({*weights.manual, *weights.days_late} - set(students))]


def unknown_exercises(weights: Weights, marks: Sequence[LabMark]) -> list[str]:
    """Exercises that the weights name and their lab has not, with those most like them; of labs with marks alone."""
    found: dict[str, set[str]] = {}
    for mark in marks:
        found.setdefault(mark.lab, set()).update(one.name for one in mark.exercises)
    named = [(lab, name) for lab, weight in weights.labs.items() if lab in found for name in weight.exercises]
    return [_with_nearest(f"{lab}.{name}", name, sorted(found[lab])) for lab, name in named if name not in found[lab]]


def _with_nearest(text: str, word: str, known: Collection[str]) -> str:
    near = nearest(word, known)
    return f"{text} (did you mean {near}?)" if near else text
