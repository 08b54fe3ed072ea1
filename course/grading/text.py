"""Texts of students made safe to show, and safe names for their files."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

MOST_NAME = 120


def visible(text: str) -> str:
    """A text in one line, without what can't be seen, moves a terminal's cursor or turns the direction of writing."""
    return " ".join(printable(" ".join(same(text).split())).split())


def printable(text: str) -> str:
    """The same text, its lines and blanks kept, without what can't be seen, moves a cursor or turns the direction of writing."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char)[0] != "C")


def same(text: str) -> str:
    """A text in the one spelling (NFC) in which names are compared: macOS writes "e" and an accent instead of "é"."""
    return unicodedata.normalize("NFC", text)


def size_of(count: int, beyond: int | None = None) -> str:
    """A number of bytes for people: "20 MB". beyond: what it is more than; where both are as many MB, all digits are told."""
    said = f"{count / 1e6:,.0f} MB"
    return f"{count:,} bytes" if beyond is not None and said == f"{beyond / 1e6:,.0f} MB" else said


def clean(name: str) -> str:
    """A name in one visible line of at most 120 characters; what is cut off leaves a mark."""
    name = visible(name)
    return name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 16].rstrip()}... {mark(name)}"


def file_name(student: str) -> str:
    """A file's name for any student's, the same every time, another one for each: safe on every system, at most 80 characters.

    Plain small letters and digits stay as they are; all else gets a mark that only this name has.
    """
    if re.fullmatch(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", student) and len(student) <= 60 and not _TAKEN.search(student):
        return student
    letters = "".join(char if char.isalnum() else "-" for char in unicodedata.normalize("NFKC", student))
    short = re.sub("-+", "-", letters).strip("-").encode()[:60].decode(errors="ignore").strip("-")
    return f"{short or 'student'}-{mark(student)}"


_TAKEN = re.compile(r"-[0-9a-f]{12}$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:$|\.)|^index$")


def mark(name: str) -> str:
    """Twelve hexadecimal digits that this text has and hardly another."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
