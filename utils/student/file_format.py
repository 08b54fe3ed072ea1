"""The bytes of a file that may be a notebook -> a notebook of format 4, or a sentence that says what the file is instead.

Students' commands and the grader read notebooks with this module, so that what one accepts the other accepts too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Notebook = dict[str, Any]

FRESH = "rename it to {aside} and run 'python3 start.py', which copies the lab again if you have no other copy"


class UnreadableError(ValueError):
    """A file is not a notebook. Its text continues after the file's name.

    remedy: what its owner can do, in the imperative; {aside} in it is a name under which no command takes the file for a copy.
    """

    def __init__(self, fault: str, remedy: str = FRESH) -> None:
        super().__init__(fault)
        self.remedy = remedy


def decode(data: bytes) -> tuple[Notebook, list[str]]:
    """Read a notebook, whoever wrote the file and how: byte order marks, UTF-16, UTF-32, format 3, zeros behind the end.

    Returns:
        the notebook, a dictionary with a list of cells, each of which may still be anything; and what was unusual about
        the file, in phrases that continue after its name.

    Raises:
        UnreadableError: the file is empty, damaged, or not a notebook.
    """
    text, notes = _text(data)
    try:
        notebook = json.loads(text.rstrip("\0 \t\r\n"))
    except RecursionError as error:
        raise UnreadableError("is not a notebook: it is nested too deeply") from error
    except ValueError as error:
        raise _not_json(text, error) from error
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        notes.append(f"has the old format {notebook.get('nbformat', 3)}: it was converted")
        notebook = _modern(notebook)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise UnreadableError("is not a whole notebook: it has no cells")
    return notebook, notes


def _text(data: bytes) -> tuple[str, list[str]]:
    """The file's text, and what was unusual about its bytes."""
    if not data.strip(b"\0 \t\r\n"):
        raise UnreadableError("is empty")
    if data[:2] == b"PK":
        raise UnreadableError("is a zip, not a notebook", "unpack it and put the notebook that it contains here")
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), ["is not written in UTF-8: letters beyond ASCII may be wrong"]
    return text, [] if encoding in ("utf-8", "utf-8-sig") else [f"was written in {encoding.upper()}: it was converted"]


def _not_json(text: str, error: ValueError) -> UnreadableError:
    """The error for a file that should have been JSON: what it is instead."""
    start = text.lstrip("\ufeff \t\r\n")[:200]
    if start.startswith("<<<<<<< ") or "\n<<<<<<< " in text:
        remedy = (
            "open it in a text editor, keep one side of each conflict and delete the lines that begin with <<<<<<<, ======= and >>>>>>>"
        )
        return UnreadableError("holds the marks of a merge conflict", remedy)
    if start.startswith("<"):
        return UnreadableError("is a web page, not a notebook", "download the file itself, not the page that shows it")
    if start.startswith(("#", "import ", "from ", "%")):
        return UnreadableError("is a Python script, not a notebook", "rename it so that it ends in .py, and run 'python3 start.py'")
    where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    return UnreadableError(f"is cut off or damaged{where}" if start.startswith("{") else "is not a notebook")


def _modern(notebook: Notebook) -> Notebook | None:
    """A notebook of format 3 as one of format 4; None if it is broken."""
    import nbformat  # slow to load, and only a notebook from before 2015 needs it

    try:
        converted: Notebook = nbformat.convert(nbformat.from_dict(notebook), 4)
        return converted
    except Exception:  # a broken one fails in as many ways as there are fields
        return None


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def source_of(raw: Mapping[str, Any]) -> str:
    """A cell's source, which may be one string, a list of lines or missing, as one string with LF line ends."""
    source = raw.get("source")
    joined = "".join(map(str, source)) if isinstance(source, list) else source if isinstance(source, str) else ""
    return joined.replace("\r\n", "\n").replace("\r", "\n")


def kind_of(raw: Mapping[str, Any]) -> str:
    """A cell's kind: code, markdown or raw."""
    kind = raw.get("cell_type")
    return kind if kind in ("code", "markdown") else "raw"


def id_of(raw: Mapping[str, Any]) -> str:
    """A cell's id, "" if it has none. Some editors keep it in the metadata."""
    name = raw.get("id") or mapping(raw.get("metadata")).get("id")
    return name if isinstance(name, str) else ""


def tags_of(raw: Mapping[str, Any]) -> list[str]:
    """A cell's tags."""
    tags = mapping(raw.get("metadata")).get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def without_outputs(notebook: Mapping[str, Any]) -> Notebook:
    """A copy of a notebook as if it had never run. The cells' other fields stay as they are."""

    def bare(cell: Any) -> Any:
        return {**cell, "outputs": [], "execution_count": None} if mapping(cell).get("cell_type") == "code" else cell

    return {**notebook, "cells": [bare(cell) for cell in notebook["cells"]]}


def well_formed(notebook: Mapping[str, Any]) -> Notebook:
    """A copy that Jupyter accepts, without outputs: what a cell lacks is added, what is not a cell is left out."""
    cells: list[dict[str, Any]] = []
    used: set[str] = set()
    for number, raw in enumerate(notebook["cells"], start=1):
        if not isinstance(raw, Mapping):
            continue
        name = id_of(raw)
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or len(name) > 64 or name in used:
            name = f"cell-{number}"
            while name in used:
                name += "-"
        used.add(name)
        metadata = {**mapping(raw.get("metadata"))}
        if "tags" in metadata:
            metadata["tags"] = list(dict.fromkeys(tags_of(raw)))
        kind = kind_of(raw)
        cell = {"id": name, "cell_type": kind, "metadata": metadata, "source": source_of(raw)}
        cells.append(cell | ({"outputs": [], "execution_count": None} if kind == "code" else {}))
    metadata = {key: value for key, value in mapping(notebook.get("metadata")).items() if key in ("titans", "kernelspec", "language_info")}
    kernel = mapping(metadata.get("kernelspec"))
    if not all(isinstance(kernel.get(key), str) for key in ("name", "display_name")):
        metadata.pop("kernelspec", None)
    if not isinstance(mapping(metadata.get("language_info")).get("name"), str):
        metadata.pop("language_info", None)
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
