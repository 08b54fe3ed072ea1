"""The book: nothing is lost, nothing is graded twice, and the table is safe to open."""

import csv
import io
import json
import os
import stat
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.report.gradebook import LOG, gradebook
from course.grading.report.grades_csv import TABLE, csv_of, harmless, number, rows, write_table
from course.grading.report.scheme import LabWeight, Weights
from course.grading.submission import Refusal
from course.grading.text import file_name
from tests.course.grading.classroom import a_mark, submission

ADA, BO = submission(), submission("Bo", "02_quantization")


def filled(folder, *submissions, seed=7, gathered=(), **more):
    """A book with a mark for each submission, closed again."""
    with gradebook(folder) as book:
        book.begin(seed)
        book.take([*submissions, *gathered])
        for one in book.due(submissions):
            book.add(one, a_mark(one, seed=seed, **more))


def table(folder, weights=None):
    with gradebook(folder) as book:
        return list(csv.DictReader(io.StringIO(csv_of(rows(book, weights or Weights()), book.labs))))


def due(folder, *submissions, **more):
    with gradebook(folder) as book:
        book.begin()
        return book.due(submissions, **more)


def test_a_mark_is_remembered(tmp_path):
    filled(tmp_path, ADA)
    with gradebook(tmp_path) as book:
        assert book.seed == 7
        assert book.marks == [a_mark(ADA)]


def test_only_what_changed_is_graded_again(tmp_path):
    filled(tmp_path, ADA, BO)
    changed = submission(source="return x >= 0")
    assert due(tmp_path, ADA, BO) == []
    assert due(tmp_path, changed, BO) == [changed]
    assert due(tmp_path, ADA, BO, again=True) == [ADA, BO]


def test_another_seed_grades_all_again(tmp_path):
    filled(tmp_path, ADA)
    with gradebook(tmp_path) as book:
        assert book.begin(8) == 8 and book.due([ADA]) == [ADA]


def test_another_hidden_test_set_grades_all_again(tmp_path):
    filled(tmp_path, ADA)
    with gradebook(tmp_path) as book:
        assert book.begin(hidden="abc") == 7 and book.due([ADA]) == [ADA]
        assert book.marks == []
    with gradebook(tmp_path) as book:
        book.begin()
        assert book.hidden == "abc"  # until another one is given


def test_a_full_disk_leaves_no_half_line(tmp_path, monkeypatch):
    filled(tmp_path, ADA)
    before = (tmp_path / LOG).read_bytes()
    write = os.write
    with gradebook(tmp_path) as book:
        monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:20]))
        with pytest.raises(OSError, match="the disk is full"):
            book.add(BO, a_mark(BO))
        monkeypatch.undo()
        assert (tmp_path / LOG).read_bytes() == before
        book.add(BO, a_mark(BO))
        assert book.damaged == 0


def test_a_seed_is_secret_and_stays(tmp_path):
    seeds = []
    for _ in range(2):
        with gradebook(tmp_path / "one") as book:
            seeds.append(book.begin())
    with gradebook(tmp_path / "other") as book:
        assert seeds[0] == seeds[1] != book.begin()
    assert stat.S_IMODE((tmp_path / "one" / LOG).stat().st_mode) == 0o600


def test_a_mark_made_without_a_sandbox_is_made_again_with_one(tmp_path):
    filled(tmp_path, ADA, unsafe=True)
    assert due(tmp_path, ADA, unsafe=True) == []
    assert due(tmp_path, ADA) == [ADA]


def test_a_failure_is_tried_again_and_takes_no_mark_away(tmp_path):
    filled(tmp_path, ADA)
    with gradebook(tmp_path) as book:
        book.fail(ADA, "the worker ended")
        book.fail(BO, "the worker ended")
        assert book.marks == [a_mark(ADA)] and book.due([ADA, BO]) == [BO]
    assert [row["02_quantization"] for row in table(tmp_path)] == ["", ""]


def test_a_mark_of_another_submission_is_not_taken(tmp_path):
    with gradebook(tmp_path) as book, pytest.raises(ValueError, match="came for Bo"):
        book.add(BO, a_mark(ADA))


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path):
    filled(tmp_path, ADA, BO)
    path = tmp_path / LOG
    path.write_bytes(path.read_bytes()[:-40])
    assert due(tmp_path, ADA, BO) == [BO]
    filled(tmp_path, BO)
    with gradebook(tmp_path) as book:
        assert len(book.marks) == 2 and book.damaged == 1


