"""Heartbeats: the official split is whole, parts share no beat, and beats from elsewhere are refused in a sentence."""

import importlib

import numpy as np
import pytest
import torch

from utils.data import Beats, beats_of, ecg5000
from utils.files import sha256_of, verified

module = importlib.import_module("utils.data.ecg")


def test_the_official_split_has_its_beats():
    train, test = ecg5000("train"), ecg5000("test")
    assert train.signals.shape == (500, 1, 140) and test.signals.shape == (4500, 1, 140)
    assert train.signals.dtype == torch.float32 and train.labels.dtype == torch.int64
    assert train.counts.tolist() == [292, 177, 10, 19, 2]
    assert (train.counts + test.counts).tolist() == [2919, 1767, 96, 194, 24]


def test_beats_are_normalized():
    signals = ecg5000("test").signals
    assert signals.mean(2).abs().max() < 1e-3
    assert (signals.std(2) - 1).abs().max() < 1e-3


def test_no_test_beat_is_a_training_beat():
    rows = {split: {row.tobytes() for row in ecg5000(split).signals.numpy()} for split in ("train", "test")}
    assert len(rows["train"] & rows["test"]) == 0


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match=r"split must be train or test, got 'validation': for validation use .*hold_out"):
        ecg5000("validation")


@pytest.mark.parametrize("k", [2, 4, 10])
def test_folds_share_no_beat_and_spread_every_class(k):
    train = ecg5000("train")
    held = [train.hold_out(k, fold)[1] for fold in range(k)]
    assert sum(map(len, held)) == 500
    counts = torch.stack([one.counts for one in held])
    assert (counts.max(0).values - counts.min(0).values).max() <= 1
    rest, first = train.hold_out(k)
    assert not {row.tobytes() for row in rest.signals.numpy()} & {row.tobytes() for row in first.signals.numpy()}


@pytest.mark.parametrize(("k", "fold"), [(1, 0), (501, 0), (4, 4), (4, -1)])
def test_impossible_folds_are_refused(k, fold):
    with pytest.raises(ValueError, match="hold_out needs 2 <= k"):
        ecg5000("train").hold_out(k, fold)


def test_normal_or_not_has_two_classes():
    two = ecg5000("train").normal_or_not()
    assert two.classes == ("normal", "abnormal") and two.counts.tolist() == [292, 208]


def rows(n=6, size=140):
    return np.random.default_rng(0).normal(3, 5, (n, size))


def test_beats_from_elsewhere_are_normalized():
    for given in (rows(), rows()[:, None], rows().tolist()):
        beats = beats_of(given, [0, 1, 2, 3, 4, 0])
        assert isinstance(beats, Beats) and beats.signals.shape == (6, 1, 140)
        assert beats.signals.mean(2).abs().max() < 1e-5 and (beats.signals.std(2, correction=0) - 1).abs().max() < 1e-5


BROKEN, FLAT = rows(), rows()
BROKEN[4, 7] = np.nan
FLAT[2] = 1e6
LABELS = [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("signals", "labels", "said"),
    [
        (rows()[:0], [], "at least one beat"),
        (rows()[0], [0], "give a beat a row"),
        (rows(size=187), LABELS, r"140 samples, got 187: .*scipy.signal.resample\(beat, 140\)"),
        (BROKEN, LABELS, "1 of 6 beats hold NaN or infinity, the first is beat 4"),
        (np.where(np.isnan(BROKEN), np.inf, BROKEN), LABELS, "NaN or infinity"),
        (FLAT, LABELS, "beat 2 is constant, as with a loose electrode"),
        (rows(), LABELS[:5], "labels must be 6 integers"),
        (rows(), None, "labels must be 6 integers"),
        (rows(), [0.0, 1, 0, 1, 0, 1], "labels must be 6 integers"),
        (rows(), [0, 1, 5, 1, 0, 1], r"labels must lie in 0..4, got 0..5"),
        (rows(), [0, 1, -1, 1, 0, 1], r"labels must lie in 0..4, got -1..1"),
        (rows(), [3] * 6, "all labels are 3: with one class nothing can be told apart"),
    ],
)
def test_what_is_no_beat_is_refused_in_a_sentence(signals, labels, said):
    with pytest.raises(ValueError, match=said):
        beats_of(signals, labels)


def test_the_committed_file_is_the_tested_one_and_a_changed_one_is_refused(tmp_path):
    assert sha256_of(module.FILE) == module.SHA256
    file = tmp_path / "ecg5000.npz"
    file.write_bytes(module.FILE.read_bytes()[:-1])
    with pytest.raises(ValueError, match="damaged or was changed"):
        verified(file, module.SHA256)
