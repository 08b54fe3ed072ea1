"""Networks for heartbeats are trained as their recipe says, and the claims of lab 11 hold in the records."""

import json

import numpy as np
import pytest
import torch

from course.zoo import beats
from course.zoo import train as trainer
from utils.data import ecg5000
from utils.data.ecg import RARE
from utils.files import ZOO
from utils.models import load_model, zoo
from utils.train import predict

TINY = {
    "title": "tiny",
    "data": "ecg5000",
    "seeds": [0, 1],
    "model": {"blocks": [[4, 7, 4], [6, 5, 4]], "classes": 5, "in_channels": 1},
    "train": {"epochs": 2, "lr": 0.1, "batch_size": 64},
}


@pytest.fixture
def small(tmp_path, monkeypatch):
    for module in (beats, trainer):
        monkeypatch.setattr(module, "ZOO", tmp_path)
    monkeypatch.setattr(beats, "checkpoint", lambda name, seed: tmp_path / "runs" / f"{name}{seed}.safetensors")
    return tmp_path


def test_a_recipe_leaves_a_network_and_a_record(small):
    record = beats.train_beats("tiny", TINY, 0, lambda _: None)
    assert record["float32"]["confusion"] and np.sum(record["int8"]["confusion"]) == 4500
    assert record["int8"]["bytes"] < 5000 and record["test"] == record["float32"]["accuracy"]
    assert json.loads(json.dumps(record)) == record
    again = beats.train_beats("tiny", TINY, 0, lambda _: None)
    assert {**record, "hours": 0} == {**again, "hours": 0}
    written = (small / "tiny" / "model.safetensors").read_bytes()
    beats.train_beats("tiny", TINY, 1, lambda _: None)
    assert (small / "tiny" / "model.safetensors").read_bytes() == written
    found = beats.judged(load_model(small / "tiny" / "model.safetensors"), ecg5000("test"))
    assert found == record["float32"]


@pytest.mark.parametrize("balance", [{"kind": "sampling", "power": 0.5}, {"kind": "weights", "power": 0.5}, {"kind": "logits", "tau": 1.0}])
def test_each_way_to_balance_makes_rare_classes_more_probable(balance):
    train = ecg5000("train")
    longer = {**TINY, "train": {**TINY["train"], "epochs": 4}}
    plain, balanced = (predict(beats.trained(what, train, 0), train.signals) for what in (longer, {**longer, "balance": balance}))
    rare = lambda logits: logits.softmax(1)[:, list(RARE)].sum(1).mean()  # noqa: E731
    assert rare(balanced) > 1.2 * rare(plain)


def test_two_classes_are_normal_and_abnormal(small):
    two = {**TINY, "model": {**TINY["model"], "classes": 2}}
    assert np.shape(beats.train_beats("two", two, 0, lambda _: None)["int8"]["confusion"]) == (2, 2)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"prune": {}}, "nothing reads 'prune' in a recipe of heartbeats"),
        ({"balance": {"kind": "luck"}}, "balanced by sampling, weights, logits, got 'luck'"),
        ({"distil": {"teacher": "ecg_large"}, "balance": {"kind": "logits"}}, "use kind = 'sampling'"),
    ],
)
def test_a_part_that_nothing_reads_is_refused(part, said):
    what = {**TINY, **part}
    with pytest.raises(ValueError, match=said):
        trainer.kind_of(what).check(what)


NAMES = sorted(path.parent.name for path in ZOO.glob("*/recipe.toml") if zoo.recipe(path.parent.name).get("data") == "ecg5000")


def runs(name):
    found = [json.loads((ZOO / name / f"seed{seed}.json").read_text()) for seed in zoo.recipe(name)["seeds"]]
    assert len(found) == 3
    return found


@pytest.mark.parametrize("name", NAMES)
def test_recorded_figures_are_measured_again(name):
    """Does the shipped network reach its record, in float32 and in int8? (Two beats of 4,500 may differ between processors.)"""
    what, record = zoo.recipe(name), runs(name)[0]
    model, test = zoo.load(name), beats.of_task(what, "test")
    with torch.no_grad():
        floats, int8 = beats.judged(model, test), beats.in_int8(model, what.get("export", {}), beats.of_task(what, "train"), test)
    assert floats["accuracy"] == pytest.approx(record["float32"]["accuracy"], abs=0.05)
    assert int8["accuracy"] == pytest.approx(record["int8"]["accuracy"], abs=0.1)
    assert int8["bytes"] == pytest.approx(record["int8"]["bytes"], abs=64)


# what lab 11 claims


def mean(name, kind, key):
    return float(np.mean([run[kind][key] for run in runs(name)]))


def size(name):
    return max(run["int8"]["bytes"] for run in runs(name))


def test_lab_11_normal_from_abnormal_in_5_kb():
    assert mean("ecg_binary", "int8", "accuracy") >= 98.5 and size("ecg_binary") <= 5_000


def test_lab_11_five_classes_in_5_kb_beat_a_large_published_network_by_balanced_recall():
    """InceptionTime: 57.6 % on the same split."""
    assert mean("ecg_tiny", "int8", "balanced") >= 57.6 and size("ecg_tiny") <= 5_000
    assert min(run["int8"]["balanced"] for run in runs("ecg_tiny")) > max(run["int8"]["balanced"] for run in runs("ecg_tiny_plain"))


def test_lab_11_rare_beats_survive_compression_only_with_the_remedy():
    """Each small network against the large one that was trained alike, the mean over three seeds."""
    pairs = {"ecg_tiny_plain": "ecg_large_plain", "ecg_tiny": "ecg_large"}
    lost = {small: mean(large, "float32", "rare") - mean(small, "int8", "rare") for small, large in pairs.items()}
    assert lost["ecg_tiny"] <= 3 < 6 < lost["ecg_tiny_plain"]


def test_lab_11_accuracy_would_choose_the_network_that_misses_rare_beats():
    assert mean("ecg_tiny_plain", "int8", "accuracy") > mean("ecg_tiny", "int8", "accuracy")


@pytest.mark.parametrize("data", ["watch", "hapt"])
def test_lab_11_motion_in_int8_is_within_half_a_point_of_float32_in_10_kb(data):
    small = runs(f"motion_{data}_small")
    lost = np.mean([run["test"] - run["int8_test"] for run in small])
    assert lost <= 0.5 and max(run["int8_bytes"] for run in small) <= 10_000
