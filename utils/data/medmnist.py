"""Medical images of one's own in the layout of MedMNIST (Yang et al., 2023): one .npz file with images and labels of each split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from utils.data.exams import Exams, as_inputs
from utils.data.npz_arrays import array_names, read_npz

SPLITS = {"train": "train", "validation": "val", "test": "test"}  # ours -> MedMNIST's
MAX_CLASSES = 1000


def load_medmnist(path: str | Path, classes: Sequence[str] | None = None) -> dict[str, Exams]:
    """Read the splits that the file has: "train", "validation" and "test", or some of them.

    path: a .npz file with train_images (n, h, w) or (n, h, w, 3) uint8, train_labels (n,) or (n, 1) integers, likewise val_ and
    test_. classes: their names, in the order of their numbers; the numbers themselves unless given. Inputs are
    (n, 1, h, w) or (n, 3, h, w) float32. With more than two classes use `Exams.one_against_rest`.

    >>> path = getfixture("tmp_path") / "mine.npz"
    >>> np.savez(path, train_images=np.zeros((4, 28, 28), np.uint8), train_labels=np.array([[0], [1], [1], [0]]))
    >>> {split: exams.counts.tolist() for split, exams in load_medmnist(path, ["healthy", "ill"]).items()}
    {'train': [2, 2]}

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file that is not a .npz file, is damaged or of another layout; images that are not bytes; labels that
            are missing, not integers, several for an image, or all the same.
    """
    path = Path(path)
    arrays = read_npz(path, [f"{part}_{what}" for part in SPLITS.values() for what in ("images", "labels")])
    splits = {ours: part for ours, part in SPLITS.items() if f"{part}_images" in arrays or f"{part}_labels" in arrays}
    if not splits:
        has = ", ".join(array_names(path)[:8]) or "none"
        raise ValueError(f"{path} does not have the layout of MedMNIST: train_images and train_labels are wanted, its arrays are {has}")
    found = {ours: (_images(path, arrays, part), _labels(path, arrays, part)) for ours, part in splits.items()}
    if len(shapes := {images.shape[1:] for images, _ in found.values()}) > 1:
        raise ValueError(f"{path} has images of different sizes in its splits, {sorted(shapes)}: save all at one size")
    names = _names(path, classes, max(int(labels.max()) for _, labels in found.values()))
    exams = {}
    for ours, (images, labels) in found.items():
        if len(images) != len(labels):
            raise ValueError(f"{path}: {SPLITS[ours]} has {len(images)} images and {len(labels)} labels: give one label for each image")
        exams[ours] = Exams(as_inputs(images), torch.from_numpy(labels), names, path.stem)
    return exams


def _images(path: Path, arrays: dict[str, np.ndarray], part: str) -> np.ndarray:
    """(n, h, w) or (n, h, w, 3) uint8."""
    if (name := f"{part}_images") not in arrays:
        raise ValueError(f"{path} has {part}_labels and no {name}: save both")
    images = arrays[name]
    images = images[..., 0] if images.ndim == 4 and images.shape[3] == 1 else images
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3) or not images.size:
        raise ValueError(f"{path}: {name} must be (n, h, w) or (n, h, w, 3) with at least one image, got shape {arrays[name].shape}")
    if np.issubdtype(images.dtype, np.floating) and not np.isfinite(images).all():
        raise ValueError(f"{path}: {name} holds NaN or infinity: leave those images out, and save pixels as uint8 in 0..255")
    if not np.issubdtype(images.dtype, np.integer) or images.min() < 0 or images.max() > 255:
        raise ValueError(f"{path}: {name} must hold uint8 pixels in 0..255, got {images.dtype}: scale the images, then .astype('uint8')")
    return images.astype(np.uint8)


def _labels(path: Path, arrays: dict[str, np.ndarray], part: str) -> np.ndarray:
    """(n,) int64."""
    if (name := f"{part}_labels") not in arrays:
        raise ValueError(f"{path} has {part}_images and no {name}: labels are missing, save one for each image")
    labels = arrays[name]
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise ValueError(f"{path}: {name} has {labels.shape[1]} labels for each image, this lab has one: choose a column and save it alone")
    if labels.ndim not in (1, 2) or not labels.size:
        raise ValueError(f"{path}: {name} must be (n,) or (n, 1) with at least one label, got shape {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer) and labels.dtype != np.bool_:
        raise ValueError(f"{path}: {name} must hold integers, got {labels.dtype}: save the number of the class, 0, 1 and so on")
    numbers: np.ndarray = labels.reshape(-1)
    if numbers.min() < 0 or numbers.max() >= MAX_CLASSES:
        raise ValueError(
            f"{path}: {name} must lie in 0..{MAX_CLASSES - 1}, got {numbers.min()}..{numbers.max()}: number the classes from 0"
        )
    if numbers.min() == numbers.max():
        raise ValueError(f"{path}: {name} are all {int(numbers[0])}: with one class only nothing can be told apart, give both")
    return numbers.astype(np.int64)


def _names(path: Path, classes: Sequence[str] | None, highest: int) -> tuple[str, ...]:
    if classes is None:
        return tuple(map(str, range(highest + 1)))
    if isinstance(classes, str) or len(classes) <= highest:
        raise ValueError(f"{path} has labels up to {highest}: give {highest + 1} names or more as a list, got {classes!r}")
    return tuple(map(str, classes))
