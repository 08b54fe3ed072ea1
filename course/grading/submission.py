"""What intake gives to the rest: submissions, and what can't be graded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lab.

    lab: "01_pruning". notebook: JSON of its cells without outputs, UTF-8, format 4. artifacts: file name -> bytes of the
    open challenge's files. notes: sentences about what was odd. sha256: of notebook and artifacts; outputs do not change it.
    handed_in: ISO date and time as the system tells it, "" if it does not. late: whether the system marked it so.
    number: by which the system knows the student, "" if there is none.
    """

    student: str
    lab: str
    notebook: bytes
    artifacts: dict[str, bytes]
    notes: tuple[str, ...]
    sha256: str
    handed_in: str = ""
    late: bool = False
    number: str = ""


@dataclass(frozen=True)
class Refusal:
    """What can't be graded. student, lab: "" where nothing tells. path: in the folder of submissions. reason: goes on after the path.

    number: as in `Submission`.
    """

    student: str
    lab: str
    path: str
    reason: str
    number: str = ""

    def __str__(self) -> str:
        return f"{self.path} {self.reason}."
