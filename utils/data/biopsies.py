"""Breast biopsies as 30 numbers each: 569 fine needle aspirates, benign or malignant (Wolberg, Street and Mangasarian, 1993).

The numbers describe the cell nuclei in a digitized image: radius, texture, smoothness and so on. See datasets/biopsies/CARD.md.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from utils.data.exams import Exams
from utils.files import DATASETS, verified

FILE = DATASETS / "biopsies" / "biopsies.npz"
SHA256 = "3f9c820ed38aca21faa58468fced3e5c853c635b54e3145d593f205b65ed13e4"
CLASSES = ("benign", "malignant")
TITLE = "breast biopsies, one clinic"
SPLITS = ("train", "validation", "test")


@cache
def _arrays() -> dict[str, np.ndarray]:
    with np.load(verified(FILE, SHA256)) as archive:
        return {name: archive[name] for name in archive.files}


def biopsies(split: str) -> Exams:
    """Load one split: "train" (285 biopsies), "validation" (113) or "test" (171), drawn at random class by class.

    inputs: (n, 1, 30) float32, each measurement with mean 0 and standard deviation 1 over the training split.

    >>> biopsies("test").counts.tolist()
    [107, 64]

    Raises:
        ValueError: an unknown split, or a damaged file.
        FileNotFoundError: the data file is missing.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    everyone = _everyone()
    rest, test = everyone.hold_out(0.3, seed=0)
    train, validation = rest.hold_out(2 / 7, seed=0)
    mean, deviation = train.inputs.mean(0), train.inputs.std(0, correction=0)
    chosen = {"train": train, "validation": validation, "test": test}[split]
    return Exams(((chosen.inputs - mean) / deviation).float()[:, None], chosen.labels, CLASSES, TITLE)


def _everyone() -> Exams:
    arrays = _arrays()
    labels = torch.from_numpy(arrays["labels"].astype(np.int64))
    return Exams(torch.from_numpy(arrays["measurements"]), labels, CLASSES, TITLE)
