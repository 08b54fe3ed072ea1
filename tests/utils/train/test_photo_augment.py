"""Augmentation of photos: drawn by the generator alone, within its bounds, and turning keeps what is in the picture."""

import pytest
import torch

from utils.train import PhotoAugment


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


IMAGES = torch.rand(40, 3, 16, 16, generator=rng(9))


@pytest.mark.parametrize("how", [{}, {"turn": True, "hole": 4, "noise": 0.1}, {"shift": 0, "mirror": False}])
def test_the_generator_alone_decides_and_the_input_is_left_alone(how):
    before = IMAGES.clone()
    first, again, other = (PhotoAugment(**how)(IMAGES, rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other) and torch.equal(IMAGES, before)
    assert first.shape == IMAGES.shape


def test_nothing_to_do_changes_nothing():
    assert torch.equal(PhotoAugment(shift=0, mirror=False, contrast=0, brightness=0)(IMAGES, rng()), IMAGES)


def test_a_turned_picture_has_the_same_pixels_in_one_of_eight_positions():
    turned = PhotoAugment(shift=0, mirror=True, turn=True, contrast=0, brightness=0)(IMAGES, rng())
    seen = set()
    for before, after in zip(IMAGES, turned, strict=True):
        positions = [one.flip(flips) for one in (before, before.transpose(1, 2)) for flips in ([], [1], [2], [1, 2])]
        seen.add(next(at for at, one in enumerate(positions) if torch.equal(one, after)))
    assert len(seen) == 8


def test_contrast_and_brightness_stay_within_their_bounds_and_differ_from_image_to_image():
    moved = PhotoAugment(shift=0, mirror=False, contrast=0.2, brightness=0.3)(torch.ones(500, 1, 2, 2), rng())
    assert moved.min() >= 1 - 0.5 and moved.max() <= 1 + 0.5 and len(moved[:, 0, 0, 0].unique()) == 500
    assert torch.equal(moved[:, 0, 0, 0], moved[:, 0, 1, 1])
