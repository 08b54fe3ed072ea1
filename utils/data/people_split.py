"""Who is in the test set: a split by person, and the check that no person and no sample is on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.data.motion import Motion


@dataclass(frozen=True)
class Leak:
    """What a training and a test set share.

    people: who is in both. windows: test windows of those people. overlapping: test windows that share a sample with a
    training window. of: all test windows.
    """

    people: tuple[int, ...]
    windows: int
    overlapping: int
    of: int

    def __str__(self) -> str:
        if not self.people and not self.overlapping:
            return f"no leak: {self.of:,} test windows, none of a training person"
        shares = [f"{100 * count / self.of:.0f} %" for count in (self.windows, self.overlapping)]
        return f"leak: {shares[0]} of the test windows are of training people, {shares[1]} share samples with a training window"


def leak(train: Motion, test: Motion) -> Leak:
    """Look for people and for samples that are in both sets. Windows overlap if they are cut from the same samples of a recording.

    >>> from utils.data import smartwatch
    >>> everyone = smartwatch()
    >>> print(leak(everyone.only([1, 2]), everyone.only([3])))
    no leak: 277 test windows, none of a training person

    Raises:
        ValueError: one of the sets is empty, or their windows have different lengths.
    """
    if not len(train) or not len(test):
        raise ValueError(f"a leak needs windows on both sides, got {len(train)} to train and {len(test)} to test")
    if train.windows.shape[1:] != test.windows.shape[1:]:
        raise ValueError(f"both sets need windows of one shape, got {tuple(train.windows.shape[1:])} and {tuple(test.windows.shape[1:])}")
    people = np.intersect1d(train.people.numpy(), test.people.numpy())
    size, overlapping = train.windows.shape[2], 0
    for recording in np.intersect1d(train.recordings.numpy(), test.recordings.numpy()):
        learned, asked = (np.sort(one.starts[one.recordings == recording].numpy()) for one in (train, test))
        place = np.searchsorted(learned, asked)
        after, before = learned[np.minimum(place, len(learned) - 1)], learned[np.maximum(place - 1, 0)]
        overlapping += int((np.minimum(np.abs(after - asked), np.abs(asked - before)) < size).sum())
    return Leak(tuple(int(one) for one in people), int(np.isin(test.people.numpy(), people).sum()), overlapping, len(test))


def split_people(people: Any, test_fraction: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The places of the training and of the test windows, (n_train,) and (n_test,) int64, rising; nobody is in both.

    people: (n,) integers, the person of each window. test_fraction: of the people, rounded; at least one, at most all but one.
    rng: draws who is tested; everyone is equally likely.

    >>> train, test = split_people([7, 7, 8, 9, 9], 0.4, np.random.default_rng(0))
    >>> sorted([*train, *test]) == [0, 1, 2, 3, 4]
    True

    Raises:
        ValueError: fewer than two people, or a fraction that is not between 0 and 1.
    """
    who = np.asarray(people)
    everyone = np.unique(who)
    if len(everyone) < 2:
        raise ValueError(f"a split by person needs two people at least, got {len(everyone)}: record more people")
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must lie between 0 and 1, got {test_fraction}: use 0.2 to test on a fifth of the people")
    count = min(max(round(test_fraction * len(everyone)), 1), len(everyone) - 1)
    tested = np.isin(who, rng.choice(everyone, count, replace=False))
    return np.flatnonzero(~tested), np.flatnonzero(tested)
