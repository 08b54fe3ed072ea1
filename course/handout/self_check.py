"""`start.py test` of a hand-out: its files are whole, and every lab runs from top to bottom before anything is solved.

`bundle` puts this module into the hand-out as utils/handout.py, where course/ and tests/ are left out.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from utils.files import ROOT, sha256_of

LIST = "handout.json"


def add_commands(app: typer.Typer) -> None:
    """The entry point `tiny_titans.commands` of a hand-out."""
    app.command()(test)


def changed_files(root: Path = ROOT) -> list[str]:
    """The files that are missing or changed, in sentences; [] if there are none.

    Raises:
        FileNotFoundError: there is no list of the files, so this is no hand-out.
    """
    if not (root / LIST).is_file():
        raise FileNotFoundError(f"there is no {LIST} in {root}: unpack the hand-out again")
    files = json.loads((root / LIST).read_text(encoding="utf-8"))["files"]
    found = []
    for name, digest in files.items():
        if not (root / name).is_file():
            found.append(f"{name} is missing: unpack the hand-out again.")
        elif sha256_of(root / name) != digest:
            found.append(f"{name} was changed: unpack the hand-out again, and do your work in my_work/.")
    return found


def failing_labs(root: Path = ROOT, quick: bool = False, say: Callable[[str], None] = print) -> list[str]:
    """The labs that do not run from top to bottom, in sentences; [] if all do.

    quick: run only the first. No file of the student's is touched.
    """
    from utils.jupyter import NotebookFailedError, run_notebook

    found = []
    before = os.environ.get("TITANS_HOME")
    for path in sorted((root / "labs").glob("[0-9][0-9]_*.ipynb"))[: 1 if quick else None]:
        say(f"{path.stem} runs ...")
        with tempfile.TemporaryDirectory(prefix="titans-test-") as scratch:
            os.environ["TITANS_HOME"] = scratch
            try:
                run_notebook(path)
            except (NotebookFailedError, OSError, ValueError) as error:
                found.append(f"{error}.")
            finally:
                os.environ.pop("TITANS_HOME")
                if before is not None:
                    os.environ["TITANS_HOME"] = before
    return found


def test(quick: Annotated[bool, typer.Option("--quick", help="Run only the first lab.")] = False) -> None:
    """Check this course: its files are whole, every lab runs to its end before anything is solved."""
    try:
        wrong = changed_files()
    except (OSError, ValueError) as error:
        typer.echo(f"{error}.", err=True)
        raise typer.Exit(1) from error
    wrong += failing_labs(quick=quick, say=typer.echo)
    for sentence in wrong:
        typer.echo(sentence, err=True)
    typer.echo("Something is wrong, see above." if wrong else "All files are whole and the labs run.")
    raise typer.Exit(int(bool(wrong)))
