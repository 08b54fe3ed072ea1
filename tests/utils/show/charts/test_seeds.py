"""Results over seeds: a dot for each run, the mean beside it, nothing on top of anything."""

import pytest

from utils.show import seeds


def test_every_seed_is_a_dot_and_the_mean_is_written():
    chart = seeds({"all": [94.0, 94.4], "few": [93.9, 94.1]}, x="%", notes={"few": "0.9 MB"}, tolerance=0.3)
    axes = chart.axes[0]
    dots = [line.get_xdata().tolist() if hasattr(line.get_xdata(), "tolist") else list(line.get_xdata()) for line in axes.get_lines()]
    assert [94.0, 94.4] in dots and [93.9, 94.1] in dots
    texts = [text.get_text() for text in axes.texts]
    assert "94.20" in texts and "94.00   0.9 MB" in texts and "0.3 points" in texts


def test_a_control_is_drawn_open():
    chart = seeds({"all": [94.0], "lot": [90.0]}, x="%", controls=["lot"])
    faces = [line.get_markerfacecolor() for line in chart.axes[0].get_lines() if line.get_marker() == "o"]
    assert faces[0] != "white" and faces[1] == "white"


@pytest.mark.parametrize("results", [{}, {"all": []}])
def test_nothing_to_draw_is_refused(results):
    with pytest.raises(ValueError, match="at least one result"):
        seeds(results, x="%")
