"""Bytes that may be a notebook -> the part of it that is graded: its cells, without outputs, as plain UTF-8 JSON of format 4.

A file may be hostile. Large ones are read by a process of their own, whose memory and time are limited:
a hundred megabytes of brackets would otherwise fill the grader's memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course.grading.text import size_of
from utils.files import ROOT
from utils.student.file_format import Notebook, decode, id_of, mapping, source_of, tags_of

LARGE = 8_000_000  # bytes: from here on by a process of its own
MOST_TEXT = 5_000_000  # bytes of all cells together
SECONDS, MEMORY = 60, 3 << 30


@dataclass(frozen=True)
class Read:
    """What was read. data: JSON of the notebook's cells. notes: what was odd about the file, sentences that go on after its name."""

    data: bytes
    notes: tuple[str, ...] = ()

    @property
    def notebook(self) -> Notebook:
        """The same as a dictionary."""
        found: Notebook = json.loads(self.data)
        return found


def read(data: bytes, large: int = LARGE) -> Read:
    """The cells of a notebook, whoever wrote the file and how: byte order marks, UTF-16, format 3, any length of outputs.

    Raises:
        ValueError: it is empty, cut off, or no notebook; a sentence that goes on after its name.
    """
    return _apart(data) if len(data) > large else _read(data)


def _read(data: bytes) -> Read:
    notebook, notes = decode(data)
    plain = json.dumps(_graded(notebook), sort_keys=True).encode()
    if len(plain) > MOST_TEXT:
        raise ValueError(f"holds {size_of(len(plain), MOST_TEXT)} of text in its cells, and {size_of(MOST_TEXT)} are the most")
    return Read(plain, tuple(notes))


def _graded(notebook: Notebook) -> Notebook:
    """What counts: cells in order with id, kind, source and tags; what the builder wrote about the lab; the Python that last ran it.

    What is not a cell stays null.
    """
    metadata = mapping(notebook.get("metadata"))
    titans = {key: value for key, value in mapping(metadata.get("titans")).items() if isinstance(value, str)}
    version = mapping(metadata.get("language_info")).get("version")
    python = {"language_info": {"version": version}} if isinstance(version, str) and len(version) < 20 else {}
    return {
        "cells": [_cell(raw) for raw in notebook["cells"]],
        "metadata": {"titans": titans, **python},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(raw: Any) -> dict[str, Any] | None:
    if not isinstance(raw, Mapping):
        return None
    kept: dict[str, Any] = {"cell_type": raw["cell_type"]} if "cell_type" in raw else {}
    if name := id_of(raw):
        kept["id"] = name
    tags = tags_of(raw)
    return {**kept, "source": source_of(raw), "metadata": {"tags": tags} if tags else {}}


def _apart(data: bytes) -> Read:
    """The same by a process of its own, which may not take more than some memory and a minute."""
    command = [sys.executable, "-P", "-m", "course.grading.intake.notebooks"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, cwd=ROOT)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"is not read within {SECONDS} seconds: hand it in without its outputs") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise ValueError("takes too much memory to read: hand it in without its outputs") from error
    if "error" in answer:
        raise ValueError(answer["error"])
    return Read(answer["data"].encode(), tuple(answer["notes"]))


def _main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        found = _read(sys.stdin.buffer.read())
        answer: dict[str, Any] = {"data": found.data.decode(), "notes": found.notes}
    except ValueError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()
