"""What lies in a zip, file by file, read without trust: within limits, by names that lead nowhere, and what is odd is named."""

from __future__ import annotations

import io
import os
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from course.grading.intake.leftovers import HIDDEN, Parts, hidden_work, is_hidden, is_junk
from course.grading.text import size_of

MB = 1_000_000
MOST_NAME = 1_000
IsClass = Callable[[Parts], bool]
Inside = list[tuple[zipfile.ZipInfo, Parts]]

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What may be in a file and in one student's zip, in bytes once unpacked.

    directory: of a zip's own list of its files. depth: how many zips may lie in each other.
    """

    file: int = 200 * MB
    archive: int = 400 * MB
    entries: int = 2_000
    directory: int = 4 * MB
    depth: int = 3


@dataclass(frozen=True)
class Entry:
    """A file. parts: its way from the top, zips counted as folders.

    read: gives its bytes, or raises ValueError with a sentence that goes on after its name.
    """

    parts: Parts
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Problem:
    """Something that was not read. reason: a sentence that goes on after its name, "is a symbolic link: ..."."""

    parts: Parts
    reason: str


class Budget:
    """How much one student's zip may still unpack, whatever it contains, further zips included."""

    def __init__(self, limits: Limits) -> None:
        self.most, self.bytes = limits.archive, limits.archive
        self.files, self.entries = limits.entries, limits.entries

    def spend(self, size: int) -> None:
        """Count bytes that were unpacked."""
        self.bytes -= size
        if self.bytes < 0:
            raise ValueError(f"unpacks to more than {size_of(self.most)}, which is refused as a zip bomb")

    def refuses(self, inside: Sequence[tuple[zipfile.ZipInfo, Parts]]) -> str:
        """Count the files of a zip; why it is refused before anything of it is unpacked, "" if it is not."""
        self.entries -= len(inside)
        if self.entries < 0:
            return f"holds more than {self.files:,} files: hand in the notebook alone"
        declared = sum(info.file_size for info, _ in inside)
        return f"says that it unpacks to {size_of(declared)}, which is refused as a zip bomb" if declared > self.bytes else ""


def looks_zipped(name: str, start: bytes) -> bool:
    """Whether a file is a zip to look into: by its first bytes, and not a document or a model that happens to be one."""
    suffix = os.path.splitext(name)[1].lower()
    return start[:2] == b"PK" and start[2:4] in (b"\3\4", b"\5\6") and suffix in (".zip", ".ipynb", "")


def opened(file: Any, most: int) -> tuple[zipfile.ZipFile, Inside]:
    """A zip, and its files with their places in it. most: how long its list of files may be, in bytes.

    Raises:
        ValueError: it is not a whole zip, or its list is too long; a sentence that goes on after its name.
    """
    try:
        archive = zipfile.ZipFile(_Guarded(file, most))
        return archive, [(info, _parts(info)) for info in archive.infolist() if not info.is_dir()]
    except _TooLongError as error:
        raise ValueError(str(error)) from error
    except Exception as error:  # a broken zip fails in as many ways as it has fields
        raise ValueError(f"is not a whole zip ({_said(error)})") from error


def in_zip(
    file: Any, parts: Parts, limits: Limits, is_class: IsClass, *, depth: int = 1, budget: Budget | None = None
) -> Iterator[Entry | Problem]:
    """The files of one zip, and of the zips in it.

    is_class: whether the zip in this place holds the work of many; it does not count as one student's. depth, budget: how many
    zips of the same student are around it, and what is left of the outermost one's. What a zip says of times is not used:
    systems that pack it again put the time of packing there, and students what they like.
    """
    if depth > limits.depth:
        yield Problem(parts, "is a zip in a zip in a zip: hand in one zip")
        return
    many = is_class(parts)
    try:
        archive, inside = opened(file, 16 * limits.directory if many or depth == 1 else limits.directory)
    except ValueError as error:
        yield Problem(parts, str(error))
        return
    yield from (Problem((*parts, *names), HIDDEN) for names in hidden_work(names for _, names in inside))
    inside = [(info, names) for info, names in inside if not any(is_junk(part) or is_hidden(part) for part in names)]
    if not many:
        budget = budget or Budget(limits)
        if reason := budget.refuses(inside):
            yield Problem(parts, reason)
            return
    for info, names in inside:
        here = (*parts, *names)
        if reason := _wrong(info, names, limits):
            yield Problem(here, reason)
        else:
            yield from _member(archive, info, here, limits, is_class, depth if many else depth + 1, budget)


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, here: Parts, limits: Limits, is_class: IsClass, depth: int, budget: Budget | None
) -> Iterator[Entry | Problem]:
    def read() -> bytes:
        return unpack(archive, info, limits.file, budget)

    try:
        with archive.open(info) as file:
            nested = looks_zipped(here[-1], file.read(4))
        if nested:
            yield from in_zip(io.BytesIO(read()), here, limits, is_class, depth=depth, budget=budget)
            return
    except ValueError as error:
        yield Problem(here, str(error))
        return
    except Exception as error:
        yield Problem(here, f"can't be unpacked ({_said(error)}): zip it again")
        return
    yield Entry(here, read)


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, budget: Budget | None) -> bytes:
    """The bytes of one file; counted as they come, whatever the zip says of their number."""
    blocks, size = [], 0
    try:
        with archive.open(info) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if budget:
                    budget.spend(len(block))
                if size > most:
                    raise ValueError(f"has more than {size_of(most)}")
                blocks.append(block)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"can't be unpacked ({_said(error)}): zip it again") from error
    return b"".join(blocks)


def _wrong(info: zipfile.ZipInfo, names: Parts, limits: Limits) -> str:
    """Why a file of a zip is not read; "" if it may be."""
    if len(info.filename) > MOST_NAME:
        return f"has a name of more than {MOST_NAME:,} characters"
    if ".." in names or info.filename.startswith(("/", "\\")) or names[0][1:2] == ":":
        return "has a name that leads out of the zip: it was not read"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link, and those are not followed"
    if info.flag_bits & 1:
        return "is encrypted: hand it in without a password"
    if info.compress_type not in _METHODS:
        return "is compressed in an unusual way: zip it the ordinary way"
    if info.file_size > limits.file:
        return f"says that it unpacks to {size_of(info.file_size, limits.file)}, and {size_of(limits.file)} are the most"
    return ""


def _parts(info: zipfile.ZipInfo) -> Parts:
    """The folders and the name of a file in a zip, as they were meant: Windows' separators, macOS' spelling."""
    name = info.orig_filename.partition("\0")[0]
    if not info.flag_bits & 0x800:  # not marked as UTF-8, which macOS forgets
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    return tuple(part for part in name.split("/") if part not in ("", ".")) or ("(no name)",)


def _said(error: Exception) -> str:
    """An exception in a few words."""
    return " ".join(str(error).split())[:80] or type(error).__name__


class _TooLongError(Exception):
    """A zip's own list of files is longer than any that is meant."""


class _Guarded:
    """A file that gives no more at once than a zip's list of files may have: that list is read in one piece."""

    def __init__(self, file: Any, most: int) -> None:
        self.file, self.most, self.seekable = file, most, file.seekable
        self.seek, self.tell, self.close = file.seek, file.tell, lambda: None

    def read(self, size: int = -1) -> bytes:
        """Read, but never more than the limit."""
        found: bytes = self.file.read(self.most + 1 if size < 0 else min(size, self.most + 1))
        if len(found) > self.most:
            raise _TooLongError("is a zip whose list of files is too long")
        return found
