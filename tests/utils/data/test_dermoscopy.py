"""Synthetic lesions: the same every time, an ideal observer reaches the ceiling, and tone tells nothing of the label."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from utils.data import SYNTHETIC, as_pixels, dermoscopy, dermoscopy_ceiling, dermoscopy_traits, draw_lesions
from utils.data.dermoscopy import EQUAL_TONES, SHIFT, drawn_traits
from utils.data.lesion_drawing import Drawing, draw


@pytest.mark.parametrize(("split", "count"), [("train", 3000), ("validation", 1500), ("test", 3000)])
def test_a_split_has_its_pictures_labels_and_tones(split, count):
    exams, traits = dermoscopy(split), dermoscopy_traits(split)
    assert exams.inputs.shape == (count, 3, 32, 32) and exams.inputs.dtype == torch.float32
    assert exams.title == SYNTHETIC == "synthetic, no clinical meaning"
    assert (exams.labels.numpy() == traits.labels).all() and (exams.groups.numpy() == traits.tones).all()
    assert 0.27 < exams.labels.float().mean() < 0.33
    shares = torch.bincount(exams.groups) / count
    assert torch.allclose(shares, torch.tensor([0.6, 0.3, 0.1] if split == "train" else [1 / 3] * 3), atol=0.03)


def test_no_picture_is_in_two_splits():
    rows = [{row.tobytes() for row in as_pixels(dermoscopy(split).inputs)} for split in ("train", "validation", "test")]
    assert sum(map(len, rows)) == 7500 == len(set.union(*rows))


def test_the_ceiling_is_what_an_ideal_observer_reaches():
    """Against 200,000 drawn lesions, by scikit-learn's AUC."""
    traits = drawn_traits(200_000, EQUAL_TONES, np.random.default_rng(5))
    assert roc_auc_score(traits.labels, traits.evidence) == pytest.approx(dermoscopy_ceiling(), abs=0.002)
    assert roc_auc_score(traits.labels, traits.values @ np.roll(SHIFT, 1) ** 3) < dermoscopy_ceiling()


def test_one_trait_alone_separates_less_and_skin_tone_not_at_all():
    traits = dermoscopy_traits("test")
    for one in traits.values.T:
        assert 0.7 < roc_auc_score(traits.labels, one) < dermoscopy_ceiling() - 0.05
    assert roc_auc_score(traits.labels, traits.tones) == pytest.approx(0.5, abs=0.03)


def test_dark_skin_is_dark_and_lesions_are_darker_than_skin():
    lesions = draw_lesions(300, seed=3, hair=0.0, reflections=0.0)
    pixels = as_pixels(lesions.inputs).astype(float)
    corner, middle = pixels[:, :4, :4].mean((1, 2, 3)), pixels[:, 13:19, 13:19].mean((1, 2, 3))
    brightness = [corner[lesions.groups.numpy() == tone].mean() for tone in range(3)]
    assert brightness[0] > brightness[1] > brightness[2] > 30
    assert (middle < corner).mean() > 0.8


@pytest.mark.parametrize("trait", range(4))
def test_each_trait_changes_the_picture_and_a_larger_one_more(trait):
    values = np.zeros((50, 4))
    drawn = []
    for level in (0.0, 1.0, 2.0):
        values[:, trait] = level
        drawn.append(draw(Drawing(32, hair=0, reflections=0, noise=0), values, np.zeros(50, int), np.random.default_rng(1)).astype(float))
    near, far = (np.abs(one - drawn[0]).mean() for one in drawn[1:])
    assert 0 < near < far


def test_lesions_of_ones_own():
    assert torch.equal(draw_lesions(5, seed=1).inputs, draw_lesions(5, seed=1).inputs)
    assert not torch.equal(draw_lesions(5, seed=1).inputs, draw_lesions(5, seed=2).inputs)
    assert draw_lesions(50, tones=(0, 0, 1)).groups.unique().tolist() == [2]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 0}, "at least one lesion"),
        ({"count": 3, "tones": (0.5, 0.5)}, "three fractions"),
        ({"count": 3, "tones": (0.5, 0.6, -0.1)}, "three fractions"),
        ({"count": 3, "tones": (0.5, 0.5, 0.5)}, "three fractions"),
        ({"count": 3, "fog": 1.0}, "a drawing has no 'fog': use size, hair"),
    ],
)
def test_impossible_lesions_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        draw_lesions(**given)


def test_an_unknown_split_is_refused():
    for load in (dermoscopy, dermoscopy_traits):
        with pytest.raises(ValueError, match="split must be one of train, validation, test, got 'all'"):
            load("all")
