"""Grade a class: from what was handed in to the table, the pages and the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from course.grading.intake.gather import hand_over
from course.grading.intake.recognise import KnownLab, known_labs
from course.grading.marks import LabMark
from course.grading.report.feedback import write_feedback
from course.grading.report.gradebook import LOG, Gradebook, gradebook
from course.grading.report.grades_csv import FOLDER, TABLE, csv_of, rows, write_table
from course.grading.report.overview import PAGE, write_overview
from course.grading.report.pages import plural
from course.grading.report.scheme import Weights, read_weights, strangers, unknown_exercises
from course.grading.submission import Submission
from course.grading.text import same
from course.grading.workers.dask_cluster import grade_on_dask
from course.grading.workers.pool import Failure, Outcome, Pool, Started, default_workers
from course.grading.workers.process import Recipe, in_sandboxes
from utils.files import sha256_of
from utils.student.folder import is_called


@dataclass(frozen=True)
class Request:
    """What is to be graded, and how. out: where the book is, None for a folder beside that of the submissions.

    labs: numbers or names, empty for all. student: grade this one's again, and nothing else. again: grade all again.
    workers: None for as many as there is room for. scheduler: address of a Dask scheduler, in place of workers here.
    """

    folder: Path
    out: Path | None = None
    labs: tuple[str, ...] = ()
    seed: int | None = None
    weights: Path | None = None
    hidden: Path | None = None
    student: str | None = None
    again: bool = False
    workers: int | None = None
    scheduler: str | None = None
    unsafe: bool = False

    @property
    def book(self) -> Path:
        """Where the book is."""
        folder = self.folder.resolve()
        return self.out if self.out is not None else folder.with_name(f"{folder.stem if folder.is_file() else folder.name}-graded")


class Show:
    """What is told while it goes on; this one says nothing."""

    def gathering(self) -> None:
        """The folder is being read."""

    def begin(self, due: int, as_before: int) -> None:
        """So many are to be graded, so many keep their marks."""

    def started(self, one: Submission) -> None:
        """A worker has this one now."""

    def done(self, one: Submission, outcome: LabMark | Failure) -> None:
        """It is graded, or can't be."""

    def say(self, sentence: str) -> None:
        """Something to know."""


@dataclass(frozen=True)
class Summary:
    """What came of it. refused: files that could not be read. failed: submissions without a mark. said: what to know, in sentences."""

    book: Path
    graded: int
    as_before: int
    refused: int
    failed: int
    students: int
    said: tuple[str, ...]

    def __str__(self) -> str:
        counts = [f"{plural(self.graded, 'submission')} graded", f"{self.as_before} as before"]
        counts += [f"{plural(self.refused, 'file')} not readable"] * bool(self.refused)
        counts += [f"{self.failed} not graded"] * bool(self.failed)
        files = f"{TABLE}, {PAGE}, {LOG} and {plural(self.students, 'page')} in {FOLDER}/"
        return "\n".join([*self.said, f"{', '.join(counts)}.", f"{files} are in {self.book}."])


Outcomes = Callable[[Sequence[Submission], Recipe, Started], Iterator[Outcome]]


def grade_class(
    request: Request, show: Show | None = None, outcomes: Outcomes | None = None, labs: Sequence[KnownLab] | None = None
) -> Summary:
    """Grade what has no mark yet, then write the table and the pages. Whatever ends it early, what was graded is kept and written.

    outcomes: what grades, `request`'s workers or scheduler if not given. labs: those of the course if not given.

    Raises:
        ValueError, OSError: something in the request is wrong, or a file can't be read or written; a sentence.
        PoolError: nothing can be graded here.
    """
    show, labs = show or Show(), known_labs() if labs is None else labs
    names = [lab.name for lab in labs]
    chosen = _chosen(request.labs, names)
    weights = read_weights(request.weights, names) if request.weights else Weights()
    if request.hidden and not request.hidden.is_file():
        raise FileNotFoundError(f"there is no file {request.hidden}: give --hidden the file of your own test set")
    if not request.folder.exists():
        raise FileNotFoundError(f"there is no folder or zip {request.folder}: give the one with the submissions")
    if request.book.resolve().is_relative_to(request.folder.resolve()):
        raise ValueError(f"the marks can't lie among the submissions: give --out a folder outside of {request.folder}")
    show.gathering()
    handed = hand_over(request.folder, labs)
    gathered = handed.found
    submissions = [one for one in gathered if isinstance(one, Submission)]
    if not gathered:
        raise ValueError(f"there is no file in {request.folder}: give the folder with the submissions")
    with gradebook(request.book) as book:
        seed = book.begin(request.seed, sha256_of(request.hidden) if request.hidden else None)
        book.take(gathered)
        book.keep_up(submissions)
        mine = [one for one in submissions if one.lab in chosen]
        if request.student is not None:
            student = _student(request.student, [one.student for one in mine])
            due = [one for one in mine if one.student == student]
        else:
            due = book.due(mine, again=request.again, unsafe=request.unsafe)
        if due and book.hidden and not request.hidden:
            raise ValueError(f"the marks in {request.book} were made with a hidden test set: give its file again with --hidden")
        show.begin(len(due), len(mine) - len(due))
        recipe = in_sandboxes(seed, request.unsafe, str(request.hidden.resolve()) if request.hidden else None)
        try:
            graded, failed = _grade(book, due, recipe, outcomes or _by(request), show)
        finally:
            kept = _write(book, weights)
        said = [
            *handed.said,
            *_said(book, weights, request, labs),
            *([f"{TABLE} had been changed: it is kept as {kept.name}."] if kept else []),
        ]
        return Summary(request.book, graded, len(mine) - len(due), len(book.refusals), failed, len(book.students), tuple(said))


