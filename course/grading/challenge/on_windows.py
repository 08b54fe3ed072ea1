"""A challenge's file on windows of motion: what it gets right of a new person, and what it lost of the people it knew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
import torch

from course.grading.challenge.asked import File, Measured
from course.grading.challenge.evaluate import classes_of, costs_of
from course.grading.challenge.loss import lost
from course.grading.challenge.reference import classes_by
from utils.adapt import MotionAugment
from utils.data import folds, smartwatch, standardise
from utils.models import zoo

COPIES = 8  # of the windows, each changed anew
_SENSOR = MotionAugment(degrees=3, scale=0.02, noise=0.02)  # what another day does: the strap, the temperature, the sensor itself
_MEMORY = "How much memory training needed can't be seen in a file: look at the notebook."


@dataclass(frozen=True, eq=False)
class Windows:
    """Lab 08's windows of person 2 (`later`) and of the people whom the network knew (`kept`), several changed copies of each.

    later, kept: (copies, n, 6, 200) float32. later_labels, kept_labels: (n,) integers.
    """

    later: np.ndarray
    later_labels: np.ndarray
    kept: np.ndarray
    kept_labels: np.ndarray


def measure_on_windows(file: File) -> Measured:
    """Person 2's later windows give the percentage, those of the known people the loss."""
    windows = changed_windows(file.seed)
    costs, _ = costs_of(file.suffix, file.data, windows.later[0, :1], file.sandboxes)
    inputs = np.concatenate([windows.later.reshape(-1, *windows.later.shape[2:]), windows.kept.reshape(-1, *windows.kept.shape[2:])])
    classes = classes_of(file.suffix, file.data, inputs, file.sandboxes)
    copies, count = windows.later.shape[:2]
    later, kept = classes[: copies * count].reshape(copies, count), classes[copies * count :].reshape(copies, -1)
    figures = {"windows": count, "right_percent": round(100 * float((later == windows.later_labels).mean()), 2)}
    loss = lost(shipped_is_right(file.seed), kept == windows.kept_labels)
    return Measured({**figures, **costs, "on": "changed, person 2"}, loss, (_MEMORY,))


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


@lru_cache(maxsize=2)
def shipped_is_right(seed: int) -> np.ndarray:
    """(copies, n) bool: which windows of the known people the network gets right that lab 08 begins with."""
    windows = changed_windows(seed)
    shipped = zoo.load("motion_watch")
    return np.stack([classes_by(shipped, copy) == windows.kept_labels for copy in windows.kept])
