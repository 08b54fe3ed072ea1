"""`bench --grading`: a class that is a class, figures that are what was measured, and one small class graded for real."""

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from course import cli
from course.bench import grading, nbgrader
from course.bench.classroom import FIRST, LAB, SHARES, hand_in, notebook, papers
from course.bench.grading import Graded, by_size, fit, grade_apart, throughput
from course.bench.report import write_grading
from course.bench.table import Table
from course.grading.judge.lab import graded_lab

NOTHING = Table("Nothing", ("a",), (("1",),), "a note")


def said(_):
    """Nobody listens."""


def test_the_class_has_its_shares_and_any_part_of_it_too():
    assert Counter(paper.kind for paper in papers(100)) == SHARES
    for size in (10, 30, 50):
        kinds = Counter(paper.kind for paper in papers(size))
        assert all(abs(kinds[kind] - size * share / 100) <= 1 for kind, share in SHARES.items())


def test_papers_are_what_their_kind_says():
    lab, kinds = graded_lab(LAB), {}
    for paper in papers(100):
        kinds.setdefault(paper.kind, []).append(paper)
        assert list(paper.answers) == list(notebook(paper)["cells"][at]["id"] for at in range(1, len(lab.order) + 1))
    assert all(paper.answers == dict(lab.references) for paper in kinds["good"])
    assert all("NotImplementedError" in text for paper in kinds["blank"] for text in paper.answers.values())
    assert len({paper.answers[FIRST] for paper in kinds["odd"]}) == 3 and len({paper.answers[FIRST] for paper in kinds["hostile"]}) == 5
    halves = [sum(text == lab.references[name] for name, text in paper.answers.items()) for paper in kinds["half"]]
    assert set(halves) == {(len(lab.references) + 1) // 2 - 1}


def test_a_line_is_found_again():
    line = fit((10, 100, 400), [3 + 0.2 * size for size in (10, 100, 400)])
    assert (line.start_s, line.each_s, line.r2) == pytest.approx((3, 0.2, 1))
    bent = fit((10, 100, 400), [0.001 * size**2 for size in (10, 100, 400)])
    assert bent.r2 < 0.9


@pytest.fixture
def clock(monkeypatch):
    """Our grader takes 0.1 s for each notebook and 2 s in all before; nbgrader 3 s, two of them 2 s."""

    def grade(folder, look=False):
        return Graded(2 + 0.1 * len(list(Path(folder).iterdir())), 2.5, 1_230_000_000 * look)

    monkeypatch.setattr(nbgrader, "course", lambda python, folder, those: folder.mkdir())
    monkeypatch.setattr(nbgrader, "autograde", lambda python, folders: (3.0 * 10, 1) if len(folders) == 1 else (2.0 * 20, 0))
    return grade


def test_throughputs_are_put_side_by_side(clock):
    table = throughput(Path("python"), said, clock, size=20)
    assert [row[1:] for row in table.rows] == [("5.00", "0.200", "1 (reference)"), ("0.33", "3.000", "15.0x"), ("0.50", "2.000", "10.0x")]
    assert "with nbgrader 2," in table.note
    assert "8 good, 5 half, 3 blank, 2 odd, 2 hostile" in table.note and "1.23 GB" in table.note and "2.5 s after" in table.note


def test_nbgrader_takes_each_half_once_alone_and_once_beside_the_other(monkeypatch):
    taken, graded = {}, []
    monkeypatch.setattr(nbgrader, "course", lambda python, folder, those: taken.update({folder.name: [one.student for one in those]}))
    monkeypatch.setattr(nbgrader, "autograde", lambda python, folders: (graded.append([one.name for one in folders]), (1.0, 0))[1])
    runs = iter([Graded(9, 1), Graded(2, 3), Graded(4, 2), Graded(50, 9, 7)])
    table = throughput(Path("python"), said, lambda folder, look=False: next(runs), size=10)
    assert taken["one0"] == taken["two0"] and taken["one1"] == taken["two1"]
    assert sorted(taken["one0"] + taken["one1"]) == [paper.student for paper in papers(10)]
    assert graded == [["one0"], ["one1"], ["two0", "two1"]]
    assert table.rows[0][2] == "0.400" and "3.0 s after" in table.note, "the median of the turns, and their latest first mark"


def test_without_nbgrader_nothing_is_said_of_it(clock):
    table = throughput(None, said, clock, size=20)
    assert len(table.rows) == 1 and "not measured: give `--nbgrader`" in table.note


def test_the_growth_is_a_line(clock):
    table = by_size(said, clock, sizes=(10, 40))
    assert table.rows == (("10", "3.0", "3.0"), ("40", "6.0", "6.0"))
    assert "2.0 s and 100 ms" in table.note and "0 of 10, 1 of 40" in table.note


def test_a_notebook_for_nbgrader_tests_every_exercise():
    book = nbgrader._with_tests(next(papers(1)))
    tests = [cell for cell in book["cells"] if cell["metadata"]["nbgrader"]["grade"]]
    lab = graded_lab(LAB)
    assert [cell["metadata"]["nbgrader"]["grade_id"] for cell in tests] == [f"test_{name}" for name in lab.order]
    assert [cell["metadata"]["nbgrader"]["points"] for cell in tests] == [lab.declared.exercises[name].points for name in lab.order]
    about = {cell["id"]: cell["metadata"]["nbgrader"] for cell in book["cells"]}
    assert all(one["solution"] is (name in lab.order) is not one["locked"] for name, one in about.items())
    names = {}
    for cell in book["cells"]:
        exec(cell["source"], names)  # the reference passes its own tests


def test_a_python_without_nbgrader_is_named(tmp_path):
    import sys

    with pytest.raises(nbgrader.NbgraderError, match=r"is it installed .* for"):
        nbgrader.course(Path(sys.executable), tmp_path, list(papers(2)))


# It makes an assignment, or waits for the other course to be begun and marks all papers but that of "lost".
STAND_IN = """#!/bin/sh
[ "$3" = generate_assignment ] && exec mkdir release
touch "../begun-$(basename "$PWD")"
for _ in $(seq 200); do
    [ "$(ls .. | grep -c ^begun-)" -ge 2 ] && break
    sleep 0.05
done
[ "$(ls .. | grep -c ^begun-)" -ge 2 ] || exec echo "the other one never began"
for paper in submitted/*/; do
    student=$(basename "$paper")
    [ "$student" = lost ] || { mkdir -p autograded && cp -r "$paper" "autograded/$student"; }
done
"""


@pytest.fixture
def python(tmp_path):
    """A Python with something that behaves as nbgrader does."""
    path = tmp_path / "bin" / "python"
    path.parent.mkdir()
    path.write_text(STAND_IN)
    path.chmod(0o755)
    return path


def test_nbgrader_gets_each_student_s_own_paper(python, tmp_path):
    those = list(papers(5))
    nbgrader.course(python, tmp_path / "one", those)
    for paper in those:
        text = (tmp_path / "one" / "submitted" / paper.student / "ps1" / f"{LAB}.ipynb").read_text()
        assert json.loads(text) == nbgrader._with_tests(paper)


def test_nbgrader_s_courses_are_graded_side_by_side_and_lost_papers_counted(python, tmp_path):
    for course, students in (("one", ("ada", "lost")), ("two", ("bo", "cy"))):
        for student in students:
            (tmp_path / course / "submitted" / student / "ps1").mkdir(parents=True)
            (tmp_path / course / "submitted" / student / "ps1" / f"{LAB}.ipynb").touch()
    assert nbgrader.autograde(python, [tmp_path / "one", tmp_path / "two"])[1] == 1
    (tmp_path / "three" / "submitted" / "lost" / "ps1").mkdir(parents=True)
    (tmp_path / "three" / "submitted" / "lost" / "ps1" / f"{LAB}.ipynb").touch()
    with pytest.raises(nbgrader.NbgraderError, match="graded 0 of 1 papers: it said nothing"):
        nbgrader.autograde(python, [tmp_path / "three"])


@pytest.mark.slow
@pytest.mark.needs("bubblewrap")
def test_a_class_is_really_graded(tmp_path):
    hand_in(tmp_path / "class", 3)
    found = grade_apart(tmp_path / "class", look=True)
    assert 0 < found.first_s <= found.seconds
    assert 200e6 < found.peak_bytes < 8e9


@pytest.fixture
def command(tmp_path, monkeypatch):
    """`grade` says what it is told to say, and a clock ticks whenever somebody looks at it."""
    ticks = count()
    (tmp_path / "utils").mkdir()
    (tmp_path / "utils" / "__init__.py").touch()
    monkeypatch.setattr(grading, "ROOT", tmp_path)
    monkeypatch.setattr(grading, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    return lambda *lines: (tmp_path / "utils" / "cli.py").write_text("".join(f"print({line!r})\n" for line in lines))


def test_the_first_mark_is_the_first_line_with_points(command, tmp_path):
    command("2 submissions", "Ada, 01_pruning: 3 of 12 points", "Bo, 01_pruning: 12 of 12 points", "2 submissions graded, 0 as before.")
    assert grade_apart(tmp_path) == Graded(seconds=2, first_s=1)


def test_a_paper_without_a_mark_is_no_graded_class(command, tmp_path):
    command("Ada, 01_pruning: 3 of 12 points", "1 submission graded, 0 as before, 1 not graded.", "grades.csv is there.")
    with pytest.raises(ValueError, match=r"grading failed: 1 submission graded, 0 as before, 1 not graded\."):
        grade_apart(tmp_path)


def test_what_fails_says_why(tmp_path):
    with pytest.raises(ValueError, match=r"grading failed: .*give the one with the submissions"):
        grade_apart(tmp_path / "nowhere")


@pytest.fixture
def app():
    made = typer.Typer()
    cli.add_commands(made)
    return made


def test_the_command_writes_the_results(app, monkeypatch, tmp_path):
    pythons = []
    monkeypatch.setattr(grading, "throughput", lambda python, say: (pythons.append(python), NOTHING)[1])
    monkeypatch.setattr(grading, "by_size", lambda say: NOTHING)
    python = tmp_path / "python"
    python.touch()
    result = CliRunner().invoke(app, ["bench", "--grading", "--nbgrader", str(python), "--output", str(tmp_path / "a.md")])
    assert result.exit_code == 0, result.output
    assert pythons == [python]
    text = (tmp_path / "a.md").read_text()
    assert text.startswith("# Results") and text.count("## Nothing") == 2


@pytest.mark.parametrize(
    ("options", "words"), [(["--nbgrader", "x"], "give --grading too"), (["--grading", "--nbgrader", "nowhere"], "There is no nowhere")]
)
def test_options_that_do_not_fit_are_named(options, words, app):
    result = CliRunner().invoke(app, ["bench", *options])
    assert result.exit_code != 0 and words in " ".join(result.output.split())


def test_an_unfinished_measurement_leaves_the_old_results(tmp_path, monkeypatch):
    path = tmp_path / "a.md"
    path.write_text("as before")
    monkeypatch.setattr(grading, "throughput", lambda python, say: (_ for _ in ()).throw(ValueError("grading failed")))
    with pytest.raises(ValueError, match="grading failed"):
        write_grading(None, path, now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    assert path.read_text() == "as before"
