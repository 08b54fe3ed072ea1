"""What files of the open challenges are tried on: public photos and windows, changed by a secret seed, or an instructor's own photos.

The test photos are public, so a network can be trained on them; moved, brighter or noisier by a secret seed they are
at least not the same ones. Only a test set of the instructor's own (`hidden_photos`) is safe from that.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
import torch

from utils.adapt import MotionAugment
from utils.data import fashion_mnist, folds, smartwatch, standardise
from utils.data.fashion_mnist import CLASSES, normalise

PHOTOS = 10_000  # all: a percentage of so many is 0.3 points off, by chance
COPIES = 8  # of the windows, each changed anew
_SENSOR = MotionAugment(degrees=3, scale=0.02, noise=0.02)  # what another day does: the strap, the temperature, the sensor itself


@dataclass(frozen=True, eq=False)
class Photos:
    """images: (n, 1, 28, 28) float32, normalised. labels: (n,) of whole numbers."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Windows:
    """Lab 08's windows of person 2 (`later`) and of the people whom the network knew (`kept`), several changed copies of each.

    later, kept: (copies, n, 6, 200) float32. later_labels, kept_labels: (n,) of whole numbers.
    """

    later: np.ndarray
    later_labels: np.ndarray
    kept: np.ndarray
    kept_labels: np.ndarray


@cache
def hidden_photos(path: Path) -> Photos:
    """An instructor's own test set: an .npz with images (n, 28, 28) uint8 and labels (n,) in 0..9.

    Raises:
        ValueError: it is none. OSError: it can't be read.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, labels = archive["images"], archive["labels"]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a test set: save it with numpy.savez(file, images=..., labels=...)") from error
    if (
        images.dtype != np.uint8
        or labels.ndim != 1
        or images.shape != (len(labels), 28, 28)
        or not len(labels)
        or not np.isin(labels, range(len(CLASSES))).all()
    ):
        raise ValueError(f"{path} holds no test set: images must be (n, 28, 28) uint8, labels n integers in 0..{len(CLASSES) - 1}")
    return Photos(normalise(images).numpy(), labels.astype(np.int64))


@lru_cache(maxsize=2)
def changed_photos(seed: int, count: int = PHOTOS) -> Photos:
    """Public test photos, in an order and changed by a seed: moved by up to a pixel, a little brighter or darker, with some noise.

    The change is mild: it should cost a network that was made small as much as the one that it came from.
    """
    rng, test = np.random.default_rng([seed, crc32(b"challenge")]), fashion_mnist("test")
    chosen = rng.choice(len(test), count, replace=False)
    images, dark = test.images.numpy()[chosen], float(test.images.min())
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=dark)
    moves = rng.integers(0, 3, size=(count, 2))
    moved = np.stack([one[:, down : down + 28, right : right + 28] for one, (down, right) in zip(padded, moves, strict=True)])
    light = rng.uniform(0.95, 1.05, size=(count, 1, 1, 1))
    noisy = (moved - dark) * light + dark + rng.normal(scale=0.02, size=moved.shape)
    return Photos(np.maximum(noisy, dark).astype(np.float32), test.labels.numpy()[chosen])


@lru_cache(maxsize=2)
def changed_windows(seed: int) -> Windows:
    """The windows by which lab 08 judges, each turned by up to 3 degrees, scaled by up to 2 % and with some noise, anew in each copy."""
    everyone = smartwatch()
    known, new = folds(everyone.people)[1]
    seen = everyone.only(known)
    _, kept, later = standardise(seen.between(0, -6), seen.between(-6), everyone.only(new).only([2]).between(5))
    generator = torch.Generator().manual_seed(crc32(f"{seed} windows".encode()))
    copies = [torch.stack([_SENSOR(one.windows, generator) for _ in range(COPIES)]).numpy() for one in (later, kept)]
    return Windows(copies[0], later.labels.numpy(), copies[1], kept.labels.numpy())
