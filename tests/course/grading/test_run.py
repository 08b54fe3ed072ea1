"""The command from folder to table: idempotent, resumable, one sentence for whatever is wrong."""

import csv
import io
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from course.grading import run as runs
from course.grading.progress import Live
from course.grading.report.gradebook import LOG, gradebook
from course.grading.run import Request, Show, grade_class
from course.grading.workers.pool import Failure, PoolError
from course.grading.workers.process import Recipe
from tests.course.grading.classroom import LABS, a_mark, answered, data, notebook, write, zipped
from utils.cli import app as course_app

runner = CliRunner()


class Grader:
    """In place of workers: 4 of 7 points for everybody; remembers whom it graded. fails: students; stops: after so many."""

    def __init__(self, fails=(), stops=None, error=KeyboardInterrupt):
        self.graded, self.recipes, self.fails, self.stops, self.error = [], [], fails, stops, error

    def __call__(self, submissions, recipe, started):
        self.recipes.append(recipe)
        for one in reversed(submissions):  # in whatever order
            if self.stops is not None and len(self.graded) >= self.stops:
                raise self.error
            started(one)
            self.graded.append((one.student, one.lab))
            mark = a_mark(one, seed=recipe.arguments["seed"], unsafe=recipe.arguments["unsafe"])
            yield one, Failure("the worker ended") if one.student in self.fails else mark


@pytest.fixture
def folder(tmp_path):
    return write(
        tmp_path / "in",
        {
            "ada/01_pruning.ipynb": answered(),
            "bo/01_pruning.ipynb": data(notebook()),
            "bo/02_quantization.ipynb": answered("02_quantization"),
            "cleo/01_pruning.ipynb": b"",
        },
    )


def grade(folder, grader=None, show=None, **request):
    return grade_class(Request(folder, **request), show, grader or Grader(), LABS)


def table(folder):
    with (folder.with_name("in-graded") / "grades.csv").open(newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.with_name("in-graded").rglob("*")) if path.is_file()}


def test_everything_is_there_afterwards(folder):
    done = grade(folder)
    assert (done.graded, done.as_before, done.refused, done.failed, done.students) == (3, 0, 1, 0, 3)
    assert {path.name for path in done.book.iterdir()} == {"grades.csv", "overview.html", LOG, "feedback"}
    assert {name: row["01_pruning"] for name, row in table(folder).items()} == {"ada": "4", "bo": "4", "cleo": "0"}
    assert "3 submissions graded, 0 as before, 1 file not readable." in str(done)


def test_a_second_run_grades_nothing_and_changes_nothing(folder):
    grade(folder)
    before, grader = contents(folder), Grader()
    done = grade(folder, grader)
    assert not grader.graded and not grader.recipes and done.as_before == 3
    assert contents(folder) == before


def test_only_a_changed_submission_is_graded_again(folder):
    grade(folder)
    write(folder, {"bo/01_pruning.ipynb": answered(body="return 2"), "cleo/01_pruning.ipynb": answered()})
    grader = Grader()
    grade(folder, grader)
    assert sorted(grader.graded) == [("bo", "01_pruning"), ("cleo", "01_pruning")]


