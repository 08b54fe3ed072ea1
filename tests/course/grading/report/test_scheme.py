"""What marks count: points, deadlines, manual points."""

import time
import unicodedata
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.report.scheme import LabWeight, Weights, read_weights, strangers, unknown_exercises, weigh
from tests.course.grading.classroom import a_mark, submission

LABS = ("01_pruning", "02_quantization")
MARK = a_mark(submission())  # 3 of 3 and 1 of 4 core points, 2 extra ones


def weights_of(tmp_path, text):
    path = tmp_path / "weights.toml"
    path.write_text(text, encoding="utf-8")
    return read_weights(path, LABS)


def test_without_weights_a_mark_counts_as_it_is():
    grade = weigh(MARK, Weights())
    assert (grade.points, grade.of, grade.extra, grade.late, grade.manual) == (4, 7, 2, 0, 0)


def test_a_file_with_everything(tmp_path):
    found = weights_of(
        tmp_path,
        """
        extras = "bonus"
        [labs.01]
        points = 14
        deadline = 2026-11-30T23:59:00
        late_per_day = 0.1
        late_most = 0.5
        exercises = { global_masks = 11 }
        [labs.02_quantization]
        deadline = 2026-12-07
        [manual."Ada"]
        01 = 1.5
        [days_late."Bo"]
        01_pruning = 0
        """,
    )
    assert found.labs["02_quantization"].deadline == datetime(2026, 12, 7, 23, 59, 59)
    grade = weigh(MARK, found, "2026-12-02T00:00:00")  # two days begun
    # 3 of 3 and 2.75 of 11 are 5.75 of 14; the two extra points on top; a fifth off; the manual points last
    assert grade.exercises["global_masks"] == (2.75, 11)
    assert (grade.of, grade.late_days, grade.manual) == (14, 2, 1.5)
    assert grade.earned == pytest.approx(7.75) and grade.late == pytest.approx(1.55) and grade.points == pytest.approx(7.7)
    assert weigh(a_mark(submission("Bo")), found, "2027-01-01T00:00:00").late == 0


def test_points_scale_the_whole_lab():
    grade = weigh(MARK, Weights({"01_pruning": LabWeight(points=70)}))
    assert (grade.points, grade.of) == (pytest.approx(40), 70)
    assert grade.exercises["global_masks"] == (pytest.approx(10), pytest.approx(40)) and grade.exercises["nm_mask"] == (2, 2)
    assert weigh(MARK, Weights({"01_pruning": LabWeight(points=0)})).points == 0


def test_a_mark_without_exercises_is_worth_nothing():
    assert weigh(a_mark(submission(), points=(0, 0, 0)), Weights({"01_pruning": LabWeight(points=5)})).points == 0
    assert weigh(a_mark(submission(), exercises=()), Weights({"01_pruning": LabWeight(points=5)})).points == 0


LATE = Weights({"01_pruning": LabWeight(deadline=datetime(2026, 11, 30, 12), late_per_day=0.25, late_most=0.6)})


@pytest.mark.parametrize(
    ("handed_in", "late", "days", "off"),
    [
        ("2026-11-30T12:00:00", False, 0, 0),
        ("2026-11-30T12:00:01", False, 1, 1),
        ("2026-12-01T12:00:00", False, 1, 1),
        ("2026-12-01T12:00:01", False, 2, 2),
        ("2027-06-01T00:00:00", False, 183, 2.4),
        ("", True, 1, 1),
        ("", False, 0, 0),
        ("2026-11-30T11:00:00", True, 0, 0),
        ("2026-11-20T12:00:00", True, 0, 0),
    ],
)
def test_lateness_in_days_begun(handed_in, late, days, off):
    grade = weigh(MARK, LATE, handed_in, late)
    assert (grade.late_days, grade.late) == (days, pytest.approx(off))


@pytest.mark.parametrize(("said", "days"), [(0, 0), (0.5, 1), (2, 2)])
def test_days_that_a_person_gives_go_before_what_the_system_says(said, days):
    for handed_in in ("", "2027-06-01T00:00:00"):
        grade = weigh(MARK, replace(LATE, days_late={"Ada": {"01_pruning": said}}), handed_in, late=True)
        assert (grade.late_days, grade.late) == (days, days)


def test_what_manual_points_take_off_leaves_nothing_below_0():
    grade = weigh(MARK, Weights(manual={"Ada": {"01_pruning": -5}}))
    assert (grade.points, grade.manual) == (0, -5)


