"""Every file of a folder or a zip, read without trust: no link is followed, nothing is unpacked to the disk."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from course.grading.intake.archives import Entry, IsClass, Limits, Problem, in_zip, looks_zipped
from course.grading.intake.leftovers import HIDDEN, Parts, is_hidden, is_junk, may_be_work
from course.grading.text import size_of

MOST_LEVELS = 32  # of folders in folders
MOST_HIDDEN = 1_000  # files of a hidden folder to look at


def tree(place: Path, is_class: IsClass, limits: Limits | None = None) -> Iterator[Entry | Problem]:
    """Every file below a folder or in a zip, and in the zips among them, in order of their names.

    is_class: whether the zip in this place holds the work of many.

    Raises:
        FileNotFoundError: there is no such folder or zip.
        ValueError: the file is no zip.
    """
    limits = limits or Limits()
    if place.is_dir():
        yield from _folder(place, (), is_class, limits)
    elif not place.exists():
        raise FileNotFoundError(f"there is no folder or zip {place}")
    elif not zipfile.is_zipfile(place):
        raise ValueError(f"{place} is neither a folder nor a zip")
    else:
        with place.open("rb") as file:
            yield from in_zip(file, (), limits, is_class)


def _folder(folder: Path, parts: Parts, is_class: IsClass, limits: Limits) -> Iterator[Entry | Problem]:
    try:
        found = sorted(os.scandir(folder), key=lambda one: one.name)
    except OSError as error:
        yield Problem(parts, f"can't be read ({error.strerror}): see that you may read it")
        return
    for one in found:
        here = (*parts, one.name)
        if is_junk(one.name):
            continue
        if is_hidden(one.name):
            if not one.is_symlink() and (may_be_work(one.name) or _holds_work(Path(one.path))):
                yield Problem(here, HIDDEN)
            continue
        if one.is_symlink():
            yield Problem(here, "is a symbolic link, and those are not followed")
        elif one.is_dir(follow_symlinks=False):
            if len(parts) >= MOST_LEVELS:
                yield Problem(here, f"lies more than {MOST_LEVELS} folders deep: it was not looked into")
            else:
                yield from _folder(Path(one.path), here, is_class, limits)
        elif not one.is_file(follow_symlinks=False):
            yield Problem(here, "is not a regular file")
        else:
            yield from _file(Path(one.path), here, is_class, limits)


def _holds_work(folder: Path) -> bool:
    """Whether a hidden folder has something in it that may have been handed in; links are not followed, only so much is looked at."""
    names = (name for _, _, files in os.walk(folder) for name in files)
    return any(map(may_be_work, islice(names, MOST_HIDDEN)))


def _file(path: Path, parts: Parts, is_class: IsClass, limits: Limits) -> Iterator[Entry | Problem]:
    try:
        with path.open("rb") as file:
            if looks_zipped(parts[-1], file.read(4)):
                yield from in_zip(file, parts, limits, is_class)
                return
    except OSError as error:
        yield Problem(parts, f"can't be read ({error.strerror}): see that you may read it")
        return
    yield Entry(parts, lambda: _read_file(path, limits.file))


def _read_file(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise ValueError(f"can't be read ({error.strerror}): see that you may read it") from error
    if len(data) > most:
        raise ValueError(f"has more than {size_of(most)}")
    return data
