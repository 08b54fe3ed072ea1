"""Live progress of a grading run in the terminal; without a terminal one line for each submission."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from course.grading.marks import LabMark
from course.grading.report.grades_csv import number
from course.grading.run import Show
from course.grading.submission import Submission
from course.grading.workers.pool import Failure

RUNNING = 8  # submissions to show by name


class Live(Show):
    """A bar for the class, and whom the workers have at the moment. Use it as a context."""

    def __init__(self, console: Console | None = None) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self.progress = Progress(TextColumn("{task.description}", markup=False), *columns, console=console or Console())
        self.all: TaskID | None = None
        self.begun = False  # a bar that never began is taken away again: what is said stands alone
        self.running: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Live:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        for task in [*self.running.values(), *([] if self.all is None or self.begun else [self.all])]:
            self.progress.remove_task(task)
        self.progress.stop()

    def gathering(self) -> None:
        """The folder is being read."""
        self.all = self.progress.add_task("reading what was handed in", total=None)

    def begin(self, due: int, as_before: int) -> None:
        """So many are to be graded."""
        self.begun = due > 0
        if self.all is not None:
            self.progress.update(self.all, description="grading", total=due)
        if as_before:
            self.say(f"{as_before} of {due + as_before} submissions keep their marks.")

    def started(self, one: Submission) -> None:
        """A worker has this one now."""
        if self.progress.console.is_terminal and len(self.running) < RUNNING and (one.student, one.lab) not in self.running:
            self.running[one.student, one.lab] = self.progress.add_task(f"  {one.student}, lab {one.lab[:2]}", total=None)

    def done(self, one: Submission, outcome: LabMark | Failure) -> None:
        """It is graded, or can't be."""
        if (task := self.running.pop((one.student, one.lab), None)) is not None:
            self.progress.remove_task(task)
        if self.all is not None:
            self.progress.advance(self.all)
        if isinstance(outcome, Failure):
            self.say(f"{one.student}, lab {one.lab[:2]}: not graded, {outcome.reason}")
        elif not self.progress.console.is_terminal:
            self.say(f"{one.student}, lab {one.lab[:2]}: {number(outcome.points)} of {number(outcome.of)} points")

    def say(self, sentence: str) -> None:
        """A line of its own above the bars."""
        self.progress.console.print(Text(sentence), soft_wrap=True)