@given(cut=st.integers(0, 5_000))
def test_wherever_it_is_cut_off_the_rest_stands(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("cut")
    filled(folder, ADA, BO)
    path = folder / LOG
    data = path.read_bytes()
    path.write_bytes(data[: cut % (len(data) + 1)])
    whole = data[: cut % (len(data) + 1)].count(b'"kind": "mark"')  # a mark is known once its line is nearly whole
    filled(folder, ADA, BO)
    with gradebook(folder) as book:
        assert len(book.marks) == 2 and book.damaged <= 1 and whole <= 2


def test_two_gradings_at_once_are_refused(tmp_path):
    with gradebook(tmp_path), pytest.raises(ValueError, match="another grading writes into"), gradebook(tmp_path):
        pass


def test_nothing_new_writes_nothing(tmp_path):
    filled(tmp_path, ADA, gathered=[Refusal("Bo", "", "bo/x.pdf", "is no notebook")])
    before = (tmp_path / LOG).read_bytes()
    filled(tmp_path, ADA, gathered=[Refusal("Bo", "", "bo/x.pdf", "is no notebook")])
    assert (tmp_path / LOG).read_bytes() == before


def test_refusals_go_when_their_student_hands_in_anew(tmp_path):
    filled(tmp_path, gathered=[Refusal("Ada", "01_pruning", "a.ipynb", "is empty"), Refusal("Bo", "", "b.pdf", "is no notebook")])
    assert [row["01_pruning"] for row in table(tmp_path)] == ["0", ""]
    filled(tmp_path, ADA)
    with gradebook(tmp_path) as book:
        assert [one.student for one in book.refusals] == ["Bo"]
    assert [row["01_pruning"] for row in table(tmp_path)] == ["4", ""]


def test_when_it_was_handed_in_may_change_without_grading(tmp_path):
    filled(tmp_path, ADA)
    with gradebook(tmp_path) as book:
        book.keep_up([replace(ADA, handed_in="2026-11-30T12:00:00")])
        assert book.entries["Ada", "01_pruning"].handed_in and book.marks == [a_mark(ADA)]


def test_what_was_odd_may_change_without_grading(tmp_path):
    filled(
        tmp_path,
        replace(ADA, notes=("old.",)),
    )
    with gradebook(tmp_path) as book:
        (mark,) = book.marks
        book.add(ADA, replace(mark, notes=("old.", "the grader's own.")))
    odd = replace(ADA, notes=("new.", "newer."))
    with gradebook(tmp_path) as book:
        book.keep_up([odd])
        assert book.marks[0].notes == ("new.", "newer.", "old.", "the grader's own.") and book.due([odd]) == []
        book.keep_up([ADA])
        assert book.marks[0].notes == ("old.", "the grader's own.")


def test_the_table(tmp_path):
    filled(tmp_path, replace(ADA, number="123"), BO, submission("Bo"))
    weights = Weights(
        {"01_pruning": LabWeight(late_per_day=0.5)}, days_late={"Ada": {"01_pruning": 1}}, manual={"Bo": {"02_quantization": 2.25}}
    )
    ada, bo = table(tmp_path, weights)
    assert ada == {
        "student": "Ada",
        "number": "123",
        "01_pruning": "2",
        "02_quantization": "",
        "points": "2",
        "of": "14",
        "extra": "2",
        "late": "2",
        "manual": "0",
        "sandbox": "yes",
        "feedback": f"feedback/{file_name('Ada')}.html",
    }
    assert (bo["01_pruning"], bo["02_quantization"], bo["points"], bo["manual"]) == ("4", "6.25", "10.25", "2.25")


def test_points_of_a_lab_are_the_same_for_everybody(tmp_path):
    filled(tmp_path, ADA, gathered=[Refusal("Bo", "01_pruning", "b.ipynb", "is empty")])
    assert {row["of"] for row in table(tmp_path)} == {"7"}


def test_what_a_lab_gives_is_the_most_that_any_mark_or_the_weights_say(tmp_path):
    filled(tmp_path, ADA)
    with gradebook(tmp_path) as book:
        last = submission("Zoe")
        book.add(last, a_mark(last, exercises=()))
    assert {row["of"] for row in table(tmp_path)} == {"7"}
    assert {row["of"] for row in table(tmp_path, Weights({"01_pruning": LabWeight(points=0)}))} == {"0"}


@pytest.mark.parametrize(("given", "refused", "failed"), [(1.5, "1.5", "1.5"), (0, "0", "")])
def test_manual_points_count_where_there_is_no_mark(tmp_path, given, refused, failed):
    """A file that can't be read gives 0; what the grader failed at is empty until a person says otherwise."""
    filled(tmp_path, gathered=[Refusal("Bo", "01_pruning", "b.ipynb", "is empty")])
    with gradebook(tmp_path) as book:
        book.fail(submission("Cy"), "the worker ended")
    found = table(tmp_path, Weights(manual={name: {"01_pruning": given} for name in ("Bo", "Cy")}))
    assert {row["student"]: row["01_pruning"] for row in found} == {"Bo": refused, "Cy": failed}
    below = table(tmp_path, Weights(manual={name: {"01_pruning": -1} for name in ("Bo", "Cy")}))
    assert [row["01_pruning"] for row in below] == ["0", "0"], "nothing is taken off 0"


def test_what_a_learning_system_calls_late_is_late(tmp_path):
    filled(tmp_path, replace(ADA, late=True), submission("Bo"))
    weights = Weights({"01_pruning": LabWeight(late_per_day=0.5)})
    assert [(row["student"], row["late"]) for row in table(tmp_path, weights)] == [("Ada", "2"), ("Bo", "0")]


def test_numbers_are_harmless_too_and_each_is_there_once(tmp_path):
    filled(tmp_path, replace(ADA, number="=1+1"), replace(submission("Ada", "02_quantization"), number="=1+1"), submission("Bo"))
    assert [row["number"] for row in table(tmp_path)] == ["'=1+1", ""]


def test_a_number_is_there_too_where_nothing_could_be_read(tmp_path):
    filled(
        tmp_path,
        replace(ADA, number="7"),
        gathered=[Refusal(name, "02_quantization", "b.ipynb", "is empty", "7") for name in ("Ada", "Bo")],
    )
    assert [(row["student"], row["number"]) for row in table(tmp_path)] == [("Ada", "7"), ("Bo", "7")]


def test_without_a_sandbox_every_row_says_so(tmp_path):
    filled(tmp_path, ADA, unsafe=True)
    assert table(tmp_path)[0]["sandbox"] == "none"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "=cmd|'/C calc'!A0"])  # noqa: RUF001
