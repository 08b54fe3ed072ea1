"""A photo with the numbers of its pixels: each stands where its pixel is."""

import numpy as np
import pytest

from utils.show import pixels

PHOTO = np.arange(100, dtype=np.uint8).reshape(10, 10)


def test_each_number_stands_on_its_pixel():
    whole, near = pixels(PHOTO, top=2, left=5, side=4, finding="Numbers.").axes
    written = {(text.get_position()[1], text.get_position()[0]): int(text.get_text()) for text in near.texts}
    assert written == {(row, column): 10 * row + column for row in range(2, 6) for column in range(5, 9)}
    assert not whole.texts


def test_the_square_is_framed_in_the_photo_and_fills_its_panel():
    whole, near = pixels(PHOTO, top=2, left=5, side=4).axes
    (frame,) = whole.patches
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (4.5, 1.5, 4, 4)
    assert near.get_xlim() == (4.5, 8.5) and near.get_ylim() == (5.5, 1.5)


def test_numbers_can_be_read_on_light_and_on_dark():
    near = pixels(np.array([[0, 255]] * 2, dtype=np.uint8), 0, 0, 2).axes[1]
    assert {text.get_text(): text.get_color() for text in near.texts} == {"0": "black", "255": "white"}


def test_a_channel_in_front_is_left_out():
    assert len(pixels(PHOTO[None], 0, 0, 3).axes[1].texts) == 9


@pytest.mark.parametrize(
    "what", [(PHOTO, 7, 0, 4), (PHOTO, 0, -1, 4), (PHOTO, 0, 0, 0), (PHOTO / 255, 0, 0, 2), (PHOTO[0], 0, 0, 1), (PHOTO + 300.0, 0, 0, 2)]
)
def test_what_cannot_be_drawn_is_refused(what):
    with pytest.raises(ValueError, match=r"the square must|need integers"):
        pixels(*what)
