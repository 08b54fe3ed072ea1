"""Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): 28x28 gray photos of ten kinds of garment.

The split is fixed: of the 60,000 training images the first 50,000 train and the last 10,000
validate; the official 10,000 test images give the one number at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from utils.files import DATASETS, verified

FILE = DATASETS / "fashion_mnist" / "fashion_mnist.npz"
SHA256 = "0b8ff0e3b709c3fd455824f1614f38914bdc7bc07a0eeb7d70ca917322511f1d"
CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
MEAN, STD = 0.2860, 0.3530  # of the 60,000 published training images, pixels in [0, 1]
SPLITS = {"train": ("train", slice(0, 50_000)), "validation": ("train", slice(50_000, None)), "test": ("test", slice(None))}


@dataclass(frozen=True)
class Images:
    """A labeled set of images.

    images: (n, channels, height, width) float32, normalized.
    labels: (n,) int64.
    classes: the name of each label.
    """

    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]

    @property
    def inputs(self) -> torch.Tensor:
        """What a network takes: the images."""
        return self.images

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | torch.Tensor) -> Images:
        """A part of the set: `data[:500]`."""
        return Images(self.images[index], self.labels[index], self.classes)


def normalise(pixels: np.ndarray | torch.Tensor) -> torch.Tensor:
    """(n, 28, 28) uint8 pixels to (n, 1, 28, 28) float32 as the zoo's models expect them."""
    return ((torch.as_tensor(pixels).float() / 255 - MEAN) / STD).unsqueeze(1)


@cache
def _arrays() -> dict[str, np.ndarray]:
    with np.load(verified(FILE, SHA256)) as archive:
        return {name: archive[name] for name in archive.files}


def fashion_mnist(split: str, count: int | None = None) -> Images:
    """Load one split: "train" (50,000), "validation" (10,000) or "test" (10,000).

    count: only the first `count` images; they are in random class order as published.

    Raises:
        ValueError: an unknown split, a count that the split does not have, or a damaged file.
        FileNotFoundError: the data file is missing.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    part, where = SPLITS[split]
    pixels, labels = _arrays()[f"{part}_images"][where], _arrays()[f"{part}_labels"][where]
    if count is not None and not 0 < count <= len(labels):
        raise ValueError(f"count must lie in 1..{len(labels)} for split {split!r}, got {count}")
    return Images(normalise(pixels[:count]), torch.from_numpy(labels[:count].astype(np.int64)), CLASSES)
