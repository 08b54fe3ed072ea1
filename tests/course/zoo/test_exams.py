"""Networks for medical examinations are trained as their recipe says, and the claims of lab 13 hold in the records."""

import json

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from course.zoo import exam_figures, exams
from course.zoo import train as trainer
from course.zoo.exam_figures import Answers
from utils.data import Exams
from utils.files import ZOO
from utils.models import load_model, zoo

TINY = {
    "title": "tiny",
    "data": "biopsies",
    "seeds": [0, 1],
    "model": {"kind": "perceptron", "hidden": [4]},
    "train": {"epochs": 3, "lr": 0.05, "batch_size": 32},
}


@pytest.fixture
def small(tmp_path, monkeypatch):
    for module in (exams, trainer):
        monkeypatch.setattr(module, "ZOO", tmp_path)
    monkeypatch.setattr(exams, "checkpoint", lambda name, seed: tmp_path / "runs" / f"{name}{seed}.safetensors")
    return tmp_path


def test_a_recipe_leaves_a_network_and_a_record(small):
    record = exams.train_exams("tiny", TINY, 0, lambda _: None)
    assert json.loads(json.dumps(record)) == record
    assert record["test"] == record["float32"]["accuracy"] and 0 < record["int8"]["bytes"] < 5000
    again = exams.train_exams("tiny", TINY, 0, lambda _: None)
    assert {**record, "hours": 0} == {**again, "hours": 0}
    written = (small / "tiny" / "model.safetensors").read_bytes()
    exams.train_exams("tiny", TINY, 1, lambda _: None)
    assert (small / "tiny" / "model.safetensors").read_bytes() == written
    data = {split: exams.DATA["biopsies"](split) for split in ("validation", "test")}
    assert exam_figures.figures(exams.in_floats(load_model(small / "tiny" / "model.safetensors"), data)) == record["float32"]


def test_what_may_not_be_handed_on_leaves_a_record_only(small, monkeypatch):
    monkeypatch.setitem(exams.DATA, "contours", exams.DATA["biopsies"])
    exams.train_exams("tiny", {**TINY, "data": "contours"}, 0, lambda _: None)
    assert not (small / "tiny" / "model.safetensors").exists()


def test_a_small_network_is_compared_case_by_case_with_the_same_seed_of_the_large_one(small, monkeypatch):
    monkeypatch.setattr(exams, "weights_of", lambda name, seed: small / "runs" / f"{name}{seed}.safetensors")
    exams.train_exams("large", TINY, 0, lambda _: None)
    same = exams.train_exams("tiny", {**TINY, "against": "large"}, 0, lambda _: None)
    assert same["lost_float32"] == {"auc": 0, "auc_interval": [0, 0], "sensitivity": 0, "sensitivity_interval": [0, 0]}
    assert abs(same["lost_int8"]["auc"]) < 1


@pytest.mark.parametrize("model", [{"kind": "micro", "stem": 4, "blocks": [[6, 2]]}, {"kind": "residual", "stem": 4, "blocks": [[6, 2]]}])
def test_networks_take_the_channels_and_classes_of_the_data(model):
    three = Exams(torch.randn(8, 3, 16, 16), torch.arange(8) % 3, ("a", "b", "c"), "noise")
    what = {**TINY, "model": model, "train": {"epochs": 1, "lr": 0.05, "batch_size": 4}, "augment": {"turn": True}}
    assert exams.trained(what, three, 0)(three.inputs).shape == (8, 3)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"prune": {}}, "nothing reads 'prune' in a recipe of examinations"),
        ({"model": {"kind": "forest"}}, "of kind residual, micro, motion, perceptron, got 'forest'"),
        ({"model": {"hidden": [4]}}, "got None: choose one"),
    ],
)
def test_a_part_that_nothing_reads_is_refused(part, said):
    what = {**TINY, **part}
    with pytest.raises(ValueError, match=said):
        trainer.kind_of(what).check(what)


def answers(seed=0, n=400, factor=3.0):
    """A network that is too sure by `factor`, with two groups of which the second one is harder."""
    rng = np.random.default_rng(seed)
    labels, groups = rng.integers(0, 2, 2 * n), np.arange(2 * n) % 2
    logit = (2 * labels - 1) * np.where(groups, 0.5, 1.5) + rng.normal(size=2 * n)
    logits = factor * np.stack([-logit / 2, logit / 2], 1)
    return Answers(logits[:n], labels[:n], logits[n:], labels[n:], groups[n:], ("easy", "hard"))


def test_figures_take_threshold_and_temperature_from_validation_data():
    one = answers()
    found = exam_figures.figures(one)
    assert found["auc"] == pytest.approx(roc_auc_score(one.labels, one.test[:, 1] - one.test[:, 0]), abs=1e-5)
    assert found["auc_interval"][0] < found["auc"] < found["auc_interval"][1]
    healthy = one.validation[one.validation_labels == 0]
    assert (healthy[:, 1] - healthy[:, 0] > one.threshold).mean() <= 0.1
    assert found["temperature"] > 1 and found["ece_scaled"] < found["ece"]
    assert found["groups"]["hard"]["auc"] < found["groups"]["easy"]["auc"]
    other = Answers(one.validation, one.validation_labels, one.test * 2 + 1, one.labels)
    assert other.threshold == one.threshold and other.temperature == one.temperature
    assert "groups" not in exam_figures.figures(other)


def test_what_is_lost_is_a_paired_difference():
    large = answers()
    noise = np.random.default_rng(1).normal(size=(400, 1)) * [[-3.0, 3.0]]
    small = Answers(large.validation, large.validation_labels, large.test + noise, large.labels)
    found = exam_figures.lost(large, small)
    assert found["auc"] > 2 and found["auc_interval"][0] > 0
    assert exam_figures.lost(large, large)["auc_interval"] == [0, 0]


OURS = {path.parent.name: what for path in ZOO.glob("*/recipe.toml") if (what := zoo.recipe(path.parent.name)).get("data") in exams.DATA}
SHIPPED = sorted(name for name, what in OURS.items() if what["data"] not in exams.NOT_SHIPPED)


def runs(name):
    found = [json.loads((ZOO / name / f"seed{seed}.json").read_text()) for seed in zoo.recipe(name)["seeds"]]
    assert len(found) == 3
    return found


def test_networks_whose_data_may_not_be_handed_on_are_not_here():
    assert not [name for name, what in OURS.items() if what["data"] in exams.NOT_SHIPPED and list((ZOO / name).glob("*.safetensors"))]


@pytest.mark.parametrize("name", SHIPPED)
def test_recorded_figures_are_measured_again(name):
    """Does the shipped network reach its record, in float32 and in int8? (A few cases may differ between processors.)"""
    what, record, model = zoo.recipe(name), runs(name)[0], zoo.load(name)
    data = {split: exams.DATA[what["data"]](split) for split in ("train", "validation", "test")}
    floats, (int8, size) = exams.in_floats(model, data), exams.in_int8(model, what.get("export", {}), data)
    for kind, said in (("float32", floats), ("int8", int8)):
        assert roc_auc_score(said.labels, said.scores) == pytest.approx(record[kind]["auc"], abs=0.002)
        assert said.temperature == pytest.approx(record[kind]["temperature"], rel=0.02)
    assert size == pytest.approx(record["int8"]["bytes"], abs=64)
