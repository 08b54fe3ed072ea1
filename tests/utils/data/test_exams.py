"""Examinations: parts and splits keep label, group and input together; pixels come back; corruptions are the same every time."""

import numpy as np
import pytest
import torch

from utils.data import IMAGE_CORRUPTIONS, SIGNAL_CORRUPTIONS, Exams, as_inputs, as_pixels, corrupt_images, corrupt_signals


def exams(n=30):
    return Exams(torch.arange(n).float()[:, None], torch.arange(n) % 3, ("a", "b", "c"), "numbers", torch.arange(n) % 2, ("even", "odd"))


@pytest.mark.parametrize("index", [slice(3, 9), torch.tensor([5, 0]), torch.arange(30) % 4 == 0])
def test_a_part_keeps_input_label_and_group_together(index):
    part = exams()[index]
    numbers = part.inputs[:, 0].long()
    assert part.labels.tolist() == (numbers % 3).tolist() and part.groups.tolist() == (numbers % 2).tolist()
    assert part.group_names == ("even", "odd") and part.title == "numbers"


@pytest.mark.parametrize("seed", [0, 7])
def test_held_out_examinations_are_a_fraction_of_each_class_and_the_same_every_time(seed):
    rest, held = exams().hold_out(0.3, seed)
    assert held.counts.tolist() == [3, 3, 3] and len(rest) == 21
    assert sorted([*rest.inputs[:, 0].tolist(), *held.inputs[:, 0].tolist()]) == list(range(30))
    assert torch.equal(held.inputs, exams().hold_out(0.3, seed)[1].inputs)
    assert not torch.equal(held.inputs, exams().hold_out(0.3, seed + 1)[1].inputs)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, 0.001, 0.999])
def test_a_fraction_that_leaves_one_side_empty_is_refused(fraction):
    with pytest.raises(ValueError, match="hold_out can't take a fraction"):
        exams().hold_out(fraction)


def test_one_class_against_the_rest():
    two = exams().one_against_rest(2)
    assert two.classes == ("not c", "c") and two.counts.tolist() == [20, 10] and two.groups is not None
    with pytest.raises(ValueError, match=r"label must be a class, 0\.\.2, got 3"):
        exams().one_against_rest(3)
    with pytest.raises(ValueError, match=r"one class only: 0 of 20"):
        exams()[exams().labels != 1].one_against_rest(1)


@pytest.mark.parametrize("shape", [(4, 6, 5), (4, 6, 5, 3)])
def test_pixels_come_back(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    inputs = as_inputs(pixels)
    assert inputs.shape == (4, shape[3] if len(shape) == 4 else 1, 6, 5) and inputs.dtype == torch.float32
    assert (as_pixels(inputs) == pixels).all()


@pytest.mark.parametrize("pixels", [np.zeros((4, 6, 5)), np.zeros((4, 6), np.uint8), np.zeros((4, 6, 5, 2), np.uint8)])
def test_what_is_not_bytes_of_images_is_refused(pixels):
    with pytest.raises(ValueError, match=r"pixels must be \(n, h, w\)"):
        as_inputs(pixels)
    with pytest.raises(ValueError, match=r"inputs must be \(n, 1, h, w\)"):
        as_pixels(torch.zeros(pixels.shape)[:, None, None, None])


@pytest.mark.parametrize("kind", IMAGE_CORRUPTIONS)
def test_images_get_worse_with_each_severity(kind):
    inputs = as_inputs(np.random.default_rng(0).integers(30, 220, (6, 16, 16, 3), dtype=np.uint8))
    moved = [(corrupt_images(inputs, kind, severity) - inputs).abs().mean().item() for severity in range(6)]
    assert moved[0] == 0 and moved == sorted(set(moved))
    assert torch.equal(corrupt_images(inputs, kind, 3, seed=1), corrupt_images(inputs, kind, 3, seed=1))
    worst = as_pixels(corrupt_images(inputs, kind, 5))
    assert (as_inputs(worst) - corrupt_images(inputs, kind, 5)).abs().max() < 0.01  # still pixels of 0..255


def test_blur_keeps_what_is_flat_and_the_mean_of_the_rest():
    """Against scipy's filter, which is another program."""
    from scipy.ndimage import gaussian_filter

    flat = torch.full((1, 3, 9, 9), 0.5)
    assert torch.allclose(corrupt_images(flat, "blur", 5), flat, atol=1e-6)
    image = as_inputs(np.random.default_rng(1).integers(0, 256, (1, 32, 32), dtype=np.uint8))
    expected = gaussian_filter(image[0, 0].numpy(), IMAGE_CORRUPTIONS["blur"][3], mode="nearest", radius=4)
    assert np.allclose(corrupt_images(image, "blur", 3)[0, 0].numpy(), expected, atol=1e-4)


def test_contrast_shrinks_about_each_images_own_mean():
    image = as_inputs(np.array([[[100, 200], [100, 200]]], np.uint8))
    assert as_pixels(corrupt_images(image, "contrast", 3)).ravel().tolist() == [125, 175, 125, 175]


@pytest.mark.parametrize("kind", SIGNAL_CORRUPTIONS)
def test_signals_get_worse_with_each_severity(kind):
    signals = torch.randn(20, 1, 80, generator=torch.Generator().manual_seed(0))
    moved = [(corrupt_signals(signals, kind, severity) - signals).abs().mean().item() for severity in range(6)]
    assert moved[0] == 0 and moved == sorted(set(moved))
    assert torch.equal(corrupt_signals(signals, kind, 2), corrupt_signals(signals, kind, 2))


@pytest.mark.parametrize("corrupt", [corrupt_images, corrupt_signals])
def test_corruptions_leave_their_input_alone_and_refuse_what_they_do_not_know(corrupt):
    inputs = torch.ones((2, 1, 8, 8) if corrupt is corrupt_images else (2, 1, 8))
    for severity in (0, 5):
        corrupt(inputs, "noise", severity)[:] = 7
    assert (inputs == 1).all()
    for severity in (6, -1, 2.5, True, "3"):
        with pytest.raises(ValueError, match=r"severity must be an integer in 0\.\.5"):
            corrupt(inputs, "noise", severity)
    with pytest.raises(ValueError, match="kind must be one of noise, "):
        corrupt(inputs, "fog", 1)
    with pytest.raises(ValueError, match="use corrupt_"):
        corrupt(inputs[0], "noise", 1)
