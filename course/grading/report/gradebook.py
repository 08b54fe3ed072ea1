"""The book of a class: grading.jsonl, one line for each thing that happened, and who must be graded (again) by it.

A line is written whole or not at all and never changed; of two marks for one student and lab the later one counts. So
an interrupted run goes on where it was, and only a changed submission, or another seed, is graded again.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from course.grading.marks import LabMark
from course.grading.submission import Refusal, Submission

LOG = "grading.jsonl"
Key = tuple[str, str]  # student, lab


@dataclass(frozen=True)
class Entry:
    """What is known of one submission, see `Submission`. mark: None if it could not be graded; reason then says why."""

    student: str
    lab: str
    sha256: str
    seed: int
    handed_in: str
    late: bool
    number: str
    notes: tuple[str, ...]
    mark: LabMark | None
    reason: str = ""


@dataclass
class Gradebook:
    """All that the log says. entries: the last one for each student and lab. refusals: those of each student's last intake.

    hidden: sha256 of the instructor's own test set, "" without one. damaged: lines that could not be read.
    """

    folder: Path
    descriptor: int
    seed: int | None = None
    hidden: str = ""
    entries: dict[Key, Entry] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    table: str = ""
    damaged: int = 0

    @property
    def students(self) -> list[str]:
        """Everybody of whom anything is known, in order."""
        return sorted({key[0] for key in self.entries} | {one.student for one in self.refusals if one.student})

    @property
    def labs(self) -> list[str]:
        """All labs of which anything is known, in order."""
        return sorted({key[1] for key in self.entries} | {one.lab for one in self.refusals if one.lab})

    @property
    def marks(self) -> list[LabMark]:
        """All marks, by student and lab."""
        return [entry.mark for _, entry in sorted(self.entries.items()) if entry.mark]

    def begin(self, seed: int | None = None, hidden: str | None = None) -> int:
        """Begin a run with this seed and hidden test set, else those of the last run, else a new secret seed; returns the seed."""
        chosen = seed if seed is not None else self.seed if self.seed is not None else secrets.randbits(48)
        hidden = self.hidden if hidden is None else hidden
        if (chosen, hidden) != (self.seed, self.hidden):
            self._write({"kind": "run", "seed": chosen, "hidden": hidden})
        return chosen

    def take(self, gathered: Sequence[Submission | Refusal]) -> None:
        """Note who handed in what could not be graded; it replaces what was noted of the same students before."""
        met = {one.student for one in gathered}
        refusals = [one for one in self.refusals if one.student not in met]
        refusals += [one for one in gathered if isinstance(one, Refusal)]
        if sorted(map(str, refusals)) != sorted(map(str, self.refusals)):
            self._write({"kind": "refusals", "refusals": [asdict(one) for one in refusals]})

    def due(self, submissions: Iterable[Submission], *, again: bool = False, unsafe: bool = False) -> list[Submission]:
        """Those that have no mark yet for just this work, seed and hidden test set; all of them with `again`."""

        def is_done(one: Submission) -> bool:
            entry = self.entries.get((one.student, one.lab))
            if entry is None or entry.mark is None or (entry.sha256, entry.seed) != (one.sha256, self.seed):
                return False
            return unsafe or not entry.mark.unsafe  # a mark made without a sandbox is better made with one

        return [one for one in submissions if again or not is_done(one)]

    def add(self, submission: Submission, mark: LabMark) -> None:
        """Write a mark. Raises ValueError if it is another submission's."""
        if (mark.student, mark.lab, mark.submission_sha256) != (submission.student, submission.lab, submission.sha256):
            raise ValueError(f"the mark of {mark.student} in {mark.lab} came for {submission.student} in {submission.lab}")
        self._write({"kind": "mark", **_about(submission), "seed": mark.seed, "mark": mark.to_dict()})

    def fail(self, submission: Submission, reason: str) -> None:
        """Write that a submission could not be graded; the next run tries again. A mark that it has already stays."""
        entry = self.entries.get((submission.student, submission.lab))
        if entry and entry.mark and (entry.sha256, entry.seed) == (submission.sha256, self.seed):
            return
        self._write({"kind": "failure", **_about(submission), "seed": self.seed, "reason": reason})

    def keep_up(self, submissions: Iterable[Submission]) -> None:
        """Keep up with what may change without the work: when it was handed in, what was odd about the files."""
        for one in submissions:
            entry, now = self.entries.get((one.student, one.lab)), _about(one)
            if entry and entry.mark and entry.sha256 == one.sha256 and now != {name: _plain(getattr(entry, name)) for name in now}:
                mark = replace(entry.mark, notes=(*one.notes, *entry.mark.notes[len(entry.notes) :]))
                self._write({"kind": "mark", **now, "seed": entry.seed, "mark": mark.to_dict()})

    def note_table(self, sha256: str) -> None:
        """Keep the hash of the table as it was written, to tell later whether somebody changed it."""
        if sha256 != self.table:
            self._write({"kind": "table", "sha256": sha256})

    def _write(self, record: dict[str, Any]) -> None:
        stamped = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **record}
        line = json.dumps(stamped, sort_keys=True).encode() + b"\n"
        before = os.fstat(self.descriptor).st_size
        if os.write(self.descriptor, line) != len(line):
            os.ftruncate(self.descriptor, before)
            raise OSError(errno.ENOSPC, "the disk is full", str(self.folder / LOG))
        os.fsync(self.descriptor)
        self._read(stamped)

    def _read(self, record: Mapping[str, Any]) -> None:
        """Change what is known by one line."""
        kind = record["kind"]
        if kind == "run":
            self.seed, self.hidden, hidden = record["seed"], record["hidden"], self.hidden
            if hidden != self.hidden:  # other data: no mark holds any more
                self.entries = {key: _unmarked(entry) for key, entry in self.entries.items()}
        elif kind == "refusals":
            self.refusals = [Refusal(**one) for one in record["refusals"]]
        elif kind in ("mark", "failure"):
            known = {name: record[name] for name in ("student", "lab", "sha256", "seed", "handed_in", "late", "number")}
            mark = LabMark.from_dict(record["mark"]) if kind == "mark" else None
            reason, notes = record.get("reason", ""), tuple(record["notes"])
            self.entries[record["student"], record["lab"]] = Entry(**known, notes=notes, mark=mark, reason=reason)
        elif kind == "table":
            self.table = record["sha256"]


def _about(one: Submission) -> dict[str, Any]:
    names = ("student", "lab", "sha256", "handed_in", "late", "number", "notes")
    return {name: _plain(getattr(one, name)) for name in names}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _unmarked(entry: Entry) -> Entry:
    return replace(entry, mark=None, reason="the hidden test set has changed since")


@contextmanager
def gradebook(folder: Path) -> Iterator[Gradebook]:
    """The book in a folder, made if it is not there; only one at a time may be open.

    Its log has the seeds: only its owner may read it.

    Raises:
        ValueError: another grading writes into it.
        OSError: it can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOG
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError(f"another grading writes into {folder}: wait for it to end, or give another folder with --out") from error
        book = Gradebook(folder, descriptor)
        data = path.read_bytes()
        if data and not data.endswith(b"\n"):  # a line that was cut off when the power went
            os.write(descriptor, b"\n")
        for line in data.splitlines():
            try:
                book._read(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                book.damaged += bool(line.strip())
        yield book
    finally:
        os.close(descriptor)
