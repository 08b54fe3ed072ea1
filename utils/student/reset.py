"""Put one exercise's stub back; what the student wrote is kept in `my_work/kept/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils import ledger
from utils.files import my_work, write_atomically
from utils.student.code import defined, is_untouched, parse, pieces
from utils.student.folder import write_next
from utils.student.matching import Match, exercises_of
from utils.student.notebook import Cell, Notebook, as_text, cells_of, read_notebook, titans
from utils.student.transplant import matches
from utils.student.update import lab_and_copy

KEPT = "kept"  # without a dot at its beginning, which would hide it from JupyterLab's file browser
OLD = ".kept"  # its name before


@dataclass(frozen=True)
class Reset:
    """The result of a reset.

    notebook: the file. changed: whether anything was to be done. kept: where the student's version is, None if there was none.
    others: further cells that define the function and stay as they are, each by its first line and heading.
    """

    notebook: Path
    changed: bool
    kept: Path | None
    others: tuple[str, ...] = ()


def reset(number: str, name: str) -> Reset:
    """Put the stub of one exercise back into the student's newest copy of a lab; all other cells stay as they are.

    The student's version is written to `my_work/kept/` before the notebook is touched. The ledger forgets its verdict, so that
    `progress` shows the exercise as open until it is solved again.

    Raises:
        FileNotFoundError: there is no such lab, or no copy of it.
        ValueError: there is no such exercise (the message lists them), the file is not a notebook, or a cell can't be taken apart.
    """
    lab_path, path = lab_and_copy(number)
    notebook, lab = read_notebook(path), cells_of(read_notebook(lab_path))
    student, found = cells_of(notebook), {one.fate.name: (cell, one) for cell, one in _all(lab, notebook)}
    if name not in found:
        raise ValueError(f"lab {lab_path.stem} has no exercise {name}: choose one of {', '.join(found)}")
    stub, match = found[name]
    others = tuple(one.cells[0].place for one in match.others if one.is_code and not is_untouched(one.text, stub.text))
    if match.taken and not match.fate.written and match.taken[0].text.strip() == stub.text.strip():
        _forget(lab_path.stem[:2], name)
        return Reset(path, False, None, others)
    text = _with_stub(match, stub.text, name, list(found)) if match.taken else stub.text
    kept = None
    if was := "\n".join(cell.text for cell in match.taken).strip("\n"):
        kept = write_next(_kept_folder(), f"{path.stem}.{name}", ".py", (was + "\n").encode("utf-8", "replace"))
    _put(notebook, student, lab, stub, match, text)
    write_atomically(path, as_text(notebook))
    _forget(lab_path.stem[:2], name)
    return Reset(path, True, kept, others)


def _kept_folder() -> Path:
    """The folder of kept versions; one of the old name is renamed."""
    folder, old = my_work() / KEPT, my_work() / OLD
    if old.is_dir() and not folder.exists():
        old.rename(folder)
    return folder


def _forget(lab: str, name: str) -> None:
    """Make the ledger agree with the notebook: the exercise is open."""
    verdict = ledger.read().get("exercise", {}).get(f"{lab}/{name}")
    if isinstance(verdict, dict) and verdict.get("attempted") is True:
        of = {key: verdict[key] for key in ("of", "core") if key in verdict}
        ledger.record("exercise", f"{lab}/{name}", {"points": 0, **of, "attempted": False, "cases": {}, "failing_runs": {}})


def _all(lab: list[Cell], notebook: Notebook) -> list[tuple[Cell, Match]]:
    cells = {exercise.cell.id: exercise.cell for exercise in exercises_of(lab)}
    return [(cells[identity], one) for identity, one in matches(lab, cells_of(notebook))]


def _with_stub(match: Match, stub: str, name: str, names: list[str]) -> str:
    """The new text of the exercise's cell: the stub, and what else was merged into the cell."""
    whole = "\n".join(cell.text for cell in match.taken)
    if not defined(whole) & (set(names) - {name}):
        return stub
    if parse(whole) is None:
        others = ", ".join(sorted(defined(whole) & set(names) - {name}))
        place = match.taken[0].place
        raise ValueError(f"the cell {place} also contains {others} and does not compile: give {name} its own cell first")
    return "\n".join(stub if name in piece.names else piece.text for piece in pieces(whole)).strip("\n")


def _put(notebook: Notebook, student: list[Cell], lab: list[Cell], stub: Cell, match: Match, text: str) -> None:
    """Write the text into the first of the exercise's cells and drop its further parts; without any, make one where the lab has it."""
    if match.taken:
        first, *rest = match.taken
        raw: dict[str, Any] = notebook["cells"][first.number - 1]
        raw |= {"cell_type": "code", "source": text, "outputs": [], "execution_count": None}
        raw.pop("attachments", None)
        notebook["cells"] = [cell for number, cell in enumerate(notebook["cells"], start=1) if number not in {part.number for part in rest}]
        return
    places = {cell.id: cell.number for cell in student if cell.id}
    by_text = {cell.text.strip(): cell.number for cell in student}
    above = lab[: [cell.id for cell in lab].index(stub.id)]
    known = [place for cell in above if (place := places.get(cell.id) or by_text.get(cell.text.strip()))]
    raw = {**stub.raw, "source": text}
    if not titans(notebook) or notebook.get("nbformat_minor", 0) < 5:
        raw = {key: value for key, value in raw.items() if key != "id"}
    notebook["cells"].insert(known[-1] if known else 0, raw)