def test_a_name_is_never_a_formula(tmp_path, name):
    filled(tmp_path, submission(name))
    assert table(tmp_path)[0]["student"].startswith("'")


@given(st.text())
def test_no_text_is_a_formula_wherever_columns_are_parted(text):
    for separator in ",;\t":
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\r\n").writerow([harmless(text), "1"])
        for cell in next(csv.reader(io.StringIO(buffer.getvalue()), delimiter=separator), []):
            assert cell.lstrip()[:1] not in ("=", "+", "-", "@")


def test_numbers_are_short():
    assert [number(value) for value in (0, -0.0, 10, 7.5, 2 / 3, 1e-9, 100.0)] == ["0", "0", "10", "7.5", "0.67", "0", "100"]


def test_a_table_that_somebody_changed_is_kept(tmp_path):
    filled(tmp_path, ADA)
    with gradebook(tmp_path) as book:
        assert write_table(book, "a\r\n") is None and write_table(book, "b\r\n") is None
    path = tmp_path / TABLE
    path.write_text("mine")
    with gradebook(tmp_path) as book:
        kept = write_table(book, "c\r\n")
        assert kept and kept.read_text() == "mine" and path.read_text() == "c\n"
        assert write_table(book, "d\r\n") is None
        path.write_bytes(b"e\r\n")  # by a run that ended before it noted that
        assert write_table(book, "e\r\n") is None and write_table(book, "f\r\n") is None


def test_the_log_is_lines_of_json_with_seeds_and_versions(tmp_path):
    filled(tmp_path, ADA)
    lines = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    mark = lines[-1]
    assert mark["kind"] == "mark" and mark["seed"] == 7 and mark["mark"]["versions"]["python"] == "3.11.7" and mark["time"]
