"""Is the measure right with which the pages are judged? Reference values from WCAG's own definition and examples."""

from __future__ import annotations

import pytest

from .readability import AA, Text, contrast, over

BLACK, WHITE, CLEAR = (0, 0, 0, 1), (255, 255, 255, 1), (0, 0, 0, 0)


def test_black_on_white_has_the_highest_contrast() -> None:
    assert contrast(BLACK, WHITE) == contrast(WHITE, BLACK) == pytest.approx(21)
    assert contrast(WHITE, WHITE) == pytest.approx(1)


def test_the_lightest_grey_that_passes_on_white() -> None:
    """#767676 is the usual example of a grey that just passes, #777777 just does not."""
    assert contrast((0x77, 0x77, 0x77, 1), WHITE) < AA < contrast((0x76, 0x76, 0x76, 1), WHITE)


def test_half_of_black_over_white_is_grey() -> None:
    assert over((0, 0, 0, 0.5), WHITE) == (127.5, 127.5, 127.5, 1)


def test_transparency_and_the_grounds_behind_count() -> None:
    """Black text, faint or on a dark ground behind a transparent cell, cannot be read."""
    assert Text("clear", BLACK, 1, (CLEAR, WHITE)).contrast == pytest.approx(21)
    assert Text("faint", BLACK, 0.3, (CLEAR, WHITE)).contrast < AA
    assert Text("on dark", BLACK, 1, (CLEAR, (17, 17, 17, 1), WHITE)).contrast < AA
    assert Text("on a page without a ground", BLACK, 1, (CLEAR,)).contrast == pytest.approx(21)
