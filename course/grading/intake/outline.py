"""The names of what was handed in, as a tree in which zips are folders: from it follows who handed in what, before anything is read.

Links are not followed, broken zips are empty, and zips in zips are opened only as long as they unpack to no more than one
student's zip may.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

from course.grading.intake.archives import Budget, Inside, Limits, opened, unpack
from course.grading.intake.leftovers import Parts, is_hidden, is_junk
from course.grading.intake.walk import MOST_LEVELS
from course.grading.text import same

MOST_FILES = 500  # of one folder to look at
MOST_ZIPS = 8  # in each other
_TEXTS = (".ipynb.txt", ".ipynb.json", ".ipynb", ".zip")


@dataclass(eq=False)
class Node:
    """A folder, a zip or a file. name: as it is there. kind: "folder", "zip" or "file". load: gives what is in it."""

    name: str
    kind: str
    load: Callable[[], list[Node]] = list
    read: Callable[[], bytes] = bytes

    @cached_property
    def children(self) -> list[Node]:
        """What is in it, by name; [] for a file and for what can't be opened."""
        return sorted(self.load(), key=lambda one: one.name)

    @property
    def called(self) -> str:
        """The name in the one spelling in which names are compared."""
        return same(self.name)

    @property
    def is_notebook(self) -> bool:
        """Whether it is a file that is called a notebook."""
        return self.kind == "file" and self.name.lower().endswith(_TEXTS)

    @cached_property
    def folders(self) -> list[Node]:
        """The folders and zips in it that hold work."""
        return [one for one in self.children if one.kind != "file" and one.holds_work]

    @property
    def has_loose(self) -> bool:
        """Whether notebooks lie in it that are in no folder of their own."""
        return any(one.is_notebook for one in self.children)

    def files(self, levels: int = MOST_LEVELS) -> Iterator[Node]:
        """All files in it, those of its folders and zips included."""
        for one in self.children:
            if one.kind == "file":
                yield one
            elif levels:
                yield from one.files(levels - 1)

    @cached_property
    def notebooks(self) -> list[Node]:
        """What is called a notebook among its files; of very many the first."""
        return [one for one in islice(self.files(), MOST_FILES) if one.is_notebook]

    @cached_property
    def holds_work(self) -> bool:
        """Whether it is or has something that may be graded."""
        return self.is_notebook or self.kind == "zip" or bool(self.notebooks) or any(one.holds_work for one in self.children)


def outline(place: Path, limits: Limits) -> Node:
    """The tree of a folder or a zip; its own name is that of the folder, or of the zip without its suffix."""
    place = place.resolve()
    if place.is_dir():
        return Node(place.name, "folder", partial(_in_folder, place, limits, Budget(limits)))
    return Node(place.stem, "zip", partial(_in_zip, lambda: place.open("rb"), limits, Budget(limits)))


def _in_folder(folder: Path, limits: Limits, budget: Budget, levels: int = MOST_LEVELS) -> list[Node]:
    try:
        entries = [one for one in os.scandir(folder) if not (is_junk(one.name) or is_hidden(one.name) or one.is_symlink())]
    except OSError:
        return []
    return [_of_entry(one, limits, budget, levels) for one in entries if one.is_file() or one.is_dir()]


def _of_entry(one: os.DirEntry[str], limits: Limits, budget: Budget, levels: int) -> Node:
    path = Path(one.path)
    if one.is_dir():
        return Node(one.name, "folder", partial(_in_folder, path, limits, budget, levels - 1) if levels else list)
    return _named(one.name, lambda: path.open("rb"), lambda: _beginning(path), limits, budget)


def _named(
    name: str, source: Callable[[], IO[bytes]], read: Callable[[], bytes], limits: Limits, budget: Budget, zips: int = MOST_ZIPS
) -> Node:
    if not name.lower().endswith(".zip"):
        return Node(name, "file", read=read)
    return Node(name, "zip", partial(_in_zip, source, limits, budget, zips - 1) if zips else list)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1_000_001)


def _in_zip(source: Callable[[], IO[bytes]], limits: Limits, budget: Budget, zips: int = MOST_ZIPS) -> list[Node]:
    try:
        with source() as file:
            inside: Inside = opened(file, 16 * limits.directory)[1]
    except (OSError, ValueError):
        return []
    usual = [(info, parts) for info, parts in inside if not any(is_junk(part) or is_hidden(part) for part in parts)]
    return _level(((parts, info) for info, parts in usual if len(parts) <= MOST_LEVELS), source, limits, budget, zips)


def _level(files: Iterable[tuple[Parts, Any]], source: Callable[[], IO[bytes]], limits: Limits, budget: Budget, zips: int) -> list[Node]:
    """The nodes of one folder of a zip. files: all below it, with their places in it."""
    folders: dict[str, list[tuple[Parts, Any]]] = {}
    found = []
    for parts, info in files:
        if len(parts) > 1:
            folders.setdefault(parts[0], []).append((parts[1:], info))
        else:
            read = partial(_member, source, info, limits, budget)
            found.append(_named(parts[0], lambda read=read: io.BytesIO(read()), read, limits, budget, zips))  # type: ignore[misc]
    return found + [Node(name, "folder", partial(_level, below, source, limits, budget, zips)) for name, below in folders.items()]


def _member(source: Callable[[], IO[bytes]], info: zipfile.ZipInfo, limits: Limits, budget: Budget) -> bytes:
    """The bytes of a file in a zip. Raises OSError or ValueError."""
    with source() as file:
        return unpack(opened(file, 16 * limits.directory)[0], info, limits.file, budget)
