"""Gains over the same seeds: the interval against published tables, and what is drawn."""

import random

import pytest

from utils.show import gain, paired


def test_the_interval_by_hand():
    found = gain([91.0, 92.0, 93.0, 94.0, 95.0], [90.0, 90.0, 90.0, 90.0, 90.0])
    assert found.mean == pytest.approx(3) and found.differences == (1, 2, 3, 4, 5)
    half = 2.7764 * (10 / 4) ** 0.5 / 5**0.5
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half), abs=1e-3)
    assert str(gain([1.0, 1.0], [0.5, 0.5])) == "+0.50 (+0.50 to +0.50)"


def test_what_all_seeds_share_does_not_widen_it():
    spread = [90.0, 94.0, 88.0, 99.0, 91.0]
    found = gain([value + 0.5 for value in spread], spread)
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))


def test_it_holds_the_true_gain_in_about_95_of_100_experiments():
    draw = random.Random(0)
    held = 0
    for _ in range(2000):
        found = gain([draw.gauss(1, 1) for _ in range(5)], [draw.gauss(0, 1) for _ in range(5)])
        held += found.low <= 1 <= found.high
    assert 0.935 < held / 2000 < 0.965


def test_every_seed_is_a_dot_and_the_gain_is_written():
    axes = paired({"taught": [2.0, 3.0], "control": [1.0, 1.0]}, [1.0, 1.0], x="points", controls=["control"]).axes[0]
    dots = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [list(line.get_xdata()) for line in dots] == [[1, 2], [0, 0]]
    assert dots[0].get_markerfacecolor() != "white" and dots[1].get_markerfacecolor() == "white"
    assert [text.get_text() for text in axes.texts] == [str(gain([2.0, 3.0], [1.0, 1.0])), "+0.00 (+0.00 to +0.00)"]


@pytest.mark.parametrize(
    ("results", "against"),
    [
        ({"a": [1.0]}, [1.0]),
        ({"a": [1.0, 2.0]}, [1.0]),
        ({}, [1.0, 2.0]),
        ({"a": [1.0, float("nan")]}, [1.0, 2.0]),
        ({"a": [1.0, 2.0]}, [1.0, float("inf")]),
    ],
)
def test_what_can_not_be_paired_is_refused(results, against):
    with pytest.raises(ValueError, match="paired"):
        paired(results, against, x="points")


def test_a_control_that_is_no_row_is_refused():
    with pytest.raises(ValueError, match="one of the rows taught, control, got nobody"):
        paired({"taught": [1.0, 2.0], "control": [1.0, 1.0]}, [1.0, 1.0], x="points", controls=["nobody"])


def test_a_row_of_fewer_seeds_is_compared_with_the_first_ones():
    axes = paired({"three": [2.0, 3.0, 4.0], "two": [1.5, 2.5]}, [1.0, 2.0, 9.0], x="points").axes[0]
    assert [list(line.get_xdata()) for line in axes.get_lines() if line.get_marker() == "o"] == [[1, 1, -5], [0.5, 0.5]]
