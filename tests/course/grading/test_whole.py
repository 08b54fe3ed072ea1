"""From a folder to the table, with the real sandbox and a real lab."""

import csv
import json

import pytest

from course.grading.report.gradebook import gradebook
from course.grading.run import Request, grade_class
from tests.course.grading.classroom import write
from utils.doctor import lacking
from utils.files import ROOT
from utils.student.submit import zipped


@pytest.fixture(scope="module")
def proven():
    from course.grading.sandbox.self_test import self_test

    if faults := self_test():
        pytest.skip(lacking("bubblewrap") or f"there is no sandbox: {' '.join(faults)}")


@pytest.mark.slow
def test_a_blank_lab_gets_nothing_its_reference_everything_and_again_the_same(proven, tmp_path):
    blank = (ROOT / "labs" / "01_pruning.ipynb").read_bytes()
    reference = (ROOT / "solutions" / "01_pruning.ipynb").read_bytes()
    manifest = json.dumps({"student": "Ada Lovelace"}).encode()
    folder = write(
        tmp_path / "in",
        {
            "Ada Lovelace_1_assignsubmission_file_/work.zip": zipped({"01_pruning.ipynb": reference, "manifest.json": manifest}),
            "Bo_2_assignsubmission_file_/01_pruning (1).ipynb": blank,
            "Cleo_3_assignsubmission_file_/01_pruning.ipynb": reference[: len(reference) // 2],
        },
    )
    done = grade_class(Request(folder, seed=3, workers=1))
    assert (done.graded, done.refused, done.failed) == (2, 1, 0)
    with (done.book / "grades.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["Ada Lovelace"]["points"] == rows["Ada Lovelace"]["of"] != "0"
    assert (rows["Bo"]["points"], rows["Cleo"]["01_pruning"], rows["Ada Lovelace"]["number"]) == ("0", "0", "1")
    assert {row["sandbox"] for row in rows.values()} == {"yes"}
    with gradebook(done.book) as book:
        before = book.marks
    assert grade_class(Request(folder, workers=1, student="Ada Lovelace")).graded == 1
    with gradebook(done.book) as book:
        assert book.marks == before
