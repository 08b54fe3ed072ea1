"""Heartbeats of one patient with heart failure: 5,000 beats in five classes (ECG5000 of the UCR archive).

From the BIDMC congestive heart failure database of PhysioNet, record chf07 (Baim et al. 1986; Goldberger et al. 2000). Each
beat was cut out, stretched to 140 samples and normalized; the labels come from an automatic annotation. One patient means
that nothing here says how a network does on another heart. See datasets/ecg5000/CARD.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.files import DATASETS, verified

FILE = DATASETS / "ecg5000" / "ecg5000.npz"
SHA256 = "e88688d6c301e7a4ca9f66eb167b9ee4575f56fcde82d24b05eba111cf265563"
CLASSES = ("normal", "R-on-T", "PVC", "supraventricular", "unclassified")  # the second and third are premature ventricular contractions
RARE = (2, 3, 4)  # classes with 31 of the 500 training beats
STEPS = 4096.0  # codes to one standard deviation of a beat
SIZE = 140  # samples of a beat


@dataclass(frozen=True)
class Beats:
    """Labeled heartbeats.

    signals: (n, 1, 140) float32, each beat with mean 0 and standard deviation 1.
    labels: (n,) int64, numbers into `classes`.
    classes: the name of each label.
    """

    signals: Tensor
    labels: Tensor
    classes: tuple[str, ...] = CLASSES

    @property
    def inputs(self) -> Tensor:
        """What a network takes: the signals."""
        return self.signals

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Tensor) -> Beats:
        """A part of the set, by a slice, indices or a mask: `beats[beats.labels == 2]`."""
        return replace(self, signals=self.signals[index], labels=self.labels[index])

    @property
    def counts(self) -> Tensor:
        """(classes,) int64: the beats of each class."""
        return torch.bincount(self.labels, minlength=len(self.classes))

    def normal_or_not(self) -> Beats:
        """The same beats with two labels: 0 for the first class, "normal", 1 for all others, "abnormal"."""
        return Beats(self.signals, (self.labels != 0).long(), (self.classes[0], "abnormal"))

    def hold_out(self, k: int = 4, fold: int = 0) -> tuple[Beats, Beats]:
        """Split into (the rest, fold number `fold` of k). A class is spread over all folds as evenly as its count allows.

        >>> rest, held = ecg5000("train").hold_out(k=4, fold=1)
        >>> len(rest), len(held), held.counts.tolist()
        (374, 126, [73, 44, 3, 5, 1])

        Raises:
            ValueError: k is not in 2..the number of beats, or there is no such fold.
        """
        if not 2 <= k <= len(self) or fold not in range(k):
            raise ValueError(f"hold_out needs 2 <= k <= {len(self)} and a fold in 0..k - 1, got k = {k} and fold {fold}")
        held = torch.zeros(len(self), dtype=torch.bool)
        for label in self.labels.unique():
            held[(self.labels == label).nonzero().flatten()[fold::k]] = True
        return self[~held], self[held]


def beats_of(signals: Any, labels: Any, classes: Sequence[str] = CLASSES) -> Beats:
    """Beats of your own, as a network that was trained on `ecg5000` takes them.

    signals: (n, 140) or (n, 1, 140) numbers, a beat a row. Each is normalized to mean 0 and standard deviation 1.
    labels: (n,) integers, numbers into `classes`.

    >>> import numpy as np
    >>> beats_of(np.random.default_rng(0).normal(size=(3, 140)), [0, 0, 1]).signals.shape
    torch.Size([3, 1, 140])

    Raises:
        ValueError: no beats, beats of another length, NaN or infinity, a beat that is constant, labels that are missing,
            unknown or all the same.
    """
    rows, numbers = np.asarray(signals, dtype=np.float64), np.asarray(labels)
    rows = rows[:, 0] if rows.ndim == 3 and rows.shape[1] == 1 else rows
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"signals must be (n, {SIZE}) with at least one beat, got shape {np.shape(signals)}: give a beat a row")
    if rows.shape[1] != SIZE:
        raise ValueError(f"beats must have {SIZE} samples, got {rows.shape[1]}: stretch each beat with scipy.signal.resample(beat, {SIZE})")
    if len(bad := np.flatnonzero(~np.isfinite(rows).all(1))):
        raise ValueError(f"{len(bad)} of {len(rows)} beats hold NaN or infinity, the first is beat {bad[0]}: leave those beats out")
    spread = rows.std(1, keepdims=True)
    if len(flat := np.flatnonzero(spread[:, 0] <= 1e-12 * np.abs(rows).max(1))):
        raise ValueError(f"beat {flat[0]} is constant, as with a loose electrode: leave out beats without a signal")
    if numbers.shape != (len(rows),) or not np.issubdtype(numbers.dtype, np.integer):
        raise ValueError(f"labels must be {len(rows)} integers, one for each beat, got shape {numbers.shape} of {numbers.dtype}")
    if numbers.min() < 0 or numbers.max() >= len(classes):
        raise ValueError(f"labels must lie in 0..{len(classes) - 1}, got {numbers.min()}..{numbers.max()}: name a class for each")
    if len(np.unique(numbers)) < 2:
        raise ValueError(f"all labels are {numbers[0]}: with one class nothing can be told apart, give beats of two classes or more")
    normalized = ((rows - rows.mean(1, keepdims=True)) / spread).astype(np.float32)
    return Beats(torch.from_numpy(normalized)[:, None], torch.from_numpy(numbers.astype(np.int64)), tuple(classes))


@cache
def _arrays() -> dict[str, np.ndarray]:
    with np.load(verified(FILE, SHA256)) as archive:
        return {name: archive[name] for name in archive.files}


def ecg5000(split: str) -> Beats:
    """Load one official split: "train" (500 beats) or "test" (4,500). For validation use `Beats.hold_out` of the training beats.

    >>> ecg5000("test").counts.tolist()
    [2627, 1590, 86, 175, 22]

    Raises:
        ValueError: an unknown split, or a damaged file.
        FileNotFoundError: the data file is missing.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split must be train or test, got {split!r}: for validation use ecg5000('train').hold_out()")
    arrays = _arrays()
    signals = (arrays[f"{split}_signals"] / STEPS).astype(np.float32)
    return Beats(torch.from_numpy(signals)[:, None], torch.from_numpy(arrays[f"{split}_labels"].astype(np.int64)))
