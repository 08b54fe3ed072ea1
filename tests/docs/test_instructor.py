"""What docs/instructor.md gives to copy works as it stands."""

import os
import re
import subprocess
import sys
import zipfile

import pytest

from course.grading.intake.gather import gather
from course.grading.intake.recognise import known_labs
from course.grading.report.feedback import write_feedback
from course.grading.report.gradebook import gradebook
from course.grading.report.grades_csv import csv_of, rows, write_table
from course.grading.report.scheme import Weights, read_weights
from course.grading.submission import Submission
from tests.course.grading.classroom import LABS, a_mark, answered, submission, write, zipped
from utils.files import ROOT

TEXT = (ROOT / "docs/instructor.md").read_text(encoding="utf-8")


def block(language, word):
    """The one block of code of this language that has this word in it."""
    (found,) = (
        text for kind, text in re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL) if kind == language and word in text
    )
    return found


def run(command, folder, **environment):
    return subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=True)


def test_the_weights_are_some(tmp_path):
    path = tmp_path / "weights.toml"
    path.write_text(block("toml", "late_per_day"))
    labs = known_labs()
    found = read_weights(path, [lab.name for lab in labs])
    assert found.labs["01_pruning"].late_most == 0.5 and found.manual["Ada Lovelace"] == {"01_pruning": 1.5}
    assert set(found.labs["01_pruning"].exercises) <= set(next(lab for lab in labs if lab.name == "01_pruning").stubs)


def test_feedback_goes_back_into_the_folders_of_moodle(tmp_path):
    folders = [f"{name}_{number}_assignsubmission_file_" for name, number in (("Ada Lovelace", "17"), ("Bo", "18"))]
    write(tmp_path / "submissions", {f"{folder}/01_pruning.ipynb": answered() for folder in folders})
    with gradebook(tmp_path / "submissions-graded") as book:
        book.begin(7)
        for one in (submission("Ada Lovelace", number="17"), submission("Bo", number="18")):
            book.add(one, a_mark(one))
        write_feedback(book, Weights())
        write_table(book, csv_of(rows(book, Weights()), book.labs))
    run([sys.executable, "-c", block("python", "make_archive")], tmp_path)
    with zipfile.ZipFile(tmp_path / "return.zip") as archive:
        assert sorted(name for name in archive.namelist() if not name.endswith("/")) == [f"{one}/feedback.html" for one in folders]
        assert b"Feedback for <bdi>Bo" in archive.read(f"{folders[1]}/feedback.html")


@pytest.mark.skipif(os.name != "posix", reason="a hub runs on Linux")
def test_what_is_collected_from_homes_bears_the_logins(tmp_path):
    theirs = zipped({"01_pruning.ipynb": answered(), "manifest.json": b'{"student": "Somebody Else", "lab": "01_pruning"}'})
    write(tmp_path / "home", {"ada/my_work/01_pruning-submission-1.zip": theirs, "bo/my_work/01_pruning-submission-3.zip": theirs})
    for name in ("dan", "eve"):  # one has handed in nothing, one a link
        (tmp_path / "home" / name / "my_work").mkdir(parents=True)
    (tmp_path / "home/eve/my_work/01_pruning-submission-1.zip").symlink_to("/etc/hostname")
    loop = block("", "for home in").partition("python3")[0].replace("/home/*/", "home/*/")
    run(["bash", "-c", loop], tmp_path)
    found = list(gather(tmp_path / "submitted", LABS))
    assert [(one.student, isinstance(one, Submission)) for one in found] == [("ada", True), ("bo", True), ("eve", False)]


@pytest.mark.slow
def test_a_server_of_a_hub_begins_with_the_labs_in_the_student_s_folder(tmp_path):
    environment = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "TITANS_HOME": ""}
    code = "import os; os.environ.pop('TITANS_HOME')\n" + block("python", "copy_new_labs()")
    for _ in range(2):  # every start, and nothing is overwritten
        run([sys.executable, "-c", code], tmp_path, PYTHONPATH=str(ROOT), **environment)
        there = tmp_path / "my_work/01_pruning.ipynb"
        assert (tmp_path / "my_work/course.md").is_file() and there.is_file()
        there.write_text("mine")
    assert there.read_text() == "mine" and len(list((tmp_path / "my_work").glob("*.ipynb"))) == len(list((ROOT / "labs").glob("*.ipynb")))
