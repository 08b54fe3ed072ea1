"""Motion networks: their shapes, their files, and the shipped ones against their record, fold by fold."""

import json

import numpy as np
import pytest
import torch

from utils.data import folds, smartwatch, standardise
from utils.files import ZOO
from utils.models import MotionConfig, MotionNet, load_model, save_model, zoo
from utils.train import accuracy


@pytest.mark.parametrize("blocks", [((4, 3, 1),), ((32, 7, 2), (48, 5, 2), (64, 3, 2))])
def test_a_network_knows_its_configuration_and_comes_back_from_its_file(tmp_path, blocks):
    config = MotionConfig(blocks, classes=5, in_channels=3)
    model = MotionNet(config).eval()
    assert model.config == config == MotionConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    save_model(model, tmp_path / "motion.safetensors")
    windows = torch.randn(2, 3, 50)
    assert torch.equal(load_model(tmp_path / "motion.safetensors")(windows), model(windows))
    assert model(windows).shape == (2, 5)
    assert torch.equal(model.head(model.features(windows)), model(windows))


@pytest.mark.parametrize("blocks", [(), ((0, 3, 2),), ((4, 3, 0),), ((4, 65, 1),), ((4, 2.5, 1),)])
def test_an_impossible_network_is_refused(blocks):
    with pytest.raises(ValueError):
        MotionConfig(blocks)


def test_the_default_network_is_the_watchs():
    model = MotionNet()
    assert sum(p.numel() for p in model.parameters()) == 18_983
    assert model(torch.zeros(2, 6, 200)).shape == (2, 7)


@pytest.mark.parametrize("fold", range(5))
@pytest.mark.parametrize("name", ["motion_watch", "motion_watch_small"])
def test_shipped_network_of_a_fold_reaches_its_record_for_people_it_never_met(name, fold):
    """Is the recorded accuracy measured again? (One window of a person may differ between processors.)"""
    data, record = smartwatch(), json.loads((ZOO / name / "seed0.json").read_text())["folds"][fold]
    they, new = folds(data.people, 5)[fold]
    known = data.only(they)
    _, kept, later = standardise(known.between(0, -6), known.between(-6), data.only(new).between(5))
    model = zoo.load(name, fold)
    assert accuracy(model, kept) == pytest.approx(record["known"], abs=0.5)
    assert [one["person"] for one in record["people"]] == list(new)
    for one in record["people"]:
        assert accuracy(model, later.only([one["person"]])) == pytest.approx(one["before"], abs=0.5)


def test_a_record_of_folds_is_the_mean_over_people():
    record = zoo.record("motion_watch")
    for seed, mean in zip(record.seeds, record.test, strict=True):
        run = json.loads((ZOO / "motion_watch" / f"seed{seed}.json").read_text())
        people = [one for fold in run["folds"] for one in fold["people"]]
        assert sorted(one["person"] for one in people) == list(range(1, 11))
        assert np.mean([one["before"] for one in people]) == pytest.approx(mean, abs=0.01)
    assert record.file.stat().st_size == record.size_bytes[0]


def test_without_a_fold_the_one_that_the_recipe_names_is_loaded():
    named = zoo.load("motion_watch", zoo.recipe("motion_watch")["ships"])
    assert all(torch.equal(a, b) for a, b in zip(zoo.load("motion_watch").parameters(), named.parameters(), strict=True))


@pytest.mark.parametrize(("name", "fold", "message"), [("motion_watch", 5, "use 0 to 4"), ("fashion_nano", 0, "leave it out")])
def test_a_fold_that_is_not_there_is_refused(name, fold, message):
    with pytest.raises(ValueError, match=message):
        zoo.load(name, fold)
