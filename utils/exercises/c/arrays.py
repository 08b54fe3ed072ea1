"""Read the C text of one array, as a compiler would, without one: its name, type, const, and the numbers in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<free>\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|(?<![^\n])[ \t]*\#[ \t]*include\b[^\n]*)
      | (?P<number>(?:0[xX][0-9a-fA-F]+|\d+)(?![\w.]))
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>[\[\]{}=;,]|-(?!-)|\+(?!\+))""",
    re.VERBOSE | re.ASCII,
)
_BEFORE = {"static", "const", "extern"}
_LIMITS = {f"INT{bits}_{end}": value for bits in (8, 16, 32) for end, value in (("MIN", -(1 << bits - 1)), ("MAX", (1 << bits - 1) - 1))}


@dataclass(frozen=True)
class CArray:
    """`const int8_t name[count] = {values};` count: None where the brackets are empty."""

    name: str
    kind: str
    const: bool
    count: int | None
    values: list[int]


class UnreadableError(ValueError):
    """The text is no array of integers in C: its message says where it stops being one."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        at = 0
        while at < len(text):  # each character is looked at once: the text may be meant to take long
            match = _TOKEN.match(text, at)
            if match is None:
                if text.startswith("/*", at):
                    raise UnreadableError("a comment does not end: close it with */")
                raise UnreadableError(f"{text[at : at + 100].split()[0][:20]!r} does not belong in an array of integers in C")
            if match.lastgroup != "free":
                self.tokens.append(match[0])
            at = match.end()
        self.at = 0

    def next(self) -> str:
        """The token here, "" at the end; goes on."""
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def peek(self) -> str:
        """The token here."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def expect(self, token: str, after: str) -> None:
        """This token and no other."""
        if (found := self.next()) != token:
            raise UnreadableError(f"{token!r} is expected after {after}, not {found!r}" if found else f"the text ends before {token!r}")

    def number(self) -> int:
        """An integer with its sign."""
        sign = 1
        while self.peek() in ("-", "+"):
            sign *= -1 if self.next() == "-" else 1
        token = self.next()
        if token in _LIMITS:
            return sign * _LIMITS[token]
        if not token[:1].isdigit():
            raise UnreadableError(f"a number is expected, not {token!r}" if token else "the text ends among the numbers")
        if len(token) > 1 and token[0] == "0" and token.isdigit():
            raise UnreadableError(f"{token} is octal in C: leave the zeros out")
        return sign * int(token, 0)


def read_array(text: str) -> CArray:
    """Parse one declaration; comments, `#include` lines, `static`, stdint.h's INT32_MIN and a comma at the end are free.

    Raises:
        UnreadableError: anything else.
    """
    reader, kinds, words = _Reader(text), [], []
    while re.match(r"[A-Za-z_]", reader.peek()):
        words.append(reader.next())
    if len(words) < 2:
        raise UnreadableError("a type and a name are expected first, as in const int8_t name")
    *before, name = words
    kinds = [word for word in before if word not in _BEFORE]
    if len(kinds) != 1:
        raise UnreadableError(f"one type is expected before {name}, got {' '.join(kinds) or 'none'}"[:100])
    reader.expect("[", name)
    count = None if reader.peek() == "]" else reader.number()
    reader.expect("]", "the count")
    reader.expect("=", "]")
    reader.expect("{", "=")
    values = _values(reader)
    reader.expect(";", "}")
    if reader.peek():
        raise UnreadableError(f"one array is expected, and {reader.peek()!r} follows it")
    return CArray(name, kinds[0], "const" in before, count, values)


def _values(reader: _Reader) -> list[int]:
    values = []
    while reader.peek() != "}":
        values.append(reader.number())
        if reader.peek() == ",":
            reader.next()
        elif reader.peek() != "}":
            raise UnreadableError(f"a comma is expected after number {len(values)}")
    reader.next()
    return values
