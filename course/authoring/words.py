"""Words that a reader can't look up or a technical editor would not leave: found in prose, messages and pages.

The list holds only what is safe to match. Each pattern has the term to write instead and the place where it was found first.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Avoided:
    """A pattern, without regard to case; a blank matches a line end too.

    instead: the words to write. found: the place where a reader tripped on it.
    """

    pattern: str
    instead: str
    found: str


_COMPARED = "longer|more|less|fewer|larger|smaller|better|worse|higher|lower|faster|slower"
AVOIDED = (
    Avoided(r"\bby lot\b|\blots were drawn\b", "at random", "lab 06, six times, November 2026"),
    Avoided(r"\bwhole[- ]numbers?\b", "integer", "labs 02 and 07, November 2026"),
    Avoided(r"\bcut off at\b|\b(?:is|are|was|were) cut off\b(?! or damaged)", "clipped, saturated", "lab 02, November 2026"),
    Avoided(r"\bthe way (?:back|forward)\b", "backward pass, forward pass", "lab 08, November 2026"),
    Avoided(r"\bin (?:the )?place of\b", "instead of", "everywhere, November 2026"),
    Avoided(r"\banew\b|\bafresh\b", "again", "everywhere, November 2026"),
    Avoided(r"\bfor want of\b", "for lack of", "messages, November 2026"),
    Avoided(rf"(?<!there )\b(?:is|was|are|were) no (?!(?:{_COMPARED})\b)[a-z]+", "is not a", "messages, November 2026"),
    Avoided(r"\btrain(?:ed|ing|s)? on for\b|\bthe training on\b", "further training", "lab 02, November 2026"),
    Avoided(r"\bwhite lie\b", "straight-through estimator (STE)", "lab 02, November 2026"),
    Avoided(r"\bheal(?:s|ed|ing)?\b", "fine-tune", "lab 01, November 2026"),
    Avoided(r"\b\d+(?:\.\d+)? (?:%|percent) right\b|\b\d+ right of \d+\b", "accuracy of 91 %", "lab 01, November 2026"),
    Avoided(r"\b\d*\.\d+ point\b", "0.3 points, with the plural", "captions, November 2026"),
    Avoided(r"\bdealt (?:out|again)\b", "shuffled", "lab 08, November 2026"),
    Avoided(r"\bknown people\b|\ba new person\b", "training users, a new user", "lab 08, November 2026"),
    Avoided(r"\bband that (?:holds|contains) 0\b", "the interval includes 0", "lab 03, November 2026"),
    Avoided(r"\bshall\b", "will", "docstrings, November 2026"),
    Avoided(r"\bbut for (?:the|a|an|its|their|one|two)\b", "except", "docs, November 2026"),
    Avoided(r"(?:^|[.?!] )(?:who|whom|whose) (?![^.]*\?)[a-z]", "a noun as the subject", "lab 08, November 2026"),
)


@dataclass(frozen=True)
class Found:
    """A place. line: from 1. text: the words. instead: what to write."""

    line: int
    text: str
    instead: str


def avoided_in(text: str) -> list[Found]:
    """All places in a text that match an avoided pattern; code in backquotes is left out."""
    plain = re.sub(r"`[^`\n]*`", lambda match: "`" * len(match[0]), text)
    joined = re.sub(r"(?<!\n)\n(?!\n)", " ", plain)  # of the same length
    found = []
    for one in AVOIDED:
        for match in re.finditer(one.pattern, joined, re.IGNORECASE | re.MULTILINE):
            found.append(Found(plain[: match.start()].count("\n") + 1, " ".join(match[0].split()), one.instead))
    return sorted(found, key=lambda one: one.line)


def prose_of(path: Path, code: bool = True) -> str:
    """The text cells of a lab's source, each line on its own number. code: with the strings of its code."""
    text, is_prose = path.read_text(encoding="utf-8"), False
    strings, kept = dict(_strings(text, docstrings=True) if code else ()), []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("# %%"):
            is_prose = "[markdown]" in line
            kept.append("")
        else:
            kept.append(re.sub(r"^# ?", "", line) if is_prose else strings.get(number, ""))
    return "\n".join(kept)


def messages_of(path: Path, docstrings: bool = False) -> str:
    """The strings of a module, each on its own line number; docstrings only where they are asked for."""
    text = path.read_text(encoding="utf-8")
    found = dict(_strings(text, docstrings))
    return "\n".join(found.get(number, "") for number in range(1, text.count("\n") + 2))


def _strings(text: str, docstrings: bool) -> Iterator[tuple[int, str]]:
    tree = ast.parse(text)
    documents = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node, clean=False):
            documents.add(id(node.body[0].value))  # type: ignore[attr-defined]
    by_line: dict[int, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (docstrings or id(node) not in documents):
            for offset, line in enumerate(node.value.split("\n")):
                by_line.setdefault(node.lineno + offset, []).append(line)
    return ((number, " | ".join(lines)) for number, lines in by_line.items())  # apart, so that two strings are not one phrase
