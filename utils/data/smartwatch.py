"""Shoulder exercises by a smartwatch: ten people, seven exercises, each with the left and with the right arm.

Burns et al. (2018), arXiv 1802.01489: 20 repetitions a recording, accelerometer and gyroscope at 50 Hz. See datasets/watch/CARD.md.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from utils.data.motion import Motion, cut
from utils.files import DATASETS, verified

FILE = DATASETS / "watch" / "watch.npz"
SHA256 = "e16ef772538094d50d5880d3364400461235e0f55b230dcb725e8d2d3ad10a9b"
CLASSES = ("pendulum", "abduction", "forward elevation", "internal rotation", "external rotation", "trapezius", "row")
CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")
STEPS = np.array([4096, 4096, 4096, 1024, 1024, 1024], dtype=np.float32)  # codes to a g, codes to a rad/s
PLACES = ("left wrist", "right wrist")


@cache
def _arrays() -> dict[str, np.ndarray]:
    with np.load(verified(FILE, SHA256)) as archive:
        return {name: archive[name] for name in archive.files}


def smartwatch(size: int = 200, stride: int = 50) -> Motion:
    """Load the windows of all ten people: (n, 6, size) float32 in g and rad/s, not normalized (see `standardise`).

    size, stride: in samples of 20 ms; windows of 4 s, one a second, unless given.

    Raises:
        ValueError: an impossible size or stride, or a damaged file.
        FileNotFoundError: the data file is missing.
    """
    arrays = _arrays()
    samples = arrays["samples"] / STEPS
    recordings = np.split(samples, np.cumsum(arrays["lengths"])[:-1])
    return cut(
        recordings,
        labels=arrays["labels"],
        people=arrays["people"],
        classes=CLASSES,
        worn=arrays["sides"],
        places=PLACES,
        size=size,
        stride=stride,
    )
