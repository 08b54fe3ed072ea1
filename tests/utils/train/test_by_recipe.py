"""A recipe makes a network for any examinations: channels and classes are those of the data."""

import pytest
import torch

from utils.data import Exams
from utils.train import train_by_recipe

SHORT = {"epochs": 1, "lr": 0.05, "batch_size": 8}
SHAPES = {
    "residual": ({"stem": 4, "blocks": [[4, 2]]}, (3, 8, 8)),
    "micro": ({"stem": 4, "blocks": [[4, 2]]}, (1, 8, 8)),
    "motion": ({"blocks": [[4, 3, 2]]}, (2, 12)),
    "perceptron": ({"hidden": [5]}, (1, 9)),
}


def drawn(shape, classes=3, count=18):
    inputs = torch.randn(count, *shape, generator=torch.Generator().manual_seed(1))
    return Exams(inputs, torch.arange(count) % classes, tuple("abc"[:classes]), "drawn at random")


@pytest.mark.parametrize("kind", SHAPES)
def test_the_network_has_the_channels_and_classes_of_the_data(kind):
    shape, size = SHAPES[kind]
    exams, recipe = drawn(size), {"model": {"kind": kind, **shape}, "train": SHORT}
    model = train_by_recipe(recipe, exams, seed=3)
    assert model(exams.inputs).shape == (18, 3)
    again = train_by_recipe(recipe, exams, seed=3).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("kind", ["micro", "motion"])
def test_the_recipe_s_augmentation_is_used(kind):
    shape, size = SHAPES[kind]
    plain = {"model": {"kind": kind, **shape}, "train": SHORT}
    models = [train_by_recipe(one, drawn(size)).state_dict() for one in (plain, plain | {"augment": {"noise": 0.5}})]
    assert any(not torch.equal(value, models[1][name]) for name, value in models[0].items())


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="a network for examinations is of kind residual, micro, motion, perceptron, got 'forest'"):
        train_by_recipe({"model": {"kind": "forest"}, "train": SHORT}, drawn((1, 8, 8)))
