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

from utils.files import ROOT

LARGE = 8_000_000  # bytes: from here on by a process of its own
MOST_TEXT = 5_000_000  # bytes of all cells together
CELL_KEYS = ("cell_type", "id", "source")
SECONDS, MEMORY = 60, 3 << 30

Notebook = dict[str, Any]


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
    text, notes = _text(data)
    try:
        notebook = json.loads(text)
    except RecursionError as error:
        raise ValueError("is no notebook: it is nested too deeply") from error
    except ValueError as error:
        raise ValueError(_no_json(text, error)) from error
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        notes.append(f"has the old format {notebook.get('nbformat', 3)}: it was converted")
        notebook = _modern(notebook)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("is no whole notebook: it has no cells")
    plain = json.dumps(_graded(notebook), sort_keys=True).encode()
    if len(plain) > MOST_TEXT:
        raise ValueError(f"holds {len(plain) / 1e6:.0f} MB of text in its cells, and {MOST_TEXT // 1_000_000} MB are the most")
    return Read(plain, tuple(notes))


def _text(data: bytes) -> tuple[str, list[str]]:
    """The file's text, and what was odd about its bytes."""
    if not data.strip(b"\0 \t\r\n"):
        raise ValueError("is empty")
    if data[:2] == b"PK":
        raise ValueError("is a zip, not a notebook")
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), ["is not written in UTF-8: letters beyond ASCII may be wrong"]
    return text, [] if encoding in ("utf-8", "utf-8-sig") else [f"was written in {encoding.upper()}: it was converted"]


def _no_json(text: str, error: ValueError) -> str:
    """What a file is that should have been JSON."""
    start = text.lstrip("\ufeff \t\r\n")[:200]
    if start.startswith("<"):
        return "is a web page, not a notebook: the file itself is wanted, not the page that shows it"
    if start.startswith(("#", "import ", "from ", "%")):
        return "is a Python script, not a notebook"
    if "\n<<<<<<< " in text:
        return "holds the marks of a merge conflict: they must be resolved first"
    where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    return f"is cut off or damaged{where}" if start.startswith("{") else "is no notebook"


def _modern(notebook: Notebook) -> Notebook | None:
    """A notebook of format 3 as one of format 4; None if it is broken."""
    import nbformat  # slow to load, and only a notebook from before 2015 needs it

    try:
        converted: Notebook = nbformat.convert(nbformat.from_dict(notebook), 4)
        return converted
    except Exception:  # a broken one fails in as many ways as there are fields
        return None


def _graded(notebook: Notebook) -> Notebook:
    """What counts: cells in order with id, kind, source and tags; what the builder wrote about the lab. What is no cell stays null."""
    metadata = notebook.get("metadata")
    ours = metadata.get("titans") if isinstance(metadata, Mapping) else None
    titans = {key: value for key, value in ours.items() if isinstance(value, str)} if isinstance(ours, Mapping) else {}
    return {"cells": [_cell(raw) for raw in notebook["cells"]], "metadata": {"titans": titans}, "nbformat": 4, "nbformat_minor": 5}


def _cell(raw: Any) -> dict[str, Any] | None:
    if not isinstance(raw, Mapping):
        return None
    metadata = raw.get("metadata")
    tags, name = (metadata.get("tags"), metadata.get("id")) if isinstance(metadata, Mapping) else (None, None)
    kept = {key: raw[key] for key in CELL_KEYS if key in raw}
    if not kept.get("id") and isinstance(name, str):  # some editors keep it in the metadata
        kept["id"] = name
    source = kept.get("source")
    kept["source"] = "".join(map(str, source)) if isinstance(source, list) else source if isinstance(source, str) else ""
    kept["source"] = kept["source"].replace("\r\n", "\n").replace("\r", "\n")
    return {**kept, "metadata": {"tags": tags} if isinstance(tags, list) else {}}


def _apart(data: bytes) -> Read:
    """The same by a process of its own, which may not take more than some memory and a minute."""
    command = [sys.executable, "-P", "-m", "course.grading.reading"]
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
