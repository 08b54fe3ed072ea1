"""The data set is whole, its split fixed and disjoint, and a damaged file is refused."""

import hashlib
import importlib

import numpy as np
import pytest
import torch

from utils.data import fashion_mnist
from utils.data import fashion_mnist as module_function
from utils.files import verified, write_atomically

module = importlib.import_module("utils.data.fashion_mnist")  # the function has its name


@pytest.mark.parametrize(("split", "count"), [("train", 50_000), ("validation", 10_000), ("test", 10_000)])
def test_split_has_its_size_shape_and_all_classes(split, count):
    data = fashion_mnist(split)
    assert data.images.shape == (count, 1, 28, 28)
    assert data.images.dtype == torch.float32
    assert sorted(data.labels.unique().tolist()) == list(range(10))


def test_no_training_image_is_also_a_validation_or_test_image_by_our_split():
    """Does the split keep its parts apart? (The published set holds a few near twins; exact copies are counted.)"""
    digests = {
        split: {hashlib.md5(image.numpy().tobytes()).digest() for image in fashion_mnist(split).images}
        for split in ("train", "validation", "test")
    }
    assert not digests["train"] & digests["validation"]
    assert not digests["train"] & digests["test"]
    assert not digests["validation"] & digests["test"]


def test_training_images_are_normalised():
    images = fashion_mnist("train").images
    assert abs(images.mean().item()) < 0.01
    assert abs(images.std().item() - 1) < 0.01


def test_normalisation_is_that_of_all_published_training_images():
    """Mean and deviation of the 60,000 (train and validation), from a count of each grey value."""
    published = module._arrays()["train_images"]
    counts = sum(np.bincount(part.ravel(), minlength=256) for part in np.array_split(published, 60))
    values = np.arange(256) / 255
    mean = (counts * values).sum() / counts.sum()
    deviation = ((counts * (values - mean) ** 2).sum() / counts.sum()) ** 0.5
    assert (round(mean, 4), round(deviation, 4)) == (module.MEAN, module.STD)


def test_count_takes_the_first_images():
    assert torch.equal(fashion_mnist("test", 7).images, fashion_mnist("test").images[:7])


@pytest.mark.parametrize("count", [0, -1, 10_001])
def test_impossible_count_is_refused(count):
    with pytest.raises(ValueError, match=r"count must lie in 1\.\.10000"):
        fashion_mnist("test", count)


def test_unknown_split_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="train, validation, test"):
        module_function("dev")


def test_changed_file_is_refused(tmp_path):
    file = tmp_path / "data.npz"
    np.savez(file, a=np.zeros(3))
    with pytest.raises(ValueError, match="damaged or was changed"):
        verified(file, "0" * 64)


def test_missing_file_says_how_to_get_it_back(tmp_path):
    with pytest.raises(FileNotFoundError, match="git checkout"):
        verified(tmp_path / "gone.npz", "0" * 64)


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    """Is the old content still there when the rename fails?"""
    file = tmp_path / "card.txt"
    write_atomically(file, "old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("utils.files.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(file, "new")
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["card.txt"]
