"""The watch's recordings are whole: ten people, seven exercises, two arms, and folds that share nobody."""

import importlib

import numpy as np
import pytest
import torch

from utils.data import folds, smartwatch
from utils.files import sha256_of, verified

module = importlib.import_module("utils.data.smartwatch")  # the function has its name


def test_shape_and_counts():
    data = smartwatch()
    assert data.windows.shape == (4397, 6, 200)
    assert data.windows.dtype == torch.float32
    assert data.labels.dtype == data.people.dtype == torch.int64
    assert data.people.unique().tolist() == list(range(1, 11))
    assert len(data.classes) == 7 and data.labels.unique().tolist() == list(range(7))


def test_everyone_does_every_exercise_once_with_each_arm():
    data = smartwatch()
    columns = (data.people, data.labels, data.worn, data.recordings)
    done = {tuple(int(value) for value in row[:3]): int(row[3]) for row in zip(*columns, strict=True)}
    assert len(done) == 10 * 7 * 2
    assert len(set(done.values())) == 140


def test_rounding_is_what_the_card_says():
    """Are all values whole numbers of steps, and do they use the range?"""
    codes = smartwatch().windows.numpy() * module.STEPS[:, None]
    assert np.array_equal(codes, np.rint(codes))
    assert 2**13 < np.abs(codes).max() < 2**15


def test_gravity_is_one_g_in_the_middle():
    """Is the unit of the accelerometer what we say? (Fast movements pull the mean up.)"""
    acceleration = smartwatch().windows[:, :3].norm(dim=1)
    assert acceleration.median().item() == pytest.approx(1.0, abs=0.1)


def test_folds_of_the_people_are_fixed_and_disjoint():
    split = folds(smartwatch().people, 5)
    assert [test for _, test in split] == [(1, 6), (2, 7), (3, 8), (4, 9), (5, 10)]
    for train, test in split:
        assert not set(smartwatch().only(train).recordings.tolist()) & set(smartwatch().only(test).recordings.tolist())


def test_a_minute_of_a_person_is_no_more_than_a_minute_and_holds_everything_once():
    for person in range(1, 11):
        minute = smartwatch(stride=7).only([person]).between(0, 4.28)
        assert minute.seconds <= 60
        assert len(minute.recordings.unique()) == 14


def test_the_committed_file_is_the_tested_one_and_a_changed_one_is_refused(tmp_path):
    assert sha256_of(module.FILE) == module.SHA256
    file = tmp_path / "watch.npz"
    file.write_bytes(module.FILE.read_bytes()[:-1])
    with pytest.raises(ValueError, match="damaged or was changed"):
        verified(file, module.SHA256)
