"""Folds are trained without the people whom they are judged on, and the claims of lab 08 hold in the records."""

import json

import numpy as np
import pytest
import torch
from scipy.stats import t

from course.zoo import motion_folds
from course.zoo import train as trainer
from utils.adapt import select_trainable, training_memory
from utils.data import folds, smartwatch
from utils.data.motion import cut
from utils.files import ZOO
from utils.models import MotionNet, zoo

TINY = {
    "title": "tiny",
    "data": "watch",
    "seeds": [0],
    "folds": 2,
    "ships": 0,
    "model": {"blocks": [[4, 3, 2]], "classes": 2, "in_channels": 6},
    "train": {"epochs": 1, "lr": 0.1, "batch_size": 8, "weight_decay": 0.0},
    "shake": {"degrees": 10.0, "scale": 0.1, "noise": 0.1},
    "adapt": {"policy": "last", "epochs": 2, "lr": 0.5, "batch_size": 4, "buffer": 6},
    "federated": {"rounds": 5, "epochs": 1, "lr": 0.1, "batch_size": 8},
}


def tiny(size=200, stride=50):
    """Four people, two exercises, a recording of 20 s each."""
    rng = np.random.default_rng(0)
    people, labels = np.repeat(np.arange(1, 5), 2), np.tile([0, 1], 4)
    recordings = [rng.normal(size=(1000, 6)).astype("f4") + label for label in labels]
    names = {"classes": ("a", "b"), "places": ("left",), "worn": np.zeros(8)}
    return cut(recordings, labels=labels, people=people, size=size, stride=stride, **names)


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setattr(motion_folds, "ZOO", tmp_path)
    monkeypatch.setattr(motion_folds, "smartwatch", tiny)
    return tmp_path


def samples(data):
    size = data.windows.shape[2]
    return {(r, s + i) for r, s in zip(data.recordings.tolist(), data.starts.tolist(), strict=True) for i in range(size)}


@pytest.mark.parametrize("fold", range(5))
def test_no_sample_of_the_watch_is_in_two_parts(fold):
    they, new = folds(smartwatch().people, 5)[fold]
    parts = motion_folds.watch_parts(they, new)
    sets = [samples(one) for one in (parts.train, parts.kept, *parts.minute.values(), *parts.later.values())]
    assert sum(len(one) for one in sets) == len(set().union(*sets))
    assert set(parts.train.people.tolist()) == set(parts.kept.people.tolist()) == set(they)
    assert set(parts.minute) == set(parts.later) == set(new)
    assert all(one.seconds <= 60 for one in parts.minute.values())


@pytest.mark.needs("HAPT")
def test_no_sample_of_hapt_is_in_two_parts():
    they, new = (1, 2, 3), (4, 5)
    parts = motion_folds.hapt_parts(they, new)
    sets = [samples(one) for one in (parts.train, parts.kept, *parts.minute.values(), *parts.later.values())]
    assert sum(len(one) for one in sets) == len(set().union(*sets))
    assert all(one.seconds <= 60 for one in parts.minute.values())


def test_a_recipe_leaves_a_network_a_fold_and_a_record_of_everyone(small):
    said = []
    record = motion_folds.train_folds("tiny", TINY, 0, said.append)
    assert sorted(path.name for path in (small / "tiny").iterdir()) == ["fold0.safetensors", "fold1.safetensors"]
    assert sorted(one["person"] for fold in record["folds"] for one in fold["people"]) == [1, 2, 3, 4]
    assert record["config"] == {**TINY["train"], "seed": 0}
    assert len(said) == 2 and "fold 1" in said[1]
    fold = record["folds"][0]
    assert fold["federated"]["rounds"] == [5] and fold["federated"]["clients"] == 2
    controls = {"before", "statistics", "after", "forgetful", "shuffled", "stranger", "buffer_only"}
    assert all(controls <= one.keys() and all(0 <= one[name] <= 100 for name in controls) for one in fold["people"])
    assert json.loads(json.dumps(record)) == record


def test_only_the_first_seed_writes_networks_and_the_same_seed_gives_the_same_record(small):
    first = motion_folds.train_folds("tiny", TINY, 0, lambda _: None)
    written = (small / "tiny" / "fold0.safetensors").read_bytes()
    motion_folds.train_folds("tiny", TINY, 1, lambda _: None)
    assert motion_folds.checkpoint("tiny", 1, 0).is_file()
    assert (small / "tiny" / "fold0.safetensors").read_bytes() == written
    again = motion_folds.train_folds("tiny", TINY, 0, lambda _: None)
    assert {**first, "hours": 0} == {**again, "hours": 0}


def test_networks_of_a_recipe_that_does_not_ship_stay_out_of_the_repository(small):
    what = {key: value for key, value in TINY.items() if key not in ("ships", "federated")}
    record = motion_folds.train_folds("tiny", what, 0, lambda _: None)
    assert not (small / "tiny").exists()
    assert record["bytes"] == motion_folds.checkpoint("tiny", 0, 1).stat().st_size


