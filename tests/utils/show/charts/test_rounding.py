"""Figures about rounding: what is drawn is what was given."""

import numpy as np
import pytest

from utils.show.charts.rounding import grid_over, ranges, staircase
from utils.show.style import figure


def panel():
    return figure().add_subplot()


def test_each_level_in_sight_is_a_line():
    axes = panel()
    grid_over(axes, np.linspace(-1, 1, 100), [-2.0, -0.5, 0.0, 0.5], between=(-1, 1))
    (lines,) = axes.collections
    assert sorted(segment[0][0] for segment in lines.get_segments()) == [-0.5, 0, 0.5]
    assert axes.texts[0].get_text() == "4 levels, 3 in use"


def test_too_many_levels_are_counted_and_not_drawn():
    axes = panel()
    grid_over(axes, np.zeros(5), np.arange(-128, 128) / 128, between=(-1, 1))
    assert not axes.collections
    assert axes.texts[0].get_text() == "256 levels, 1 in use"


def test_staircase_draws_both_lines():
    chart = staircase([0.0, 1.0, 2.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], finding="It stops.")
    forward, backward = chart.axes
    assert list(forward.lines[1].get_ydata()) == [0, 1, 1]
    assert list(backward.lines[1].get_ydata()) == [1, 1, 0]
    with pytest.raises(ValueError, match="equally long"):
        staircase([0.0], [0.0, 1.0], [0.0])


def test_ranges_are_sorted_and_compared_with_their_median():
    chart = ranges({"a layer": [1.0, 4.0, 2.0]}, y="largest weight")
    assert [bar.get_height() for bar in chart.axes[0].patches] == [1, 2, 4]
    assert chart.axes[0].texts[0].get_text() == "largest is 2.0x the median"


@pytest.mark.parametrize("values", [[0.0, 1.0], [1.0, float("nan")], [1.0, float("inf")], []])
def test_ranges_that_are_none_are_refused(values):
    with pytest.raises(ValueError, match="positive and finite"):
        ranges({"a layer": values, "another": [1.0]}, y="")
