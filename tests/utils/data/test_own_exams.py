"""Examinations of one's own come in three splits with two labels, whatever the file has."""

import numpy as np
import pytest

from utils.data import own_exams


def saved(folder, classes=2, **counts):
    """A MedMNIST file. counts: split -> number of images."""
    rng, arrays = np.random.default_rng(0), {}
    for split, count in counts.items():
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, 8, 8), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(count) % classes)[:, None]
    np.savez(folder / "a.npz", **arrays)
    return folder / "a.npz"


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ({"train": 40, "val": 20, "test": 30}, (40, 20, 30)),
        ({"train": 40, "val": 20}, (32, 8, 20)),  # tested on what chooses nothing
        ({"train": 40, "test": 30}, (32, 8, 30)),
    ],
)
def test_a_missing_split_is_a_part_of_the_training_split(given, sizes, tmp_path):
    parts = own_exams(saved(tmp_path, **given))
    assert tuple(map(len, parts)) == sizes
    assert all(set(part.labels.tolist()) == {0, 1} for part in parts)


def test_one_class_of_many_is_the_finding(tmp_path):
    parts = own_exams(saved(tmp_path, classes=5, train=50, val=25, test=25), finding=3)
    assert [part.counts.tolist() for part in parts] == [[40, 10], [20, 5], [20, 5]]
    assert parts[0].classes == ("not 3", "3")


@pytest.mark.parametrize(
    ("given", "said"),
    [({"train": 40}, "has only train: give"), ({"val": 20, "test": 20}, "has only validation and test: give")],
)
def test_too_few_splits_are_refused(given, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        own_exams(saved(tmp_path, **given))


def test_a_class_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"label must be a class, 0\.\.4, got 7"):
        own_exams(saved(tmp_path, classes=5, train=50, val=25), finding=7)


def test_no_file_and_no_table_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz is not a file"):
        own_exams(tmp_path / "nothing.npz")
    with pytest.raises(FileNotFoundError, match=r"HAM10000_metadata\.csv is missing"):
        own_exams(tmp_path)
