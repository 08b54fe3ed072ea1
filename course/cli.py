"""Commands for makers and instructors: build, train, test, bench, grade, bundle."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from utils.files import ROOT
from utils.sentences import fail
from utils.student.folder import is_called


def add_commands(app: typer.Typer) -> None:
    """The entry point `tiny_titans.commands`: give the command line of `utils` its further commands."""
    app.command()(build)
    app.command()(train)
    app.command()(test)
    app.command()(bench)
    app.command()(grade)
    app.command()(bundle)


def sources(number: str | None, folder: Path | None = None, suffix: str = ".py") -> list[Path]:
    """The sources of one lab ("1", "01", "01_pruning", "01_pru"), or of all without a number.

    folder, suffix: the place to look in, and the ending to look for.

    Raises:
        FileNotFoundError: no such source; the message lists those that exist.
    """
    folder = folder or ROOT / "solutions"
    found = sorted(folder.glob(f"[0-9][0-9]_*{suffix}"))
    chosen = [path for path in found if not number or is_called(path.stem, number.removesuffix(suffix))]
    if not chosen:
        known = ", ".join(path.stem for path in found) or "none is there yet"
        what = "source of lab" if suffix == ".py" else "lab"
        raise FileNotFoundError(f"there is no {what} {number or 'NN'} in {folder.name}/: {known}")
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
    from rich.status import Status

    console = Console()
    try:
        for source in sources(number):
            with console.status(source.name) as status:

                def say(text: str, status: Status = status, name: str = source.name) -> None:
                    status.update(f"{name}: {text}")

                written = build_lab(source, say=say)
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
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from course.zoo import train as trainer

    try:
        seeds = trainer.recipe(name)["seeds"] if seed is None else [seed]
    except (ValueError, OSError) as error:
        fail(error)
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))  # recorded: the result depends on it
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()) as progress:
        for one in seeds:
            task = progress.add_task(f"{name} seed {one}", total=None)

            def say(text: str, task: TaskID = task) -> None:
                if epoch := re.search(r"epoch (\d+)/(\d+)", text):
                    progress.update(task, description=text, completed=int(epoch[1]), total=int(epoch[2]))
                if not (epoch and progress.console.is_terminal):
                    progress.console.print(text)

            try:
                trainer.train(name, one, say)
            except (ValueError, OSError, FloatingPointError) as error:
                fail(error)


def test(
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the slow tests and the solutions.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Install what is missing by apt and pip; allow no skipped test.")] = False,
    nightly: Annotated[bool, typer.Option("--nightly", help="Also what is left for the night; all tests on bare computers too.")] = False,
    durations: Annotated[bool, typer.Option("--durations", help="Write the minutes of each part into CONTRIBUTING.md.")] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Only what depends on a file changed since its tests passed.")] = False,
    newest: Annotated[bool, typer.Option("--newest", help="In a scratch environment with the newest packages that are allowed.")] = False,
) -> None:
    """Check the whole course: format, spelling, types, tests, every lab blank, every solution strict."""
    if quick and everything:
        fail("--quick leaves tests out and --all allows none to be left out: give one of them.")
    if quick and nightly:
        fail("--quick leaves tests out and --nightly runs all of them: give one of them.")
    if changed and (everything or nightly or newest):
        fail("--changed leaves tests out and --all, --nightly and --newest run all of them: give one of them.")
    if durations and (quick or nightly or newest or changed):
        fail("--durations measures the gate as every commit has it: leave out --quick, --nightly, --newest and --changed.")
    options = {"--quick": quick, "--all": everything, "--nightly": nightly}
    if newest:
        from course.checks.newest import run_newest

        try:
            code = run_newest([option for option, given in options.items() if given])
        except (OSError, RuntimeError) as error:
            fail(error)
        raise typer.Exit(code)
    raise typer.Exit(_gate(quick, everything, nightly, durations, changed))


def _gate(quick: bool, everything: bool, nightly: bool, durations: bool, changed: bool) -> int:
    """Run the gate; note what passed, for --changed and --quick, and what it took, for --durations."""
    from course.checks import minutes
    from course.checks.changed import changed as not_passed
    from course.checks.changed import fingerprints, note_passed
    from course.checks.gate import Choice, run_all
    from course.checks.results import Outcome

    before = fingerprints()
    again = not_passed()
    tests, notebooks = (tuple(path for path in again if path.startswith("tests/") is kind) for kind in (True, False))
    if changed:
        typer.echo("\n".join(["Changed since they passed:", *(again or ["nothing"])]))
    elif quick:
        skipped = sum(path.startswith("labs/") for path in before) - sum(path.startswith("labs/") for path in notebooks)
        typer.echo(f"{skipped} labs are not run again, which passed here as they are now." if skipped else "All labs are run.")

    def keep(outcomes: list[Outcome]) -> None:
        whole = [outcome for outcome in outcomes if " on " not in outcome.name and not (quick and outcome.name == "tests")]
        note_passed(whole, before)
        if durations:
            minutes.write(outcomes)

    choice = Choice(quick, nightly, tests if changed else None, notebooks if changed or quick else None)
    return run_all(choice, everything, keep=keep)


def bench(
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to time each comparison.")] = 10.0,
    grading: Annotated[bool, typer.Option("--grading", help="Measure how a class is graded, for docs/results-grading.md.")] = False,
    nbgrader: Annotated[Path | None, typer.Option(metavar="PYTHON", help="With --grading: compare with the nbgrader it has.")] = None,
    output: Annotated[Path | None, typer.Option(help="Where to write; docs/results.md if not given.")] = None,
) -> None:
    """Measure networks, runtimes and labs on this computer and write docs/results.md."""
    from rich.console import Console

    from course.bench.load import load_average

    load = load_average()  # before this command loads the machine itself
    if nbgrader and not grading:
        fail("--nbgrader compares how a class is graded: give --grading too.")
    if nbgrader and not nbgrader.is_file():
        fail(f"There is no {nbgrader}: give --nbgrader the Python of an environment that has nbgrader, torch, numpy and scipy.")
    from course.bench.bench import Bench
    from course.bench.report import GRADING, RESULTS, write_grading, write_results
    from utils.jupyter import NotebookFailedError

    path = output or (GRADING if grading else RESULTS)
    try:
        with Console().status("bench") as status:

            def say(text: str) -> None:
                status.update(f"bench: {text}")

            if grading:
                write_grading(nbgrader, path, load=load, say=say)
            else:
                write_results(Bench(seconds), path, load=load, say=say)
    except (NotebookFailedError, OSError, ValueError, RuntimeError) as error:
        fail(error)
    typer.echo(f"wrote {path}")


def grade(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder or zip with what a class handed in.")],
    labs: Annotated[str | None, typer.Option(metavar="01,02", help="Only these labs; all that are recognised if left out.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the marks go; DIR-graded beside DIR if left out.")] = None,
    weights: Annotated[Path | None, typer.Option(metavar="FILE", help="A TOML file: points, deadlines, manual points.")] = None,
    student: Annotated[str | None, typer.Option(metavar="NAME", help="Grade this student's work again, and nothing else.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Grade all again, not only what is new or changed.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Draw hidden inputs from this; a secret one, kept, if left out.")] = None,
    hidden: Annotated[Path | None, typer.Option(metavar="FILE", help="Your own test set for the open challenges.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Submissions at once; as many as there is room for if left out.")] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Grade by the workers of this Dask scheduler.")] = None,
    unsafe: Annotated[bool, typer.Option("--unsafe-no-sandbox", help="Run code of students unprotected; every report says so.")] = False,
) -> None:
    """Grade a class's submissions in a sandbox: grades.csv, overview.html, a page of feedback for each student."""
    if os.name != "posix":
        fail("Grading runs the code of students in a sandbox of Linux: use Linux, or WSL2 on Windows.")
    from course.grading.progress import Live
    from course.grading.run import Request, grade_class
    from course.grading.workers.pool import PoolError

    chosen = tuple(filter(None, (labs or "").replace(" ", "").split(",")))
    request = Request(folder, out, chosen, seed, weights, hidden, student, again, workers, scheduler, unsafe)
    if unsafe:
        typer.secho("No sandbox: submitted code can read and change your files.", fg="red", err=True)
    try:
        if hidden and hidden.is_file():
            from course.grading.challenge.photos import hidden_photos

            hidden_photos(hidden)  # wrong ones are said before anything is done
        with Live() as show:
            done = grade_class(request, show)
    except (ValueError, PoolError) as error:
        fail(_sentence(error))
    except OSError as error:
        fail(_sentence(error) if error.errno is None else f"{error.filename or request.book}: {error.strerror}.")
    except KeyboardInterrupt:
        typer.echo("Stopped. What was graded is kept: the same command goes on with the rest.", err=True)
        raise typer.Exit(130) from None
    typer.echo(str(done))
    if done.failed:
        raise typer.Exit(1)


def bundle(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The zip; tiny-titans-VERSION.zip here if left out.")] = None,
    labs: Annotated[str | None, typer.Option(metavar="01,02", help="Only these labs; all if left out.")] = None,
) -> None:
    """Make the zip to hand out to a class: no solutions, no grader, and a `test` by which it checks itself."""
    import utils
    from course.handout.bundle import bundle as make

    target = out or Path(f"tiny-titans-{utils.__version__}.zip")
    try:
        chosen = [path.stem for one in (labs or "").replace(" ", "").split(",") if one for path in sources(one, ROOT / "labs", ".ipynb")]
        names = make(target, chosen)
    except OSError as error:
        fail(_sentence(error) if error.errno is None else f"{error.filename or target}: {error.strerror}.")
    except ValueError as error:
        fail(_sentence(error))
    typer.echo(f"{target} has {target.stat().st_size / 1e6:.0f} MB and contains {', '.join(names)}.")


def _sentence(error: Exception) -> str:
    """An error's text as a sentence of its own."""
    text = str(error)
    return text if text.endswith((".", "?")) else f"{text}."
