"""Charts of calibration, coverage and corruption, and pictures of examinations: what is drawn is what was given."""

import numpy as np
import pytest

from utils.measure.statistics import coverage_curve, reliability
from utils.show import coverage_chart, exam_images, reliability_diagram, severity_chart

POINTS = reliability([0.1, 0.4, 0.9, 0.95], [0, 1, 1, 0], bins=4)
CURVE = coverage_curve([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 1])


def texts(chart):
    return [text.get_text() for text in chart.findobj(lambda part: hasattr(part, "get_text"))]


def test_a_reliability_diagram_has_a_panel_for_each_network_with_its_error():
    chart = reliability_diagram({"large": POINTS, "small": POINTS}, title="synthetic", finding="Both are too sure.")
    assert len(chart.axes) == 4
    line = chart.axes[0].lines[1]
    assert np.allclose(line.get_xdata(), 100 * POINTS.confidence) and np.allclose(line.get_ydata(), 100 * POINTS.frequency)
    assert {"large", "small", "synthetic", f"ECE {100 * POINTS.error:.1f} %"} <= set(texts(chart))
    assert chart.png() == reliability_diagram({"large": POINTS, "small": POINTS}, title="synthetic", finding="Both are too sure.").png()


def test_a_coverage_chart_has_a_curve_for_each_network():
    chart = coverage_chart({"large": CURVE, "small": CURVE}, title="synthetic", target=0.05)
    assert np.allclose(chart.axes[0].lines[0].get_ydata(), 100 * CURVE.error)
    assert {"large", "small", "synthetic", "5 % wrong"} <= set(texts(chart))


def test_a_severity_chart_has_a_panel_for_each_kind():
    sweep = {"noise": [0.9, 0.8], "blur": [0.9, 0.7]}
    chart = severity_chart({"large": sweep, "small": sweep}, y="AUC", title="synthetic")
    assert [axes.get_title(loc="left") for axes in chart.axes] == ["noise", "blur"]
    assert chart.axes[1].lines[0].get_ydata().tolist() == [0.9, 0.7]


@pytest.mark.parametrize("images", [np.zeros((3, 8, 8), np.uint8), np.zeros((3, 8, 8, 3), np.uint8)])
def test_examinations_are_drawn_with_their_marks_and_title(images):
    chart = exam_images(images, ["benign", "malignant", "benign*"], title="synthetic", columns=2, finding="Three.")
    assert len(chart.axes) == 3 and {"synthetic", "benign", "malignant", "benign*", "Three."} <= set(texts(chart))


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: reliability_diagram({}), "one to three panels, got 0"),
        (lambda: reliability_diagram(dict.fromkeys("abcd", POINTS)), "one to three panels, got 4"),
        (lambda: coverage_chart({}), "one to 4 curves, got 0"),
        (lambda: severity_chart({}, y="AUC"), "need one to 4 networks"),
        (lambda: severity_chart({"a": {"noise": [1]}, "b": {"blur": [1]}}, y="AUC"), "same kinds"),
        (lambda: severity_chart({"a": {"noise": [1]}, "b": {"noise": [1, 2]}}, y="AUC"), "same kinds and severities"),
        (lambda: exam_images(np.zeros((2, 8, 8)), ["", ""], title="x"), "use utils.data.as_pixels"),
        (lambda: exam_images(np.zeros((2, 8, 8), np.uint8), [""], title="x"), "a mark for each of 2 images"),
        (lambda: exam_images(np.zeros((2, 8, 8), np.uint8), ["", ""], title=""), "a title"),
    ],
)
def test_what_can_not_be_drawn_is_refused(draw, said):
    with pytest.raises(ValueError, match=said):
        draw()
