"""Boxes in an arena and ratios with their intervals: what is drawn, and what is refused."""

import pytest
from matplotlib.patches import Rectangle

from utils.show import arena, arena_at, figure, ratios

TENSORS = [("x", 4000, 0, 1), ("hidden", 6000, 1, 3), ("y", 3000, 3, 4)]
OFFSETS = {"x": 6000, "hidden": 0, "y": 6000}


def boxes(axes):
    """(left, bottom, width, height) of each box, in operations and kB."""
    return [(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in axes.patches if isinstance(patch, Rectangle)]


def test_a_tensor_is_a_box_as_long_as_it_lives_and_as_high_as_it_is_large():
    axes = arena(TENSORS, OFFSETS).axes[0]
    assert boxes(axes) == [pytest.approx(box) for box in ((-0.46, 6, 1.92, 4), (0.54, 0, 2.92, 6), (2.54, 6, 1.92, 3))]


def test_those_of_the_fullest_step_are_hatched():
    """At step 1 x and hidden are alive, 10 kB; at step 3 hidden and y, 9 kB."""
    axes = arena(TENSORS, OFFSETS).axes[0]
    assert [bool(patch.get_hatch()) for patch in axes.patches] == [True, True, False]


def test_peak_and_bound_are_written():
    written = [text.get_text() for text in arena(TENSORS, OFFSETS, bound=9000).axes[0].texts]
    assert "10.0 kB in all" in written and "no plan does with less than 9.0 kB" in written


def test_one_step_shows_what_is_alive_and_marks_what_it_makes():
    axes = figure().add_subplot()
    arena_at(axes, TENSORS, OFFSETS, 3)
    assert boxes(axes) == [(0, 0, 1, 6), (0, 6, 1, 3)]
    assert [bool(patch.get_hatch()) for patch in axes.patches] == [False, True]
    assert axes.get_xlabel() == "9.0 kB in use" and axes.get_ylim() == (0, 10)


@pytest.mark.parametrize(("tensors", "offsets"), [([], {}), (TENSORS, {"x": 0, "y": 4})])
def test_tensors_without_an_offset_are_refused(tensors, offsets):
    with pytest.raises(ValueError, match="an offset for each"):
        arena(tensors, offsets)
    with pytest.raises(ValueError, match="an offset for each"):
        arena_at(figure().add_subplot(), tensors, offsets, 0)


def test_each_ratio_is_a_dot_with_a_line_for_its_interval():
    axes = ratios({"slim": [(4.0, 3.5, 4.4)], "itself": [(1.0, 0.98, 1.01)]}, x="times", controls=["itself"]).axes[0]
    dots = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [list(line.get_xdata()) for line in dots] == [[4.0], [1.0]]
    assert [line.get_markerfacecolor() == "white" for line in dots] == [False, True]
    spans = [list(line.get_xdata()) for line in axes.get_lines() if line.get_linewidth() == 5]
    assert spans == [[3.5, 4.4], [0.98, 1.01]]
    assert [text.get_text() for text in axes.texts] == ["4.00x [3.50, 4.40]", "1.00x [0.98, 1.01]"]


def test_several_of_a_row_are_summed_up_by_their_ends():
    axes = ratios({"means": [(0.5, 0.5, 0.5), (2.0, 2.0, 2.0), (1.1, 1.1, 1.1)]}, x="times").axes[0]
    heights = [line.get_ydata()[0] for line in axes.get_lines() if line.get_marker() == "o"]
    assert len(set(heights)) == 3 and all(-0.3 < height < 0.3 for height in heights)
    assert [text.get_text() for text in axes.texts] == ["0.50x to 2.00x"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({}, "at least one ratio"),
        ({"a": []}, "at least one ratio"),
        ({"a": [(1.0, 1.1, 1.2)]}, "low <= ratio"),
        ({"a": [(0.0, 0.0, 1.0)]}, "0 < low"),
        ({"a": [(float("nan"), 1.0, 1.0)]}, "0 < low"),
        ({"a": [(1.0, 1.0)]}, "0 < low"),
    ],
)
def test_what_is_no_ratio_is_refused(rows, said):
    with pytest.raises(ValueError, match=said):
        ratios(rows, x="times")


def test_a_control_that_is_no_row_is_refused():
    with pytest.raises(ValueError, match="one of the rows a, got b"):
        ratios({"a": [(1.0, 1.0, 1.0)]}, x="times", controls=["b"])


@pytest.mark.parametrize("row", [(1.0, 0.99, 1.01), (30.0, 25.0, 40.0), (0.02, 0.01, 0.03)])
def test_the_axis_has_ticks_for_narrow_and_for_wide_ranges(row):
    axes = ratios({"a": [row], "one": [(1.0, 1.0, 1.0)]}, x="times").axes[0]
    low, high = axes.get_xlim()
    assert sum(low <= tick <= high for tick in axes.get_xticks()) >= 2
