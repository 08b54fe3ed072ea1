"""The course page: the student's progress, as Markdown for JupyterLab and as tables for the terminal."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from utils.files import my_work, write_atomically
from utils.student.course import Course, LabStanding, Standing, next_exercise, next_step, points, shown

STEM = "course"

_SIGNED = re.compile(r"\n<!-- written by Tiny Titans, which writes it again as long as nothing in it is changed: ([0-9a-f]{16}) -->\n$")


def write_page(state: Course) -> Path:
    """Write `course.md` into `my_work/` and return its path.

    A file of that name that this function did not write, or that was changed since, is the student's: the page is then
    written to course-2.md.
    """
    data, number = _signed(markdown(state)), 1
    while (path := my_work() / f"{STEM}{f'-{number}' * (number > 1)}.md").exists() and not _is_ours(path):
        number += 1
    if not path.exists() or path.read_bytes() != data.encode():
        write_atomically(path, data)
    return path


def _signed(text: str) -> str:
    return f"{text}\n<!-- written by Tiny Titans, which writes it again as long as nothing in it is changed: {_hash(text)} -->\n"


def _is_ours(path: Path) -> bool:
    """Whether a file is a page as it was written, not one character changed."""
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return False
    found = _SIGNED.search(text)
    return found is not None and _hash(text[: found.start()]) == found[1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def lab_cells(lab: LabStanding) -> list[str]:
    """A lab's cells in a table, after its title: minutes, exercises solved, points, and a note about the student's copy."""
    core, extra = lab.core, [one for one in lab.exercises if not one.core]
    earned = f"{points(sum(one.points for one in core))} of {points(sum(one.of for one in core))}"
    more = f" + {points(sum(one.points for one in extra))}" if any(one.points for one in extra) else ""
    return [
        str(lab.minutes or ""),
        f"{len(core) - len(lab.open)} of {len(core)}" if core else "",
        earned + more if core else "",
        f"changed: run 'python3 start.py update {lab.number}'" if lab.changed else "",
    ]


def markdown(state: Course) -> str:
    """The page's text."""
    found = next_exercise(state)
    link = _exercise_link(_escaped(next_step(state)), *found) if found else _escaped(next_step(state))
    lines = ["# Tiny Titans", "", f"**Next:** {link}.", ""]
    changed = any(lab.changed for lab in state.labs)
    lines += ["| Lab | Minutes | Solved | Points |" + " |" * changed, "|:--|--:|--:|--:|" + ":--|" * changed]
    for lab in state.labs:
        title = _escaped(f"{lab.number} {lab.title}")
        link = f"[{title}]({quote(lab.copy.name)})" if lab.copy else title
        lines.append(f"| {link} | " + " | ".join(map(_escaped, lab_cells(lab)[: 3 + changed])) + " |")
    for lab in state.labs:
        if lab.exercises:
            lines += ["", f"## {_escaped(f'{lab.number} {lab.title}')}", "", "| Exercise | Minutes | Points | |", "|:--|--:|--:|:--|"]
        for one in lab.exercises:
            name = _exercise_link(_escaped(one.name), lab, one)
            lines.append(f"| {name} | {one.minutes} | {points(one.points)} of {points(one.of)} | {_state(one)} |")
    if state.cards:
        head, rows = shown(state.cards)
        lines += ["", "## Your networks, the last one first", "", f"| {' | '.join(head)} |", "|:--|" + "--:|" * (len(head) - 1)]
        lines += [f"| {' | '.join(map(_escaped, row))} |" for row in rows]
    return "\n".join([*lines, "", "Points are those of the public checks that you ran.", _REFRESH, ""])


def _exercise_link(text: str, lab: LabStanding, one: Standing) -> str:
    """A link that JupyterLab opens at the exercise's cell; the bare text where the student has no copy of the lab."""
    return f"[{text}]({quote(lab.copy.name)}#cell-id={quote(one.name)})" if lab.copy else text


_REFRESH = "`python3 start.py progress` writes this page again; then choose File, Reload Markdown File from Disk."


def _state(one: Standing) -> str:
    return " ".join(["solved" if one.solved else "begun" if one.tried else "open", *["(extra)"] * (not one.core)])


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: in one line, without links, tags or columns of its own."""
    return re.sub(r"([\\`*_{}\[\]<>#|&$~])", r"\\\1", " ".join(text.split()))


def show(state: Course, console: Console | None = None, only: str = "") -> None:
    """Print all labs and the exercises of the current one to the terminal.

    only: the number of a lab, "01": print its exercises and nothing else.
    """
    console = console or Console()
    if only:
        _show_exercises(next(lab for lab in state.labs if lab.number == only), console)
        console.print(Text(f"Next: {next_step(state)}."))
        return
    labs = _table("Lab", "", "Minutes", "Solved", "Points", "")
    for lab in state.labs:
        labs.add_row(lab.number, Text(lab.title), *map(Text, lab_cells(lab)))
    console.print(labs)
    if state.current:
        _show_exercises(state.current, console)
    if state.cards:
        head, rows = shown(state.cards)
        table = _table(*head)
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)
    console.print(Text(f"Next: {next_step(state)}."))
    if len(state.labs) > 1:
        console.print(Text(f"The exercises of another lab: python3 start.py progress {state.labs[-1].number}, for example."))


def _show_exercises(lab: LabStanding, console: Console) -> None:
    table = _table(f"Lab {lab.number}", "Minutes", "Points", "")
    for one in lab.exercises:
        table.add_row(one.name, str(one.minutes), f"{points(one.points)} of {points(one.of)}", _state(one))
    console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number and column else "left", overflow="fold")
    return table
