"""A strip draws every signal once and refuses what it can't draw."""

import numpy as np
import pytest

from utils.show import strip

SIGNALS = np.random.default_rng(0).normal(size=(7, 30))


def test_every_signal_has_its_line_its_bar_and_its_mark():
    marks = ["", "PVC", "", "", "missed", "PVC", ""]
    chart = strip(SIGNALS, marks, np.linspace(0, 1, 7), a_row=3, finding="Two kinds of mark.")
    assert len(chart.axes) == 3
    assert sum(len(axes.patches) for axes in chart.axes) == 7
    assert [text.get_text() for axes in chart.axes for text in axes.texts] == marks
    assert len(chart.png()) > 1000


def test_a_star_leaves_a_mark_its_color():
    chart = strip(SIGNALS, ["", "*", "PVC", "PVC*", "other", "", ""], np.zeros(7), a_row=7)
    colors = [line.get_color() for line in chart.axes[0].get_lines()[:5]]
    assert colors[0] == colors[1] and colors[2] == colors[3] and len(set(colors)) == 3


@pytest.mark.parametrize(
    ("signals", "marks", "doubts", "said"),
    [
        (SIGNALS[:0], [], [], "at least one"),
        (SIGNALS[0], [""], [0], "signals must be"),
        (np.full((1, 3), np.nan), [""], [0.5], "finite numbers"),
        (SIGNALS, [""] * 6, [0] * 7, "for each of 7 signals, got 6 and 7"),
        (SIGNALS, [""] * 7, [0] * 6 + [1.2], "a doubt in 0..1"),
        (SIGNALS, [""] * 7, [0] * 6 + [np.nan], "a doubt in 0..1"),
    ],
)
def test_what_it_can_not_draw_is_refused(signals, marks, doubts, said):
    with pytest.raises(ValueError, match=said):
        strip(signals, marks, doubts)
