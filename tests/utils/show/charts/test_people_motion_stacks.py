"""The figures of lab 08 hold the numbers they were given and refuse what they can't draw."""

import numpy as np
import pytest

from utils.show import motion, people, stacks

BEFORE = {"person 1": 94.0, "person 2": 70.0, "person 3": 88.0}


def texts(chart):
    return [text.get_text() for axes in chart.axes for text in axes.texts]


def test_the_worst_person_stands_at_the_top_and_everyone_is_a_dot():
    axes = people(BEFORE, x="right (%)").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["person 2", "person 3", "person 1"]
    dots = [line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == "o"]
    assert dots == [70.0, 88.0, 94.0]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # row 0 is at the top


def test_what_a_person_gains_is_written_with_its_sign():
    chart = people(BEFORE, {"person 1": 93.5, "person 2": 81.0, "person 3": 90.0}, x="right (%)")
    assert [text for text in texts(chart) if text[0] in "+-"] == ["+11.0", "+2.0", "-0.5"]
    assert {"before: mean 84.0", "after: mean 88.2"} <= set(texts(chart))


@pytest.mark.parametrize(("before", "after"), [({}, None), (BEFORE, {"person 1": 1.0})])
def test_other_people_are_refused(before, after):
    with pytest.raises(ValueError, match="same people"):
        people(before, after, x="right (%)")


def test_each_channel_is_a_line_and_each_sensor_has_one_scale():
    one, two = np.arange(24.0).reshape(6, 4), -np.arange(24.0).reshape(6, 4)
    chart = motion({"a": one, "b": two}, rate_hz=2)
    drawn = [[line.get_ydata().tolist() for line in axes.get_lines()] for axes in chart.axes]
    assert drawn == [one[:3].tolist(), two[:3].tolist(), one[3:].tolist(), two[3:].tolist()]
    assert chart.axes[0].get_lines()[0].get_xdata().tolist() == [0, 0.5, 1, 1.5]
    assert chart.axes[0].get_ylim() == chart.axes[1].get_ylim()
    assert chart.axes[2].get_ylim() == chart.axes[3].get_ylim()


@pytest.mark.parametrize("windows", [{}, {"a": np.zeros((3, 5))}, {str(at): np.zeros((6, 5)) for at in range(4)}])
def test_what_is_no_movement_is_refused(windows):
    with pytest.raises(ValueError, match="six channels"):
        motion(windows)


def test_parts_stand_end_to_end_and_their_sum_is_written():
    chart = stacks({"all": {"a": 70.0, "b": 30.0}, "last": {"a": 70.0, "b": 2.0}}, x="kB", limits={"chip": 90.0})
    bars = [(patch.get_x(), patch.get_width()) for patch in chart.axes[0].patches]
    assert bars == [(0, 70), (70, 30), (0, 70), (70, 2)]
    assert texts(chart) == ["100", "72", "chip"]
    assert any(list(line.get_xdata()) == [90, 90] for line in chart.axes[0].get_lines())


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({}, "same parts"),
        ({"a": {}}, "same parts"),
        ({"a": {"x": 1.0}, "b": {"y": 1.0}}, "same parts"),
        ({"a": {str(at): 1.0 for at in range(6)}}, "at most 5"),
        ({"a": {"x": -1.0}}, "0 or more"),
    ],
)
def test_rows_that_do_not_match_are_refused(parts, words):
    with pytest.raises(ValueError, match=words):
        stacks(parts, x="kB")
