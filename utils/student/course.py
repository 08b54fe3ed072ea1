"""The student's progress: what the labs declare and what the ledger contains, nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils import ledger
from utils.student import folder
from utils.student.code import defined
from utils.student.notebook import Notebook, cells_of, read_notebook
from utils.student.update import unchanged

if TYPE_CHECKING:
    from utils.measure import Card

CARDS = 8  # scorecards to show, the last ones
ANNOUNCED = re.compile(r"\*\*Exercise \d+\*\* \((core|extra), (\d+) points?, (\d+) minutes\)")
COLUMNS = ("file", "not zero", "MACs", "latency p50")  # of utils.measure.compare.COSTS


@dataclass(frozen=True)
class Standing:
    """One exercise. points: by the last verdict of its public checks, 0 without one. tried: whether there was a verdict on an answer."""

    name: str
    minutes: int
    core: bool
    points: float
    of: float
    tried: bool

    @property
    def solved(self) -> bool:
        """Whether all its public cases passed."""
        return self.tried and self.points >= self.of


@dataclass(frozen=True)
class LabStanding:
    """One lab. minutes: as its header says, None if it does not. copy: the student's newest notebook of it. changed: it is not today's."""

    number: str
    title: str
    minutes: int | None
    exercises: tuple[Standing, ...]
    copy: Path | None
    changed: bool

    @property
    def core(self) -> tuple[Standing, ...]:
        """The exercises that the lab's points are made of."""
        return tuple(one for one in self.exercises if one.core)

    @property
    def open(self) -> tuple[Standing, ...]:
        """Core exercises that are not solved."""
        return tuple(one for one in self.core if not one.solved)


@dataclass(frozen=True)
class Course:
    """All labs in order, the last scorecards, the newest first, and the number of the lab of the latest check, "" if there was none."""

    labs: tuple[LabStanding, ...]
    cards: tuple[Card, ...] = ()
    latest: str = ""

    @property
    def current(self) -> LabStanding | None:
        """The lab to go on with: that of the latest check, else the first; after a solved one the next that is open."""
        at = next((place for place, lab in enumerate(self.labs) if lab.number == self.latest), 0)
        return next((lab for lab in (*self.labs[at:], *self.labs[:at]) if lab.open), None)


def course() -> Course:
    """The student's progress in the labs that are there.

    Warns:
        UserWarning: the ledger is damaged or can't be read.
    """
    entries = ledger.read()
    verdicts = entries.get("exercise", {})
    labs = [_standing(path, verdicts) for path in sorted(folder.LABS.glob("[0-9][0-9]_*.ipynb"))]
    latest = next((key.partition("/")[0] for key in reversed(verdicts)), "")  # the ledger puts what was recorded last at the end
    return Course(tuple(labs), tuple(_cards(entries.get("card", {}))), latest)


@dataclass(frozen=True)
class Announced:
    """An exercise as its lab announces it."""

    name: str
    core: bool
    points: float
    minutes: int


def announced(lab: Notebook) -> list[Announced]:
    """The exercises of a lab, from its own words: utils/exercises would load torch, only to draw a page.

    A test holds the words equal to the declarations.
    """
    found, words = [], None
    for cell in cells_of(lab):
        if cell.kind == "markdown":
            words = next(reversed(list(ANNOUNCED.finditer(cell.text))), words)
        elif "exercise" in cell.tags and words:
            kind, value, minutes = words.groups()
            found += [Announced(name, kind == "core", int(value), int(minutes)) for name in sorted(defined(cell.text))[:1]]
            words = None
    return found


def _standing(path: Path, verdicts: Mapping[str, Any]) -> LabStanding:
    number, notebook = path.stem[:2], read_notebook(path)
    title, minutes = header(notebook)
    mine = next(iter(folder.copies(path.stem)), None)
    exercises = [
        _exercise(verdicts.get(f"{number}/{one.name}"), one.name, one.minutes, one.core, one.points) for one in announced(notebook)
    ]
    return LabStanding(number, title or path.stem, minutes, tuple(exercises), mine, mine is not None and _is_old(mine, notebook))


