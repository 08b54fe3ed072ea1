"""The cells of a student's notebook, whichever program wrote it; and a notebook written as Jupyter does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.student.file_format import Notebook, UnreadableError, decode, id_of, kind_of, mapping, source_of, tags_of, without_outputs

__all__ = ["Cell", "Notebook", "as_text", "cells_of", "mapping", "read_notebook", "short_line", "titans", "without_outputs"]

_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A cell as far as it can be told.

    number: its place, from 1. id: "" in formats before 4.5. kind: code, markdown or raw.
    text: its source with LF line ends. raw: the cell as the file has it. under: the heading that it belongs to, "" above the first one.
    """

    number: int
    id: str
    kind: str
    text: str
    tags: frozenset[str]
    raw: Mapping[str, Any]
    under: str = ""

    @property
    def line(self) -> str:
        """Its first line with something on it, cut to 60 characters: how a sentence calls the cell."""
        return short_line(next((line for line in self.text.splitlines() if line.strip()), ""))

    @property
    def place(self) -> str:
        """The cell as a student can find it, who sees no numbers: by its first line and the heading above it."""
        return f'"{self.line}"' + (f' under "{short_line(self.under)}"' if self.under else "")


def short_line(text: str) -> str:
    """A line of a stranger's in at most 60 printable characters: it goes into sentences on a terminal and on a page."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[:500]).strip()
    return plain if len(plain) <= 60 else plain[:57] + "..."


def read_notebook(path: Path) -> Notebook:
    """Read a notebook of any version; what Jupyter would refuse for a detail is read all the same.

    Raises:
        ValueError: the file is empty, damaged, or not a notebook; the message says what to do.
        OSError: it can't be read.
    """
    try:
        return decode(path.read_bytes())[0]
    except UnreadableError as error:
        aside = f"damaged-{path.stem}{path.suffix}"
        raise ValueError(f"{path} {error}: {error.remedy.format(aside=aside)}") from error


def cells_of(notebook: Mapping[str, Any]) -> list[Cell]:
    """The cells of a notebook; what is not a cell at all is skipped, but counted."""
    cells, under = [], ""
    for number, raw in enumerate(notebook.get("cells", []), start=1):
        if not isinstance(raw, Mapping):
            continue
        kind, text = kind_of(raw), source_of(raw)
        if kind == "markdown" and (headings := _HEADING.findall(text)):
            under = headings[-1].strip()
        cells.append(Cell(number, id_of(raw), kind, text, frozenset(tags_of(raw)), raw, under))
    return cells


def titans(notebook: Mapping[str, Any]) -> dict[str, str]:
    """The builder's metadata of a lab, {"lab": "01_pruning", "source_sha256": ...}; empty if nothing is left of it."""
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