def test_a_deadline_with_a_zone_and_a_time_without():
    zoned = Weights({"01_pruning": LabWeight(deadline=datetime.fromisoformat("2026-11-30T12:00:00+00:00"), late_per_day=0.1)})
    assert weigh(MARK, zoned, "2027-11-30T12:00:00").late_days in (365, 366)
    assert weigh(MARK, zoned, "2026-11-30T12:00:00+01:00").late_days == 0


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/Berlin", "Asia/Tokyo"])
def test_a_mark_does_not_depend_on_the_computer_s_zone(monkeypatch, zone):
    """Are two moments that name their zones compared as they are, wherever the grader runs?"""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for deadline, days in (
            ("2026-11-25T16:30:00Z", 0),
            ("2026-11-25T16:30:00+01:00", 1),
            ("2026-11-25T10:58:24-05:00", 0),
            ("2026-11-25T15:30:00", 1),  # without a zone: in the time of the learning system
            ("2026-11-25T16:30:00", 0),
        ):
            scheme = Weights({"01_pruning": LabWeight(deadline=datetime.fromisoformat(deadline), late_per_day=0.5)})
            assert weigh(MARK, scheme, "2026-11-25T15:58:23+00:00").late_days == days, deadline
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_the_same_in_any_spelling(tmp_path, form):
    name = "Zoë Brüning"
    text = f'[manual."{unicodedata.normalize(form, name)}"]\n01 = 1.5\n[days_late."{unicodedata.normalize(form, name)}"]\n01 = 0'
    (tmp_path / "weights.toml").write_text(text, encoding="utf-8")
    found = read_weights(tmp_path / "weights.toml", ["01_pruning"])
    assert found.manual == {name: {"01_pruning": 1.5}} and found.days_late == {name: {"01_pruning": 0}}
    assert strangers(found, [name]) == []


WRONG = {
    f'[manual."Zoë"]\n01 = 1\n[manual."{unicodedata.normalize("NFD", "Zoë")}"]\n01 = 2': "is there twice, once with combining letters",
    "labs = [": "is not TOML",
    "label = 1": "label at the top is not known: did you mean labs?",
    "xyz = 1": "xyz at the top is not known: use labs, extras, manual or days_late",
    "[labs.07]\npoints = 1": "there is no lab 07: use one of 01_pruning, 02_quantization",
    "[labs.01_prunning]\npoints = 1": "there is no lab 01_prunning: did you mean 01_pruning?",
    "[labs.01]\npoint = 1": "point in [labs.01] is not known: did you mean points?",
    "[labs.01]\nDeadline = 2026-11-30": "Deadline in [labs.01] is not known: did you mean deadline?",
    "[labs.01]\nper_day = 1": "per_day in [labs.01] is not known: did you mean late_per_day?",
    "[labs.1]\npoints = 1\n[labs.01_pruning]\npoints = 2": "1 and 01_pruning in [labs] are the same lab: leave one",
    "[manual.Ada]\n01 = 1\n1 = 2": '01 and 1 in [manual."Ada"] are the same lab: leave one',
    "[labs.01]\npoints = '3'": "labs.01.points is '3': give a number from 0",
    "[labs.01]\npoints = nan": "give a number from 0",
    "[labs.01]\npoints = -1": "give a number from 0",
    "[labs.01]\npoints = true": "give a number from 0",
    "[labs.01]\nlate_per_day = 10": "give a number from 0 to 1",
    "[labs.01]\nlate_most = 2": "labs.01.late_most is 2: give a number from 0 to 1",
    "[labs.01]\ndeadline = '2026-11-30'": "without quotes",
    "[labs]\n01 = 3": "write a table, [labs.01]",
    "labs = 3": "labs is 3: write a table",
    "extras = 'half'": "extras is 'half'",
    "[manual]\nAda = 3": "write one number for each lab",
    "[manual.Ada]\n01 = 'x'": "manual.\"Ada\".01 is 'x': give a number",
    "[days_late.Ada]\n01 = -1": "give a number from 0",
    "[labs.01]\nexercises = { a = 'b' }": "labs.01.exercises.a",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named(tmp_path, text):
    with pytest.raises(ValueError) as error:
        weights_of(tmp_path, text)
    assert WRONG[text] in str(error.value) and "weights.toml" in str(error.value)


def test_a_file_with_a_mark_of_its_encoding_and_points_taken_off(tmp_path):
    """As Windows' editor writes it."""
    assert weights_of(tmp_path, "\ufeff[manual.Ada]\n01 = -1.5").manual == {"Ada": {"01_pruning": -1.5}}


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_weights(tmp_path / "none.toml", LABS)


def test_names_that_fit_nobody_are_found():
    exercises = {"magnitud_mask": 1, "xyz": 1, "nm_mask": 1}
    weights = Weights({"01_pruning": LabWeight(exercises=exercises)}, manual={"ada lovelac": {"01_pruning": 1}}, days_late={"Zoe": {}})
    assert strangers(weights, ["Ada Lovelace", "Bo"]) == ["Zoe", "ada lovelac (did you mean Ada Lovelace?)"]
    assert unknown_exercises(weights, [MARK]) == ["01_pruning.magnitud_mask (did you mean magnitude_mask?)", "01_pruning.xyz"]
    assert unknown_exercises(weights, []) == []


@given(st.floats(0, 100), st.floats(0, 1), st.floats(0, 1), st.integers(0, 400), st.floats(0, 3), st.floats(0, 4))
def test_no_grade_leaves_its_range(points, per_day, most, days, first, second):
    weights = Weights({"01_pruning": LabWeight(points, None, per_day, most)}, days_late={"Ada": {"01_pruning": days}})
    grade = weigh(a_mark(submission(), points=(first, second, 0)), weights)
    assert 0 <= grade.points <= points * (1 + 1e-9) and 0 <= grade.late <= grade.earned * (1 + 1e-9)
