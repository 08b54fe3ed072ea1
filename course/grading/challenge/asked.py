"""What an open challenge asks for, and what was found out about a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from course.grading.challenge.loss import Loss
from course.grading.challenge.photos import Photos
from course.grading.sandbox.keeper import Sandboxes
from utils.student.challenge import Budget


@dataclass(frozen=True)
class File:
    """A file that was handed in, and what it is tried with. hidden: photos of the instructor's own, else inputs by the seed."""

    suffix: str
    data: bytes
    seed: int
    sandboxes: Sandboxes
    hidden: Photos | None = None


@dataclass(frozen=True)
class Rival:
    """A network that may not be lost to.

    name, inputs: as they are written in a sentence. may_lose: points. exclusive: whether a loss of exactly so much is too much.
    """

    name: str
    inputs: str
    may_lose: float
    exclusive: bool = False


@dataclass(frozen=True)
class Measured:
    """figures: right_percent, how many inputs, the costs. loss: to the rival, if there is one. notes: what else is to be said."""

    figures: dict[str, Any]
    loss: Loss | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Challenge:
    """What an open challenge asks for.

    file: its suffix and its bytes, as the student's own commands know them. measure: the way to its figures. budgets: further
    figures -> the most that is allowed. rival: the network that it is compared with, if any.
    """

    file: Budget
    measure: Callable[[File], Measured]
    more_budgets: Mapping[str, int] = field(default_factory=dict)
    rival: Rival | None = None

    @property
    def suffix(self) -> str:
        """Of its file."""
        return self.file.suffix

    @property
    def budgets(self) -> dict[str, int]:
        """figure -> the most that is allowed, the bytes of the file included."""
        return ({} if self.file.size_bytes is None else {"size_bytes": self.file.size_bytes}) | dict(self.more_budgets)
