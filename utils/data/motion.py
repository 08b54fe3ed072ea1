"""Motion of people, cut into windows: what the loaders of watches and phones return, and how it is split.

Windows of one person, and overlapping windows of one recording, are near twins. So a split is by person, and within a
person by time: `Motion.only` and `Motion.between`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Motion:
    """Labeled windows of motion.

    windows: (n, channels, size) float32.
    labels: (n,) int64, numbers into `classes`.
    people: (n,) int64, who moved.
    classes: the name of each label.
    worn: (n,) int64, numbers into `places`: where the sensor was.
    places: the name of each place.
    recordings: (n,) int64, the recording that the window was cut from; none is of two people or two labels.
    starts: (n,) int64, the window's first sample in its recording.
    lengths: (n,) int64, the samples of that recording.
    rate_hz: samples a second.
    """

    windows: Tensor
    labels: Tensor
    people: Tensor
    classes: tuple[str, ...]
    worn: Tensor
    places: tuple[str, ...]
    recordings: Tensor
    starts: Tensor
    lengths: Tensor
    rate_hz: float = 50.0

    @property
    def inputs(self) -> Tensor:
        """What a network takes: the windows."""
        return self.windows

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Tensor) -> Motion:
        """A part of the set, by a slice, indices or a mask: `data[data.labels == 3]`."""
        parts = {name: getattr(self, name)[index] for name in ("windows", "labels", "people", "worn", "recordings", "starts", "lengths")}
        return replace(self, **parts)

    def only(self, people: Iterable[int]) -> Motion:
        """The windows of these people.

        Raises:
            ValueError: one of them has no window here.
        """
        wanted = torch.tensor(sorted({int(one) for one in people}), dtype=torch.int64)
        if missing := sorted(set(wanted.tolist()) - set(self.people.tolist())):
            raise ValueError(f"person {missing[0]} has no window here: choose among {self.people.unique().tolist()}")
        return self[torch.isin(self.people, wanted)]

    def between(self, begin_s: float = 0.0, end_s: float | None = None) -> Motion:
        """The windows that lie wholly between two times of their recordings, in seconds from its start (negative: from its end).

        `between(0, 4)` and `between(4)` share no sample. end_s: None for the end of the recording.
        """
        size = self.windows.shape[2]
        begin, end = (self._sample(time) for time in (begin_s, end_s))
        return self[(self.starts >= begin) & (self.starts + size <= end)]

    def _sample(self, time_s: float | None) -> Tensor:
        if time_s is None:
            return self.lengths
        sample = round(time_s * self.rate_hz)
        return self.lengths + sample if time_s < 0 else torch.full_like(self.lengths, sample)

    @property
    def seconds(self) -> float:
        """How much recorded time the windows cover, each sample counted once."""
        samples, size = 0, self.windows.shape[2]
        for one in self.recordings.unique():
            starts = self.starts[self.recordings == one].sort().values
            samples += int((starts[1:] - starts[:-1]).clamp(max=size).sum()) + size
        return samples / self.rate_hz


def cut(
    recordings: Sequence[np.ndarray],
    *,
    labels: np.ndarray,
    people: np.ndarray,
    classes: tuple[str, ...],
    worn: np.ndarray,
    places: tuple[str, ...],
    size: int,
    stride: int,
) -> Motion:
    """Cut recordings into windows; no window crosses from one recording to the next.

    recordings: (samples, channels) float32 each; labels, people, worn: one number a recording.
    size, stride: in samples. What is shorter than a window, and what is left at the end, gives none.

    Raises:
        ValueError: a size or stride that is not a whole number of at least 1, or too long for every recording.
    """
    for what, value in (("size", size), ("stride", stride)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{what} must be an integer number of samples, at least 1, got {value!r}")
    windows, where, starts = [], [], []
    for number, samples in enumerate(recordings):
        for start in range(0, len(samples) - size + 1, stride):
            windows.append(samples[start : start + size].T)
            where.append(number)
            starts.append(start)
    if not windows:
        raise ValueError(f"no recording is as long as a window of {size} samples: use a smaller size")
    index = np.array(where)
    whole = lambda values: torch.from_numpy(np.asarray(values).astype(np.int64))  # noqa: E731
    lengths = np.array([len(samples) for samples in recordings])
    return Motion(
        windows=torch.from_numpy(np.stack(windows).astype(np.float32)),
        labels=whole(labels[index]),
        people=whole(people[index]),
        classes=classes,
        worn=whole(worn[index]),
        places=places,
        recordings=whole(index),
        starts=whole(starts),
        lengths=whole(lengths[index]),
    )


def standardise(train: Motion, *others: Motion) -> tuple[Motion, ...]:
    """Divide each sensor by its root mean square in `train`, there and in the others.

    A sensor is three channels, its x, y and z: they share one scale and are not shifted, so that a turn of the sensor is
    the same turn afterwards. Nothing is learnt from the others, so they may be people who are to be new to the model.

    Raises:
        ValueError: `train` is empty, its channels do not come in threes, or a sensor is still.
    """
    if not len(train):
        raise ValueError("standardise takes its scale from the first set, and it is empty: give training windows")
    n, channels, size = train.windows.shape
    if channels % 3:
        raise ValueError(f"standardise wants sensors of three axes, got {channels} channels: leave out those that are none")
    scale = train.windows.view(n, -1, 3, size).square().mean((0, 2, 3)).sqrt().repeat_interleave(3)[:, None]
    if not (scale > 0).all():
        raise ValueError("a sensor is zero in all training windows: leave out its three channels")
    return tuple(replace(one, windows=one.windows / scale) for one in (train, *others))


def folds(people: Iterable[int] | Tensor, k: int = 5) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Split people into k folds: a list of (people to train on, people to test on); everyone is tested once.

    people: who there is, repeats allowed: `folds(data.people)`. The same people give the same folds.

    Raises:
        ValueError: k is less than 2 or more than there are people.
    """
    everyone = sorted({int(one) for one in people})
    if not 2 <= k <= len(everyone):
        raise ValueError(f"k must lie in 2..{len(everyone)}, the number of people, got {k}")
    tests = [tuple(everyone[i::k]) for i in range(k)]
    return [(tuple(one for one in everyone if one not in test), test) for test in tests]