def _chosen(wanted: Sequence[str], names: Sequence[str]) -> set[str]:
    """The labs' names. Raises ValueError for one that there is not."""
    found = set()
    for one in wanted:
        fitting = [name for name in names if is_called(name, one)]
        if not fitting:
            raise ValueError(f"there is no lab {one} with exercises: use {', '.join(name[:2] for name in names)}, or several with commas")
        found.update(fitting)
    return found or set(names)


def _student(wanted: str, students: Sequence[str]) -> str:
    wanted = same(wanted)
    if wanted in students:
        return wanted
    students = list(dict.fromkeys(students))  # once, however many labs somebody handed in
    alike = [name for name in students if wanted.casefold() in name.casefold()]
    if len(alike) == 1:
        return alike[0]
    near = alike or get_close_matches(wanted, students, 3, 0.5)
    hint = f"did you mean {' or '.join(near[:3])}?" if near else "the names are those in grades.csv"
    raise ValueError(f"no student who handed in is called {wanted}: {hint}")


def _by(request: Request) -> Outcomes:
    """What grades: this computer, or a Dask cluster."""

    def here(due: Sequence[Submission], recipe: Recipe, started: Started) -> Iterator[Outcome]:
        with Pool(recipe, min(request.workers or default_workers(), max(1, len(due)))) as pool:
            yield from pool.grade(due, started)

    def there(due: Sequence[Submission], recipe: Recipe, started: Started) -> Iterator[Outcome]:
        return grade_on_dask(due, recipe, str(request.scheduler), started)

    return there if request.scheduler else here


def _grade(book: Gradebook, due: Sequence[Submission], recipe: Recipe, outcomes: Outcomes, show: Show) -> tuple[int, int]:
    """Grade and write down each as it comes; how many have a mark now, and how many have none."""
    graded = failed = 0
    if not due:
        return 0, 0
    with closing(outcomes(due, recipe, show.started)) as found:  # type: ignore[type-var]
        for one, outcome in found:
            if isinstance(outcome, Failure):
                failed += 1
                book.fail(one, outcome.reason)
            else:
                graded += 1
                book.add(one, outcome)
            show.done(one, outcome)
    return graded, failed


def _write(book: Gradebook, weights: Weights) -> Path | None:
    """The table and all pages; returns where a changed table is kept."""
    write_feedback(book, weights)
    write_overview(book, weights)
    return write_table(book, csv_of(rows(book, weights), book.labs))


def _said(book: Gradebook, weights: Weights, request: Request, labs: Sequence[KnownLab]) -> Iterator[str]:
    """What an instructor should know beside the marks."""
    if unsafe := sum(mark.unsafe for mark in book.marks):
        yield f"{plural(unsafe, 'mark')} made WITHOUT A SANDBOX: the submitted code could read and change this computer's files."
    if names := strangers(weights, book.students):
        yield f"{request.weights} names {', '.join(names)}, and nobody of that name handed in."
    if exercises := unknown_exercises(weights, book.marks):
        yield f"{request.weights} names {', '.join(exercises)}, and there is no such exercise."
    if others := sum(mark.seed != book.seed for mark in book.marks):
        yield f"{plural(others, 'mark')} made with another seed than the others: a run without --student grades all by the same."
    if book.damaged:
        yield f"{plural(book.damaged, 'line')} of {LOG} could not be read; what they said was done again or is lost."
    today = {lab.name: lab.source_sha256 for lab in labs}
    old = sorted({mark.lab for mark in book.marks if today.get(mark.lab) and mark.versions.get("lab") not in (None, today[mark.lab])})
    if old and not request.again:
        yield f"{', '.join(old)}: some marks were made with another version of the lab; --again grades all again."
