"""Take the reference out of an exercise: what stands between the markers becomes a stub.

An exercise cell in solutions/NN_name.py looks like this; the docstring is the student's scaffold and stays:

    def magnitude_mask(weight, sparsity):
        \"\"\"Keep the largest weights. ...\"\"\"
        ### BEGIN SOLUTION
        ...
        ### END SOLUTION
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PROMPT = "# your code here"
STUB = "raise NotImplementedError"

_MARKER = re.compile(r"^(?P<indent>[ \t]*)### (?P<which>BEGIN|END) SOLUTION[ \t]*$")
_NEARLY = re.compile(r"\b(BEGIN|END)[ _-]*SOLUTION\b", re.IGNORECASE)


class RegionError(ValueError):
    """Something is wrong with a solution region. `line` counts from 1 inside the cell."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Stripped:
    """A cell without its reference.

    stub: the text that students get.
    bodies: the lines of each region that was taken out.
    stub_lines: where in `stub` the `raise NotImplementedError` lines stand, counted from 1.
    """

    stub: str
    bodies: tuple[tuple[str, ...], ...]
    stub_lines: tuple[int, ...]


def strip(text: str) -> Stripped:
    """Replace every solution region of a cell by a prompt and `raise NotImplementedError` at the region's indentation.

    Raises:
        RegionError: a region is nested, never closed, never opened, empty, or its marker is misspelt.
    """
    kept: list[str] = []
    bodies: list[tuple[str, ...]] = []
    stub_lines: list[int] = []
    body: list[str] | None = None
    opened = 0
    for number, line in enumerate(text.split("\n"), start=1):
        marker = _MARKER.match(line)
        if marker is None:
            if _NEARLY.search(line):
                raise RegionError(
                    number, "a solution marker is misspelt: write '### BEGIN SOLUTION' or '### END SOLUTION' alone on its line"
                )
            (kept if body is None else body).append(line)
        elif marker["which"] == "BEGIN":
            if body is not None:
                raise RegionError(
                    number, f"a solution region is opened inside the one from line {opened} of the cell: close that one first"
                )
            body, opened = [], number
            kept += [marker["indent"] + PROMPT, marker["indent"] + STUB]
            stub_lines.append(len(kept))
        else:
            if body is None:
                raise RegionError(number, "END SOLUTION without BEGIN SOLUTION: open the region or remove the marker")
            if not any(line.strip() and not line.strip().startswith("#") for line in body):
                raise RegionError(number, "the solution region holds no code: write the reference between its markers")
            bodies.append(tuple(body))
            body = None
    if body is not None:
        raise RegionError(opened, "the solution region is never closed: add '### END SOLUTION'")
    return Stripped("\n".join(kept), tuple(bodies), tuple(stub_lines))


def marker_line(text: str) -> int | None:
    """The first line (from 1) that holds a solution marker, well or badly spelt; None where there is none."""
    return next((number for number, line in enumerate(text.split("\n"), start=1) if _NEARLY.search(line)), None)
