"""A challenge's file on photos: what it gets right, what it costs, and what it loses to the large network on the same photos."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from course.grading.challenge.asked import File, Measured
from course.grading.challenge.evaluate import classes_of, costs_of, on_chip
from course.grading.challenge.loss import lost
from course.grading.challenge.photos import Photos, changed_photos
from course.grading.challenge.reference import classes_by
from utils.models import zoo

_MOST_MACS, _MOST_MACS_IN_INTEGERS = 300e9, 4e9  # about five seconds of one thread; numpy's integers are slower
_LEAST_PHOTOS = 1000


def measure_on_photos(file: File, against_large: bool = False) -> Measured:
    """right_percent of photos, MACs and activations; against_large: the points lost to the zoo's large network as well."""
    photos = _photos(file)
    costs, notes = costs_of(file.suffix, file.data, photos.images[:1], file.sandboxes)
    if not against_large:  # where a loss decides, fewer photos would make it less sure, which is to the file's good
        photos = _as_many_as(_MOST_MACS, photos, costs)
    right = classes_of(file.suffix, file.data, photos.images, file.sandboxes) == photos.labels
    loss = lost(large_is_right(photos)[:, None], right[:, None]) if against_large else None
    return Measured(_figures(file, right) | costs, loss, tuple(notes))


def measure_on_chip(file: File) -> Measured:
    """The same in integers, as the C code computes, with flash and RAM of the linked program."""
    photos = _photos(file)
    costs, notes = costs_of(file.suffix, file.data, photos.images[:1], file.sandboxes)
    photos = _as_many_as(_MOST_MACS_IN_INTEGERS, photos, costs)
    classes, sizes, why = on_chip(file.data, photos.images, file.sandboxes)
    notes += [f"Not linked: {why}."] if why else []
    return Measured(_figures(file, classes == photos.labels) | costs | sizes, None, tuple(notes))


@lru_cache(maxsize=2)
def large_is_right(photos: Photos) -> np.ndarray:
    """(n,) bool: which photos the network gets right that lab 06 compares with."""
    return classes_by(zoo.load("fashion_large"), photos.images) == photos.labels


def _photos(file: File) -> Photos:
    return file.hidden or changed_photos(file.seed)


def _as_many_as(most_macs: float, photos: Photos, costs: dict[str, int]) -> Photos:
    """The first photos, so many that a network of these costs takes seconds."""
    count = min(len(photos.labels), max(_LEAST_PHOTOS, int(most_macs // max(1, costs.get("macs", 1)) // 500 * 500)))
    return Photos(photos.images[:count], photos.labels[:count])


def _figures(file: File, right: np.ndarray) -> dict[str, int | float | str]:
    where = "hidden" if file.hidden else "changed"
    return {"photos": len(right), "right_percent": round(100 * float(right.mean()), 2), "on": where}
