"""The rules for a lab's cells together: a check under each exercise, and no reference printed anywhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from course.authoring.source import Cell, Source, read_source

TELLING_LINE = 8  # characters; a shorter line, or one plain word, says nothing about where it came from
TELLING_BODY = 20  # characters; a reference of one line is only searched for when it has this many

_BULLET = re.compile(r"^(?:[\s>*\-+#`]|\d+[.)]\s)+")
_COMMENT = re.compile(r"\s#.*$")
_BLANK = re.compile(r"[\s`]+")


def load(path: Path) -> Source:
    """Read a lab's source and hold it against every rule; raises BuildError."""
    source = read_source(path)
    validate(source)
    return source


def validate(source: Source) -> None:
    """Look at the cells together.

    Raises:
        BuildError: an exercise and its check are not together, or a reference body is printed where students see it.
    """
    _checks_follow(source)
    for exercise in source.cells:
        for body in exercise.bodies:
            for cell in source.cells:
                if line := reprinted(body, cell.stub):
                    raise source.refuse(
                        cell, f"the reference of {exercise.function} is printed here, where students see it: reword it", line
                    )


def reprinted(body: tuple[str, ...], page: str) -> int | None:
    """The line of `page`, from 1, at which a reference body shows through; None if it does not.

    It does when two telling lines that follow each other in the body do so on the page, or when the only
    line of a one-line body stands there. Spaces, comments, bullets and back-ticks are overlooked; other names are not seen through.
    """
    told = [text for _, text in _telling(line for line in body if not line.strip().startswith("#"))]
    lines = page.split("\n")
    shown = _telling(lines)
    if len(told) == 1:
        core = told[0].removeprefix("return")
        if len(core) < TELLING_BODY or core not in "".join(_normal(line) for line in lines):
            return None
        return next((number for number, text in shown if core in text), 1)
    pairs = set(pairwise(told))
    return next((number for (number, first), (_, second) in pairwise(shown) if (first, second) in pairs), None)


def _telling(lines: Iterable[str]) -> list[tuple[int, str]]:
    """The lines that would give a source away, normalized, with their numbers from 1."""
    normal = ((number, _normal(line)) for number, line in enumerate(lines, start=1))
    return [(number, text) for number, text in normal if len(text) >= TELLING_LINE and not text.isidentifier()]


def _normal(line: str) -> str:
    return _BLANK.sub("", _COMMENT.sub("", _BULLET.sub("", line)))


def _checks_follow(source: Source) -> None:
    open_exercise: Cell | None = None
    for cell in (cell for cell in source.cells if cell.role != "prose"):
        if open_exercise is not None and cell.role != "check":
            break
        if cell.role == "exercise":
            open_exercise = cell
        elif cell.role == "check":
            if open_exercise is None:
                raise source.refuse(cell, "a check cell does not follow its exercise: move it directly under the exercise cell")
            _judges(source, cell, open_exercise.function)
            open_exercise = None
    if open_exercise is not None:
        name = open_exercise.function
        raise source.refuse(open_exercise, f"an exercise has no check under it: add a check cell with {name} = check({name})")


def _judges(source: Source, cell: Cell, function: str) -> None:
    """Does this check cell hand the student's function to `check` and go on with what it returns?"""
    try:
        tree = ast.parse(cell.text)
    except SyntaxError as error:
        raise source.refuse(cell, f"the check does not compile ({error.msg}): mend it", error.lineno or 1) from None
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.value.args:
            target, called, argument = (ast.unparse(part) for part in (node.targets[0], node.value.func, node.value.args[0]))
            if (target, called, argument) == (function, "check", function):
                return
    raise source.refuse(
        cell, f"a check cell does not follow its exercise: the one above is {function}, so write {function} = check({function})"
    )