def test_an_interrupted_run_goes_on_and_has_written_what_it_had(folder):
    first, second = Grader(stops=1), Grader()
    with pytest.raises(KeyboardInterrupt):
        grade(folder, first)
    assert len(first.graded) == 1 and "4" in {row["02_quantization"] for row in table(folder).values()}
    grade(folder, second)
    assert len(second.graded) == 2 and not set(first.graded) & set(second.graded)
    whole = table(folder)
    other = write(
        folder.with_name("other") / "in", {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.ipynb")}
    )
    grade(other)
    assert table(other) == whole


def test_a_pool_that_breaks_keeps_what_was_graded(folder):
    with pytest.raises(PoolError, match="no sandbox"):
        grade(folder, Grader(stops=2, error=PoolError("no sandbox any more")))
    with gradebook(folder.with_name("in-graded")) as book:
        assert len(book.marks) == 2


def test_workers_are_ended_when_somebody_interrupts(folder):
    ended = []

    class Ends(Grader):
        def __call__(self, *given):
            try:
                yield from super().__call__(*given)
            finally:
                ended.append(len(self.graded))

    class Interrupted(Show):
        def done(self, one, outcome):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        grade(folder, Ends(), Interrupted())
    assert ended == [1] and raised.tb, "not only when nothing holds the error any more"


def test_one_student_is_graded_again(folder):
    grade(folder)
    grader = Grader()
    done = grade(folder, grader, student="Bo")
    assert sorted(grader.graded) == [("bo", "01_pruning"), ("bo", "02_quantization")] and done.as_before == 1


def test_a_name_that_fits_nobody_gets_a_suggestion(folder):
    with pytest.raises(ValueError, match=r"no student who handed in is called adda: did you mean ada\?"):
        grade(folder, student="adda")
    with pytest.raises(ValueError, match=r"called bob: did you mean bo\?$"):  # once, though bo handed in two labs
        grade(folder, student="bob")
    write(folder, {"boris/01_pruning.ipynb": answered()})
    with pytest.raises(ValueError, match=r"called BO: did you mean bo or boris\?$"):
        grade(folder, student="BO")
    with pytest.raises(ValueError, match=r"called zzz: the names are those in grades\.csv"):
        grade(folder, student="zzz")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_student_is_found_in_any_spelling(tmp_path, form):
    folder = write(tmp_path / "in", {f"{unicodedata.normalize(form, 'Zoë')}/01_pruning.ipynb": answered()})
    for wanted in ("NFC", "NFD"):
        assert grade(folder, student=unicodedata.normalize(wanted, "Zoë")).graded == 1


def test_what_was_left_out_or_is_doubtful_is_said(tmp_path):
    files = {"mia/01_pruning.ipynb": answered(), "mia.zip": zipped({"01_pruning.ipynb": answered(body="return 1")}), "index.html": b""}
    said = grade(write(tmp_path / "in", files)).said
    assert any("several hand-ins claim the name mia" in one for one in said)
    assert "Left out, because they are nobody's work: index.html." in said


def test_all_again(folder):
    grade(folder)
    grader = Grader()
    grade(folder, grader, again=True)
    assert len(grader.graded) == 3


class Counts(Show):
    """Remembers how many are due, and how many are as before."""

    def __init__(self):
        self.told = []

    def begin(self, due, as_before):
        self.told.append((due, as_before))


def test_some_labs_only(folder):
    for labs in (("2",), ("02",), ("02_quantization",)):
        grader = Grader()
        show = Counts()
        done = grade(folder, grader, show, labs=labs, out=folder.with_name(f"out{len(labs[0])}"))
        assert grader.graded == [("bo", "02_quantization")] and show.told == [(1, 0)] and done.as_before == 0
    with pytest.raises(ValueError, match="there is no lab 07 with exercises: use 01, 02"):
        grade(folder, labs=("07",))


def test_marks_by_two_seeds_are_named(folder):
    grade(folder, seed=1)
    assert "2 marks made with another seed" in str(grade(folder, seed=2, student="ada"))
    assert "another seed" not in str(grade(folder))


def test_the_seed_is_given_kept_or_drawn(folder):
    grader = Grader()
    grade(folder, grader, seed=5)
    write(folder, {"bo/01_pruning.ipynb": answered(body="return 3")})
    grade(folder, grader)
    assert [recipe.arguments["seed"] for recipe in grader.recipes] == [5, 5]
    grade(folder, grader, out=folder.with_name("secret"))
    assert grader.recipes[-1].arguments["seed"] > 2**20


def test_weights_change_the_table_and_grade_nothing(folder, tmp_path):
    grade(folder)
    (tmp_path / "w.toml").write_text("[labs.01]\npoints = 70\n[manual.ada]\n01 = 1\n[manual.Zed]\n01 = 1\n[labs.02.exercises]\nnope = 1\n")
    grader = Grader()
    done = grade(folder, grader, weights=tmp_path / "w.toml")
    assert not grader.graded and table(folder)["ada"]["01_pruning"] == "41"
    said = " ".join(done.said)
    assert "names Zed, and nobody" in said and "02_quantization.nope, and there is no such exercise" in said
    assert ">Zed<" not in (done.book / "overview.html").read_text()


def test_a_table_that_was_edited_is_kept(folder):
    done = grade(folder)
    (done.book / "grades.csv").write_text("mine")
    done = grade(folder)
    assert "kept as grades-changed-1.csv" in str(done) and (done.book / "grades-changed-1.csv").read_text() == "mine"


def test_a_failure_is_said_and_tried_again(folder):
    done = grade(folder, Grader(fails=("ada",)))
    assert done.failed == 1 and "1 not graded" in str(done) and table(folder)["ada"]["01_pruning"] == ""
    grader = Grader()
    grade(folder, grader)
    assert grader.graded == [("ada", "01_pruning")]


def test_a_hidden_test_set_goes_to_the_grader_and_into_the_log(folder, tmp_path):
    hidden = tmp_path / "hidden.npz"
    hidden.write_bytes(b"one")
    grader = Grader()
    grade(folder, grader, hidden=hidden)
    grade(folder, grader, hidden=hidden)
    assert len(grader.graded) == 3 and grader.recipes[0].arguments["hidden"] == str(hidden)
    assert grade(folder, grader).as_before == 3  # the file is needed only where something is to be graded
    write(folder, {"ada/01_pruning.ipynb": answered(body="return 5")})
    with pytest.raises(ValueError, match="give its file again with --hidden"):
        grade(folder, grader)
    hidden.write_bytes(b"two")
    grade(folder, grader, hidden=hidden)
    assert len(grader.graded) == 6


def test_workers_get_a_hidden_test_set_by_its_whole_path(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("hidden.npz").write_bytes(b"one")
    grader = Grader()
    grade(folder, grader, hidden=Path("hidden.npz"))
    assert grader.recipes[0].arguments["hidden"] == str(tmp_path.resolve() / "hidden.npz")


def test_what_is_odd_about_a_file_is_kept_up_with_and_grades_nothing(folder):
    grade(folder)
    (folder / "ada" / "01_pruning.ipynb").rename(folder / "ada" / "mine.ipynb")
    assert grade(folder).graded == 0
    with gradebook(folder.with_name("in-graded")) as book:
        (notes,) = (mark.notes for mark in book.marks if mark.student == "ada")
    assert "mine.ipynb" in " ".join(notes)


def test_marks_among_the_submissions_are_found_behind_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(ValueError, match="give --out a folder outside of"):
        grade(folder, out=tmp_path / "link" / "marks")


def test_marks_made_with_another_version_of_the_lab_are_said(folder):
    grade(folder)  # the fake's marks say the lab is "abc"
    labs = tuple(replace(lab, source_sha256="def") for lab in LABS)
    done = grade_class(Request(folder), None, Grader(), labs)
    assert done.graded == 0 and "01_pruning, 02_quantization: some marks were made with another version" in str(done)
    assert "another version" not in str(grade_class(Request(folder, again=True), None, Grader(), labs))


def test_marks_without_a_sandbox_are_said_everywhere(folder):
    done = grade(folder, unsafe=True)
    assert "3 marks made WITHOUT A SANDBOX" in str(done)
    assert {row["sandbox"] for name, row in table(folder).items() if name != "cleo"} == {"none"}
    assert grade(folder, unsafe=True).graded == 0
    assert grade(folder, Grader()).graded == 3  # and graded again with one


WRONG = {
    "nothing there": (dict(folder="none"), "there is no folder or zip"),
    "no zip": (dict(folder="in/cleo/01_pruning.ipynb"), "neither a folder nor a zip"),
    "an empty folder": (dict(folder="empty"), "there is no file in"),
    "marks among the submissions": (dict(out="in/marks"), "give --out a folder outside of"),
    "marks in the same folder": (dict(out="in"), "give --out a folder outside of"),
    "no weights": (dict(weights="none.toml"), "there is no file"),
    "no hidden file": (dict(hidden="none.npz"), "give --hidden the file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_sentence(folder, tmp_path, name):
    request, sentence = WRONG[name]
    (tmp_path / "empty").mkdir()
    with pytest.raises((ValueError, OSError), match=sentence):
        grade_class(Request(**{"folder": folder, **{key: tmp_path / value for key, value in request.items()}}), None, Grader(), LABS)


def test_the_pool_of_this_computer_has_as_many_workers_as_asked_for(folder, monkeypatch):
    made = []

    class FakePool:
        def __init__(self, recipe, workers):
            made.append((recipe, workers))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            made.append("closed")

        def grade(self, due, started):
            return ((one, a_mark(one)) for one in due)

    monkeypatch.setattr(runs, "Pool", FakePool)
    grade_class(Request(folder, seed=7, workers=9), None, None, LABS)
    recipe = Recipe("course.grading.workers.process:sandboxed", {"seed": 7, "unsafe": False, "hidden": None})
    assert made == [(recipe, 3), "closed"]


def test_a_scheduler_is_asked_by_its_address(folder, monkeypatch):
    def dask(due, recipe, address, started):
        assert address == "tcp://somewhere:8786"
        yield from ((one, a_mark(one)) for one in due)

    monkeypatch.setattr(runs, "grade_on_dask", dask)
    assert grade_class(Request(folder, seed=7, scheduler="tcp://somewhere:8786"), None, None, LABS).graded == 3


# Progress


def shown(folder, grader, **console):
    output = io.StringIO()
    with Live(Console(file=output, width=100, **console)) as show:
        grade(folder, grader, show)
    return output.getvalue()


def test_progress_without_a_terminal_is_a_line_for_each(folder):
    said = shown(folder, Grader(fails=("bo",)))
    assert "ada, lab 01: 4 of 7 points\n" in said and "bo, lab 02: not graded, the worker ended\n" in said
    assert "2 of 3" in shown(folder, Grader()) or "keep their marks" in shown(folder, Grader())


def test_progress_in_a_terminal_shows_the_names_as_they_are(folder):
    write(folder, {"[red]x[/red]/01_pruning.ipynb": answered()})
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(folder, Grader(), force_terminal=True))
    assert "4/4" in said and "[red]x" in said.replace("\n", "") and "4 of 7" not in said


def test_a_run_that_fails_before_it_grades_leaves_no_bar(folder):
    output = io.StringIO()
    with pytest.raises(ValueError), Live(Console(file=output, width=100)) as show:
        grade(folder, show=show, student="Zoe")
    assert output.getvalue().strip() == ""


def test_saying_nothing_is_possible(folder):
    show = Show()
    show.say("anything")
    assert grade(folder, show=show).graded == 3


# The command


def cli(*arguments):
    import typer

    from course.cli import add_commands

    app = typer.Typer()
    add_commands(app)
    assert app is not course_app
    return runner.invoke(app, ["grade", *map(str, arguments)])


def test_the_command_hands_all_on(folder, tmp_path, monkeypatch):
    seen = []

    def fake(request, show):
        seen.append(request)
        return runs.Summary(request.book, 1, 2, 0, 0, 3, ("Something to know.",))

    monkeypatch.setattr(runs, "grade_class", fake)
    options = [
        "--labs",
        "01, 02",
        "--seed",
        3,
        "--student",
        "Ada",
        "--again",
        "--workers",
        2,
        "--scheduler",
        "tcp://x",
        "--unsafe-no-sandbox",
    ]
    found = cli(folder, *options, "--out", tmp_path / "o", "--weights", "w.toml", "--hidden", "h.npz")
    assert found.exit_code == 0, found.output
    (request,) = seen
    assert (request.labs, request.seed, request.student, request.again, request.workers) == (("01", "02"), 3, "Ada", True, 2)
    assert (request.scheduler, request.unsafe, request.out) == ("tcp://x", True, tmp_path / "o")
    assert "Something to know.\n1 submission graded, 2 as before.\n" in found.output and "No sandbox" in found.output


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ValueError("there is no lab 07"), 1, "there is no lab 07.\n"),
        (PoolError("bubblewrap is missing: install it."), 1, "bubblewrap is missing: install it.\n"),
        (PermissionError(13, "Permission denied", "/x/grading.jsonl"), 1, "/x/grading.jsonl: Permission denied.\n"),
        (FileNotFoundError("there is no folder x"), 1, "there is no folder x.\n"),
        (KeyboardInterrupt(), 130, "the same command goes on with the rest.\n"),
    ],
)
def test_every_end_is_one_sentence(folder, monkeypatch, error, code, said):
    def fake(request, show):
        raise error

    monkeypatch.setattr(runs, "grade_class", fake)
    found = cli(folder)
    assert found.exit_code == code and found.output.endswith(said) and "Traceback" not in found.output


def test_a_hidden_test_set_that_is_none_is_said_before_anything_is_done(folder, tmp_path):
    (tmp_path / "hidden.npz").write_bytes(b"junk")
    found = cli(folder, "--hidden", tmp_path / "hidden.npz")
    assert found.exit_code == 1 and "hidden.npz is not a test set" in found.output
    assert not folder.with_name("in-graded").exists()


def test_a_failure_ends_with_exit_code_1(folder, monkeypatch):
    monkeypatch.setattr(runs, "grade_class", lambda request, show: runs.Summary(request.book, 1, 0, 0, 1, 1, ()))
    assert cli(folder).exit_code == 1
