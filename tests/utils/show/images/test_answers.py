"""One image and what was said of it."""

import numpy as np
import pytest

from utils.show import answer_bars, answers
from utils.show.style import figure

CLASSES = ("shirt", "coat", "bag")


def test_each_answer_has_a_panel_and_each_class_a_bar():
    chart = answers(np.zeros((1, 28, 28)), {"label": [1, 0, 0], "teacher": [0.7, 0.2996, 0.0004]}, CLASSES, label=0)
    image, first, second = chart.axes
    assert image.get_title("left") == "shirt" and [axes.get_title("left") for axes in (first, second)] == ["label", "teacher"]
    assert [bar.get_width() for bar in second.patches] == pytest.approx([70, 29.96, 0.04])
    assert [text.get_text() for text in second.texts] == ["70", "30", "<0.1"]
    assert [text.get_text() for text in first.texts] == ["100", "", ""]


def test_the_right_class_is_hatched_and_only_it():
    bars = answers(np.zeros((28, 28)), {"teacher": [0.2, 0.5, 0.3]}, CLASSES, label=1).axes[1].patches
    assert [bool(bar.get_hatch()) for bar in bars] == [False, True, False]


def test_probabilities_that_were_rounded_are_drawn():
    assert len(answers(np.zeros((28, 28)), {"a": np.array([0.333, 0.333, 0.333], np.float16)}, CLASSES).axes) == 2


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_is_no_class_is_refused(label):
    with pytest.raises(ValueError, match=r"label must be a class, 0\.\.2"):
        answers(np.zeros((28, 28)), {"a": [1, 0, 0]}, CLASSES, label=label)
    with pytest.raises(ValueError, match=r"label must be a class, 0\.\.2"):
        answer_bars(figure().add_subplot(), [1, 0, 0], CLASSES, label=label)


@pytest.mark.parametrize(
    ("image", "said", "message"),
    [
        (np.zeros((3, 28, 28)), {"a": [1, 0, 0]}, r"image \(height, width\)"),
        (np.zeros((28, 28)), {}, "one to three answers"),
        (np.zeros((28, 28)), {str(n): [1, 0, 0] for n in range(4)}, "one to three answers"),
        (np.zeros((28, 28)), {"a": [1, 0]}, "3 probabilities"),
        (np.zeros((28, 28)), {"a": [2.0, -1.0, 0.0]}, "3 probabilities"),
        (np.zeros((28, 28)), {"a": [0.9, 0.9, 0.0]}, "1 in sum"),
        (np.zeros((28, 28)), {"a": [0.3, 0.3, 0.3]}, "1 in sum"),
        (np.zeros((28, 28)), {"a": [float("nan"), 0.5, 0.5]}, "3 probabilities"),
    ],
)
def test_what_can_not_be_drawn_is_refused(image, said, message):
    with pytest.raises(ValueError, match=message):
        answers(image, said, CLASSES)
