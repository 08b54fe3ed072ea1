"""A challenge's file on synthetic lesions that nobody has seen: they are drawn by the seed."""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

import numpy as np

from course.grading.challenge.asked import File, Measured
from course.grading.challenge.evaluate import classes_of, costs_of
from utils.data import draw_lesions

_COUNT = 3000


def measure_on_lesions(file: File) -> Measured:
    """sensitivity_percent, false_alarms_percent and right_percent of new lesions, MACs and activations."""
    inputs, labels = new_lesions(file.seed)
    costs, notes = costs_of(file.suffix, file.data, inputs[:1], file.sandboxes)
    classes = classes_of(file.suffix, file.data, inputs, file.sandboxes)
    right = classes == labels  # a class that does not exist is wrong
    figures = {
        "lesions": len(labels),
        "sensitivity_percent": round(100 * float(right[labels == 1].mean()), 2),
        "false_alarms_percent": round(100 * float((~right)[labels == 0].mean()), 2),
        "right_percent": round(100 * float(right.mean()), 2),
    }
    return Measured({**figures, **costs, "on": "new"}, None, tuple(notes))


@lru_cache(maxsize=2)
def new_lesions(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """((3000, 3, 32, 32) float32, (3000,) labels), a third of each skin tone."""
    drawn = draw_lesions(_COUNT, crc32(f"{seed} lesions".encode()))
    return drawn.inputs.numpy(), drawn.labels.numpy()
