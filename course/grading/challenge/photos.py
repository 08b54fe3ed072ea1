"""The photos that files of the open challenges are tried on: public ones, changed by a secret seed, or an instructor's own.

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

from utils.data import fashion_mnist
from utils.data.fashion_mnist import CLASSES, normalise

PHOTOS = 10_000  # all: a percentage of so many is 0.3 points off, by chance


@dataclass(frozen=True, eq=False)
class Photos:
    """images: (n, 1, 28, 28) float32, normalized. labels: (n,) integers."""

    images: np.ndarray
    labels: np.ndarray


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
