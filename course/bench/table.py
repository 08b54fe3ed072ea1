"""A table of the results, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

NO_NUMBER = re.compile(r"(?<![\w.])(nan|[-+]?inf|None)(?![\w.])")


def each_seed(values: Iterable[float]) -> str:
    """The figures of all seeds in one cell."""
    return " / ".join(f"{value:.2f}" for value in values)


@dataclass(frozen=True)
class Table:
    """What one function of the bench found.

    columns: their titles, with units. rows: as many texts each as there are columns. note: how it was measured and what to doubt.
    left: the columns that hold words; the others hold numbers.

    Raises:
        ValueError: no rows, a row of another length, an empty cell or one that is no number.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    left: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError(f"the table {self.title!r} has no rows: measure something or leave the table out")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {self.title!r} has {len(row)} cells for {len(self.columns)} columns: {row}")
            if bad := [cell for cell in row if not cell or NO_NUMBER.search(cell)]:
                raise ValueError(f"the row {row[0]!r} of {self.title!r} holds {bad[0]!r}: mend what measured it")

    def markdown(self) -> str:
        """A heading, the note, and the rows, numbers to the right."""
        lines = [self.columns, tuple("---" if at in self.left else "---:" for at in range(len(self.columns))), *self.rows]
        body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        return f"## {self.title}\n\n{self.note}\n\n{body}\n"