def _is_old(mine: Path, lab: Notebook) -> bool:
    try:
        return not unchanged(lab, read_notebook(mine))
    except (ValueError, OSError):  # what is not a notebook can't be brought up to date
        return False


def header(notebook: Notebook) -> tuple[str | None, int | None]:
    """The title and the minutes that a lab's first cells give: "# Lab 01: Pruning", and the column "minutes" of the table below."""
    text = "\n".join(cell.text for cell in cells_of(notebook)[:3] if cell.kind == "markdown")
    title = re.search(r"^# (?:Lab \d+: *)?(.+)$", text, re.MULTILINE)
    rows = [[part.strip() for part in line.strip().strip("|").split("|")] for line in text.splitlines() if line.strip().startswith("|")]
    minutes = None
    if len(rows) > 2 and "minutes" in rows[0] and len(rows[2]) == len(rows[0]):
        minutes = rows[2][rows[0].index("minutes")]
    elif found := re.search(r"\b(\d+) minutes\b", text):
        minutes = found[1]
    return title[1].strip() if title else None, int(minutes) if minutes and minutes.isdecimal() else None


def _exercise(verdict: Any, name: str, minutes: int, core: bool, of: float) -> Standing:
    """An exercise by its verdict in the ledger; an entry that makes no sense counts as none."""
    make = partial(Standing, name, minutes, core, of=of)
    if not isinstance(verdict, Mapping) or verdict.get("attempted") is not True:
        return make(points=0, tried=False)
    points, then = (_number(verdict.get(field)) for field in ("points", "of"))
    if not 0 <= points <= then or not then:
        return make(points=0, tried=False)
    return make(points=of * points / then, tried=True)  # the lab may give other points today


def _number(value: Any) -> float:
    """A finite number as it is, anything else as -1."""
    return value if isinstance(value, int | float) and math.isfinite(value) else -1


def _cards(entries: Mapping[str, Any]) -> list[Card]:
    """The last scorecards, the newest first; an entry that is not a scorecard is skipped."""
    if not entries:
        return []
    from utils.measure import Card

    cards = []
    for entry in entries.values():
        try:
            card = Card.from_dict(entry)
            shown([card])
        except (TypeError, ValueError, AttributeError, KeyError):
            continue
        cards.append(card)
    return cards[::-1][:CARDS]


def shown(cards: Sequence[Card]) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of a table of scorecards: name, metric, and those of COLUMNS that any card has."""
    from utils.measure.compare import COSTS

    costs = [(title, read, write) for title, read, write in COSTS if title in COLUMNS and any(read(card) is not None for card in cards)]
    columns = []
    for _, read, write in costs:
        numbers = [read(card) for card in cards]
        texts = iter(write([number for number in numbers if number is not None]))
        columns.append(["" if number is None else next(texts) for number in numbers])
    rows = []
    for at, card in enumerate(cards):
        unit = " %" if card.metric_name == "accuracy" else ""
        values = [column[at] for column in columns]
        rows.append([card.name, f"{card.metric_name} {card.metric:.2f}{unit}", *values])
    return ["Network", "Metric", *(title[0].upper() + title[1:] for title, _, _ in costs)], rows


def next_exercise(state: Course) -> tuple[LabStanding, Standing] | None:
    """The first core exercise of the current lab that is not solved, with its lab; None if there is none."""
    lab = state.current
    return (lab, lab.open[0]) if lab else None


def next_step(state: Course) -> str:
    """The next thing to do, in a few words."""
    if (found := next_exercise(state)) is None:
        return "all core exercises are solved: every lab ends with an open challenge" if state.labs else "there is no lab yet"
    lab, one = found
    began = f"you have {points(one.points)} of {points(one.of)} points" if one.tried else f"about {one.minutes} minutes"
    return f"lab {lab.number}, exercise {one.name} ({began})"


def points(value: float) -> str:
    """Points with at most two decimals: 3, 1.5, 0.67."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
