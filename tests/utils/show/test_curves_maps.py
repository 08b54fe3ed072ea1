"""The lab's figures hold the numbers they were given, in words that do not cover each other."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from utils.measure import Ratio
from utils.show import caption, figure, label_lines
from utils.show.charts.curves import bars, curves, promised_and_measured
from utils.show.images import maps
from utils.show.style import PAPER


def texts(chart):
    return [text for axes in chart.axes for text in axes.texts if text.get_text()]


def overlapping(chart):
    """Pairs of labels whose boxes share ground."""
    chart.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent().shrunk(0.98, 0.9)) for text in texts(chart)]
    return [(a, b) for i, (a, one) in enumerate(boxes) for b, two in boxes[:i] if one.overlaps(two)]


def test_each_line_is_drawn_and_named():
    chart = curves([0, 1, 2], {"a": [1, 2, 3], "b": [1, 2, 2.99]}, x="x", y="y")
    assert [line.get_ydata().tolist() for line in chart.axes[0].get_lines()] == [[1, 2, 3], [1, 2, 2.99]]
    assert {text.get_text() for text in texts(chart)} == {"a", "b"}
    assert not overlapping(chart)


@pytest.mark.parametrize("series", [{}, {"a": [1]}, {str(i): [1, 2] for i in range(5)}])
def test_wrong_lines_are_refused(series):
    with pytest.raises(ValueError, match="2 points each"):
        curves([0, 1], series, x="x", y="y")


def test_bars_carry_their_numbers():
    chart = bars({"a": 11.06, "b": 0.94}, x="MB", reference=5)
    assert [text.get_text() for text in texts(chart)] == ["11.1", "0.9"]
    assert [bar.get_width() for bar in chart.axes[0].patches] == [11.06, 0.94]
    with pytest.raises(ValueError, match="at least one value"):
        bars({}, x="MB")


@pytest.mark.parametrize("reference", [80.6, 82.6, 86.0, 88.0])
def test_no_line_crosses_the_number_of_a_bar(reference):
    """Each number has paper of its own, above the dashed line."""
    chart = bars({"random": 90.4, "draw 0": 82.6, "draw 1": 79.8}, x="%", reference=reference)
    (line,) = chart.axes[0].get_lines()
    for text in texts(chart):
        assert text.get_bbox_patch().get_facecolor() == to_rgba(PAPER) and text.get_zorder() > line.get_zorder()


def test_names_of_lines_do_not_touch_above_a_caption():
    """A caption makes the axes lower: names are placed behind that."""
    ends = {"normal": 1.2, "R-on-T": -3.0, "PVC": 2.0, "supraventricular": 60.0, "unclassified": 13.6}
    chart = figure(height=3.6)
    axes = chart.add_subplot()
    for name, end in ends.items():
        axes.plot([0.3, 0.7], [0, end], label=name)
    caption(chart, "A caption of two lines. " * 6)
    label_lines(axes)
    chart.draw_without_rendering()
    boxes = [text.get_window_extent() for text in texts(chart)]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_promise_and_measurement_do_not_cover_each_other():
    measured = {"slim4": Ratio(2.9, 2.8, 3.0), "slim6": Ratio(5.9, 5.5, 6.0)}
    chart = promised_and_measured({"slim4": 4.5, "slim6": 6.1}, measured)
    assert [text.get_text() for text in texts(chart)] == ["4.5x fewer MACs", "2.9x faster", "6.1x fewer MACs", "5.9x faster"]
    assert not overlapping(chart)


def test_a_zero_weight_is_white_and_no_other_is():
    weight = np.array([[0.0, 1e-6], [1.0, -1.0]])
    shade = maps.weight_maps({"w": weight}).axes[0].images[0].get_array()
    assert (shade == 0).tolist() == [[True, False], [False, False]]


def test_a_smaller_tensor_is_drawn_smaller():
    rng = np.random.default_rng(0)
    big, small = rng.normal(size=(8, 8, 3, 3)), rng.normal(size=(4, 8, 3, 3))
    one, two = maps.filter_maps({"before": (big, big), "after": (small, big[:, :4])}).axes[::2]
    assert one.get_ylim() == two.get_ylim()
    assert two.images[0].get_array().shape == (4, 8)


def test_no_title_of_the_filters_is_cut_off():
    """Three lines stand above each panel."""
    weight = np.ones((128, 128, 1, 1))
    chart = maps.filter_maps({"before": (weight, weight), "after": (weight[:64], weight[:, :64])}, finding="Both halve.")
    chart.draw_without_rendering()
    assert max(axes._left_title.get_window_extent().y1 for axes in chart.axes) < chart.bbox.y1


def test_heat_map_writes_every_number():
    chart = maps.heat_map({"a": [91.2, 50.0], "b": [90.0, 12.4]}, ["50 %", "90 %"], x="x", unit="%")
    assert [text.get_text() for text in texts(chart)] == ["91", "50", "90", "12"]
    with pytest.raises(ValueError, match="2 numbers"):
        maps.heat_map({"a": [1.0]}, ["50 %", "90 %"], x="x", unit="%")
