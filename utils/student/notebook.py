"""Read whatever is in a student's notebook, whoever wrote it, and write one as Jupyter does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """A cell as far as it can be told.

    number: its place, from 1. id: "" in formats before 4.5. kind: code, markdown or raw.
    text: its source with LF line ends. raw: the cell as the file has it.
    """

    number: int
    id: str
    kind: str
    text: str
    tags: frozenset[str]
    raw: Mapping[str, Any]

    @property
    def line(self) -> str:
        """Its first line with something on it, cut to 60 characters: how a sentence calls the cell."""
        first = next((line.strip() for line in self.text.splitlines() if line.strip()), "")
        return first if len(first) <= 60 else first[:57] + "..."


def read_notebook(path: Path) -> Notebook:
    """Read a notebook of any version; what Jupyter would refuse for a detail is read all the same.

    Raises:
        ValueError: the file is empty, cut off, or no notebook; the message says what to do.
        OSError: it can't be read.
    """
    data = path.read_bytes()
    remedy = "put it aside and start again to get a fresh one"
    if not data.strip(b"\0 \t\r\n"):
        raise ValueError(f"{path} is empty: {remedy}")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a whole notebook: {remedy}") from error
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        notebook = _modern(notebook)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError(f"{path} is not a whole notebook: {remedy}")
    return notebook


def _modern(notebook: Notebook) -> Notebook | None:
    """A notebook of format 3 as one of format 4; None if it is broken."""
    import nbformat  # slow to load, and only a notebook from before 2015 needs it

    try:
        return nbformat.convert(nbformat.from_dict(notebook), 4)
    except Exception:  # a broken one fails in as many ways as there are fields
        return None


def cells_of(notebook: Mapping[str, Any]) -> list[Cell]:
    """The cells of a notebook; what is no cell at all is passed over, but counted."""
    cells = []
    for number, raw in enumerate(notebook.get("cells", []), start=1):
        if not isinstance(raw, Mapping):
            continue
        metadata = mapping(raw.get("metadata"))
        tags = metadata.get("tags")
        name = raw.get("id") or metadata.get("id")  # some editors keep it in the metadata
        cells.append(
            Cell(
                number,
                name if isinstance(name, str) else "",
                kind if (kind := raw.get("cell_type")) in ("code", "markdown") else "raw",
                _text(raw.get("source")),
                frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset(),
                raw,
            )
        )
    return cells


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def _text(source: Any) -> str:
    """A source, one string or a list of lines, with LF line ends."""
    joined = "".join(map(str, source)) if isinstance(source, list) else source if isinstance(source, str) else ""
    return joined.replace("\r\n", "\n").replace("\r", "\n")


def titans(notebook: Mapping[str, Any]) -> dict[str, str]:
    """What the builder wrote about a lab, {"lab": "01_pruning", "source_sha256": ...}; empty where nothing is left of it."""
    ours = mapping(mapping(notebook.get("metadata")).get("titans"))
    return {key: value for key, value in ours.items() if isinstance(value, str)}


def as_text(notebook: Mapping[str, Any]) -> str:
    """A notebook as Jupyter itself writes it: sources as lists of lines, one blank of indentation, sorted keys."""
    cells = [_with_lines(raw) for raw in notebook["cells"]]
    for ascii_only in (False, True):  # half a surrogate pair can be escaped, not encoded
        text = json.dumps({**notebook, "cells": cells}, indent=1, sort_keys=True, ensure_ascii=ascii_only, separators=(",", ": ")) + "\n"
        if text.isascii() or _encodes(text):
            break
    return text


def _with_lines(raw: Any) -> Any:
    source = mapping(raw).get("source")
    return {**raw, "source": source.splitlines(keepends=True)} if isinstance(source, str) else raw


def _encodes(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False
