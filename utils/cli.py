"""The command line: `python3 start.py COMMAND`. Imports are late: the door opens without loading torch."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Annotated, NoReturn

import typer

from utils.files import ROOT, home

GROUP = "tiny_titans.commands"

app = typer.Typer(
    help="Tiny Titans: make neural networks small, and know what it costs.",
    epilog="For the installation: --torch-index URL, --wheelhouse DIR (see the first lines of start.py).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def fail(sentence: object) -> NoReturn:
    """Show one sentence and end with exit code 1."""
    typer.echo(str(sentence), err=True)
    raise typer.Exit(1)


@app.command()
def lab(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to serve on; the first free one if not given.")] = None,
) -> None:
    """Copy new labs into my_work/ and open JupyterLab there."""
    from utils.lab_files import copy_new_labs
    from utils.notebooks import FIRST_PORT, free_port, is_free, lab_command, own_corner, write_settings

    folder = home().resolve()
    try:
        new = copy_new_labs(to=folder)
        write_settings(folder / ".jupyter")
    except OSError as error:
        fail(f"The folder {folder} can't be written ({error.strerror}): copy the course to a place of your own.")
    if new:
        typer.echo(f"New in {folder.name}: {', '.join(new)}")
    if port is not None and not is_free(port):
        fail(f"Port {port} is in use: give another one with --port, or none to get the next free one.")
    try:
        chosen = port or free_port()
    except OSError as error:
        fail(error)
    if port is None and chosen != FIRST_PORT:
        typer.echo(f"Port {FIRST_PORT} is in use: serving on {chosen}.")
    os.environ.update(own_corner(folder / ".jupyter"))
    replace_process(lab_command(folder, chosen, browser))


def replace_process(command: list[str]) -> None:
    """Go on as another program (Windows can't: there it is a child)."""
    sys.stdout.flush()
    if os.name == "nt":
        raise typer.Exit(subprocess.call(command))
    os.execv(command[0], command)


@app.command()
def run(number: Annotated[str, typer.Argument(help="The lab: 1, 01 or 01_pruning.")]) -> None:
    """Run a lab from top to bottom without a browser and show its scorecard; your file is not changed."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from utils.lab_files import find_lab
    from utils.notebooks import NotebookFailedError, run_notebook

    try:
        path = find_lab(number)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("cells"), TimeElapsedColumn())
        with Progress(*columns) as progress:
            task = progress.add_task(path.stem, total=None)
            text = run_notebook(path, lambda done, of: progress.update(task, completed=done, total=of))
    except (NotebookFailedError, OSError, ValueError) as error:
        fail(error)
    typer.echo(text)


@app.command()
def doctor() -> None:
    """Look at this computer: what it has, what is missing, and which lab wants it."""
    from utils.doctor import show

    show()


def _commands() -> Iterator[EntryPoint]:
    """What adds further commands: by the installed packages' entry points, else by pyproject.toml's."""
    found = list(entry_points(group=GROUP))
    if not found and (ROOT / "pyproject.toml").is_file():  # a user's own environment, where the project is not installed
        declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][GROUP]
        found = [EntryPoint(name, value, GROUP) for name, value in declared.items()]
    for point in found:
        if find_spec(point.module.split(".")[0]):  # students' hand-outs have no course/
            yield point


def main() -> None:
    """Add what the entry points offer, then run the command."""
    if "TITANS_HOME" in os.environ:  # kernels work in other folders, where a relative path would mean another place
        os.environ["TITANS_HOME"] = str(home().resolve())
    for point in _commands():
        point.load()(app)
    app(prog_name="python3 start.py")


if __name__ == "__main__":
    main()
