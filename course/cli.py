"""What makers add to the command line: build, train, test, bench."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from utils.cli import fail
from utils.files import ROOT


def add_commands(app: typer.Typer) -> None:
    """The entry point `tiny_titans.commands`: give the command line of `utils` its further commands."""
    app.command()(build)
    app.command()(train)
    app.command()(test)
    app.command()(bench)


def sources(number: str | None, folder: Path | None = None) -> list[Path]:
    """The sources of one lab ("1", "01" or "01_pruning"), or of all without a number.

    Raises:
        FileNotFoundError: no such source; the message lists those that exist.
    """
    folder = folder or ROOT / "solutions"
    found = sorted(folder.glob("[0-9][0-9]_*.py"))
    wanted = number.removesuffix(".py").zfill(2) if number else None
    chosen = [path for path in found if wanted in (None, path.stem, path.stem[:2])]
    if not chosen:
        known = ", ".join(path.stem for path in found) or "none is there yet"
        raise FileNotFoundError(f"there is no source of lab {number or 'NN'} in solutions/: {known}")
    return chosen


def build(
    number: Annotated[str | None, typer.Argument(metavar="[NN]", help="The lab: 1, 01 or 01_pruning; all if left out.")] = None,
    stale: Annotated[bool, typer.Option("--stale", help="Build nothing, list the notebooks that are not what their source says.")] = False,
) -> None:
    """Make labs/*.ipynb and the executed solutions/*.ipynb from solutions/*.py."""
    from course.authoring import build_lab, other_environment, stale_labs

    if stale:
        found = stale_labs()
        for name, reason in {**found, **other_environment()}.items():
            typer.echo(f"{name}: {reason}")
        raise typer.Exit(1 if found else 0)
    from rich.console import Console

    console = Console()
    try:
        for source in sources(number):
            with console.status(source.name) as status:
                written = build_lab(source, say=lambda text, status=status, name=source.name: status.update(f"{name}: {text}"))
            typer.echo(
                f"{source.stem}: " + ", ".join(f"{path.parent.name}/{path.name} {path.stat().st_size / 1000:.0f} kB" for path in written)
            )
    except (ValueError, OSError) as error:
        fail(error)


def train(
    name: Annotated[str, typer.Argument(help="A folder of zoo/ with a recipe.toml.")],
    seed: Annotated[int | None, typer.Option(help="Only this seed; all seeds of the recipe if not given.")] = None,
) -> None:
    """Train a model of the zoo by its recipe; an interrupted run goes on where it stopped."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from course import training

    try:
        seeds = training.recipe(name)["seeds"] if seed is None else [seed]
    except (ValueError, OSError) as error:
        fail(error)
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))  # recorded: the result depends on it
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()) as progress:
        for one in seeds:
            task = progress.add_task(f"{name} seed {one}", total=None)

            def say(text: str, task=task) -> None:
                if epoch := re.search(r"epoch (\d+)/(\d+)", text):
                    progress.update(task, description=text, completed=int(epoch[1]), total=int(epoch[2]))
                if not (epoch and progress.console.is_terminal):
                    progress.console.print(text)

            try:
                training.train(name, one, say)
            except (ValueError, OSError, FloatingPointError) as error:
                fail(error)


def test(
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the slow tests: at most 5 minutes.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Install what is missing by apt and pip; allow no skipped test.")] = False,
    newest: Annotated[bool, typer.Option("--newest", help="In a scratch environment with the newest packages that are allowed.")] = False,
) -> None:
    """Check the whole course: format, spelling, types, tests, every lab blank, every solution strict."""
    if quick and everything:
        fail("--quick leaves tests out and --all allows none to be left out: give one of them.")
    if newest:
        from course.newest import run_newest

        try:
            code = run_newest([*(["--quick"] if quick else []), *(["--all"] if everything else [])])
        except (OSError, RuntimeError) as error:
            fail(error)
        raise typer.Exit(code)
    from course.testing import run_all

    raise typer.Exit(run_all(quick=quick, everything=everything))


def bench(
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to time each comparison.")] = 10.0,
    output: Annotated[Path | None, typer.Option(help="Where to write; docs/results.md if not given.")] = None,
) -> None:
    """Measure networks, runtimes and labs on this computer and write docs/results.md."""
    from rich.console import Console

    from course.bench import RESULTS, load_average, write_results

    load = load_average()  # before this command loads the machine itself
    from course.bench.bench import Bench
    from utils.notebooks import NotebookFailedError

    path = output or RESULTS
    try:
        with Console().status("bench") as status:
            write_results(Bench(seconds), path, load=load, say=lambda text: status.update(f"bench: {text}"))
    except (NotebookFailedError, OSError, ValueError) as error:
        fail(error)
    typer.echo(f"wrote {path}")