def test_shuffled_labels_are_dealt_between_whole_recordings():
    data = tiny()
    dealt = motion_folds.shuffled(data, 0)
    assert not torch.equal(dealt.labels, data.labels)
    for one in data.recordings.unique():
        assert len(dealt.labels[data.recordings == one].unique()) == 1
    count = lambda labels: sorted(int(labels[data.recordings == one][0]) for one in data.recordings.unique())  # noqa: E731
    assert count(dealt.labels) == count(data.labels)


def test_a_part_that_nothing_reads_is_refused():
    with pytest.raises(ValueError, match="nothing reads 'prune' in a recipe of motion"):
        what = {**TINY, "prune": {}}
        trainer.kind_of(what).check(what)


def test_the_command_trains_folds_by_what_the_recipe_says(monkeypatch, tmp_path):
    monkeypatch.setattr(trainer, "recipe", lambda name: TINY)
    monkeypatch.setattr(trainer, "ZOO", tmp_path)
    record = {"seed": 0, "validation": 1.0, "test": 2.0, "bytes": 3}
    monkeypatch.setitem(trainer.KINDS, "motion", trainer.Kind(lambda what: None, lambda name, what, seed, say: record))
    assert trainer.train("tiny", 0, lambda _: None) == record
    assert json.loads((tmp_path / "tiny" / "seed0.json").read_text()) == record


# what lab 08 claims


def by_person(value):
    """(10,) mean over the seeds of a figure of each person: value(person's row, fold's row)."""
    runs = [json.loads((ZOO / "motion_watch" / f"seed{seed}.json").read_text()) for seed in zoo.recipe("motion_watch")["seeds"]]
    assert len(runs) == 3
    rows = [{one["person"]: value(one, fold) for fold in run["folds"] for one in fold["people"]} for run in runs]
    return np.array([np.mean([row[person] for row in rows]) for person in range(1, 11)])


def lower(differences):
    """The lower end of Student's 95 % interval of the mean over people."""
    spread = differences.std(ddof=1) / np.sqrt(len(differences))
    return differences.mean() - t.ppf(0.975, len(differences) - 1) * spread


def test_lab_08_a_minute_is_worth_three_points_and_its_controls_are_not():
    gained = by_person(lambda one, _: one["after"] - one["before"])
    assert gained.mean() >= 3 and lower(gained) > 0
    assert (by_person(lambda one, _: one["seconds"]) <= 60).all()
    for control in ("shuffled", "stranger", "buffer_only"):
        assert by_person(lambda one, _, control=control: one[control] - one["before"]).mean() < 1


def test_lab_08_rehearsal_keeps_what_was_known():
    lost = lambda name: by_person(lambda one, fold: fold["known"] - one[name]).mean()  # noqa: E731
    assert lost("known_after") < 1 < lost("known_forgetful")


def test_lab_08_learning_fits_an_eighth_of_full_training():
    """Is it so at equal batch, and with the buffer's features and the person's counted?"""
    model, how = MotionNet(), zoo.recipe("motion_watch")["adapt"]
    names, window, batch = [name for name, _ in model.named_parameters()], torch.randn(1, 6, 200), 2 * how["batch_size"]
    full = training_memory(model, window, names, batch).total
    step = training_memory(model, window, select_trainable(names, how["policy"]), batch).total
    kept = (how["buffer"] + 42) * (64 * 4 + 8)  # features and a label each
    assert step + kept <= full / 8


def test_lab_08_federated_averaging_is_within_a_point_of_centralised_with_each_wearers_statistics():
    """For the people who took part, and for new ones, whose statistics come from a minute without labels."""
    runs = [json.loads((ZOO / "motion_watch" / f"seed{seed}.json").read_text()) for seed in zoo.recipe("motion_watch")["seeds"]]
    every = [fold for run in runs for fold in run["folds"]]
    assert np.mean([fold["federated"]["known_own"][-1] for fold in every]) >= np.mean([fold["known"] for fold in every]) - 1
    apart = [one["own"] for fold in every for one in fold["federated"]["people"]]
    assert np.mean(apart) >= np.mean([one["before"] for fold in every for one in fold["people"]]) - 1


def test_lab_08_averaged_statistics_fit_nobody_well():
    runs = [json.loads((ZOO / "motion_watch" / f"seed{seed}.json").read_text()) for seed in zoo.recipe("motion_watch")["seeds"]]
    last = [fold["federated"] for run in runs for fold in run["folds"]]
    assert np.mean([one["new_own"][-1] - one["new"][-1] for one in last]) > 1
    assert np.mean([one["known_own"][-1] - one["known"][-1] for one in last]) > 1
