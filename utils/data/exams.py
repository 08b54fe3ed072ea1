"""Examinations with a diagnosis: images, outlines or measurements, and the label that a doctor gave each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

MIDDLE, SPREAD = 0.5, 0.25  # of pixels in [0, 1]: the same for every image, so that no test set is looked at


@dataclass(frozen=True)
class Exams:
    """Labelled examinations.

    inputs: (n, ...) float32, normalized as a network takes them.
    labels: (n,) int64, numbers into `classes`; where there are two classes, 1 is the finding that must not be missed.
    classes: the name of each label.
    title: what a figure of this data is titled with.
    groups: (n,) int64, numbers into `group_names`, such as skin tones; None where nothing of the kind is known.
    """

    inputs: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    title: str
    groups: Tensor | None = None
    group_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Tensor) -> Exams:
        """A part of the set, by a slice, indices or a mask: `exams[exams.groups == 2]`."""
        groups = None if self.groups is None else self.groups[index]
        return replace(self, inputs=self.inputs[index], labels=self.labels[index], groups=groups)

    @property
    def counts(self) -> Tensor:
        """(classes,) int64: the examinations of each class."""
        return torch.bincount(self.labels, minlength=len(self.classes))

    def hold_out(self, fraction: float = 0.2, seed: int = 0) -> tuple[Exams, Exams]:
        """Split at random into (the rest, a fraction of each class). The same seed gives the same split.

        >>> exams = Exams(torch.zeros(10, 2), torch.arange(10) % 2, ("healthy", "ill"), "ten people")
        >>> rest, held = exams.hold_out(0.4)
        >>> rest.counts.tolist(), held.counts.tolist()
        ([3, 3], [2, 2])

        Raises:
            ValueError: a fraction that leaves the rest or the held-out part without any examination.
        """
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        held = torch.zeros(len(self), dtype=torch.bool)
        for label in self.labels.unique():
            of_class = order[self.labels[order] == label]
            held[of_class[: round(fraction * len(of_class))]] = True
        if not 0 < fraction < 1 or not held.any() or held.all():
            raise ValueError(f"hold_out can't take a fraction of {fraction} from {len(self)} examinations: use 0.2 to hold out a fifth")
        return self[~held], self[held]

    def one_against_rest(self, label: int) -> Exams:
        """The same examinations with two labels: 1 for the class number `label`, 0 for all others.

        Raises:
            ValueError: there is no such class, or its examinations or all others are missing.
        """
        if label not in range(len(self.classes)):
            raise ValueError(f"label must be a class, 0..{len(self.classes) - 1}, got {label}: choose among {', '.join(self.classes)}")
        finding = (self.labels == label).long()
        if finding.sum() in (0, len(self)):
            raise ValueError(f"one class only: {int(finding.sum())} of {len(self)} examinations are {self.classes[label]!r}, give both")
        return replace(self, labels=finding, classes=(f"not {self.classes[label]}", self.classes[label]))


def as_inputs(pixels: Any) -> Tensor:
    """Pixels as a network takes them: (n, h, w) or (n, h, w, 3) uint8 -> (n, 1, h, w) or (n, 3, h, w) float32.

    >>> as_inputs(np.full((2, 4, 4, 3), 255, np.uint8)).max()
    tensor(2.)

    Raises:
        ValueError: another shape, or values that are not bytes.
    """
    array = np.asarray(pixels)
    if array.dtype != np.uint8 or array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] not in (1, 3)):
        raise ValueError(f"pixels must be (n, h, w) or (n, h, w, 3) uint8, got {array.shape} {array.dtype}: scale them to 0..255")
    channels_last = torch.from_numpy(np.ascontiguousarray(array if array.ndim == 4 else array[..., None]))
    return ((channels_last.float() / 255 - MIDDLE) / SPREAD).permute(0, 3, 1, 2).contiguous()


def as_pixels(inputs: Tensor) -> np.ndarray:
    """The inverse of `as_inputs`, for pictures: (n, 1, h, w) -> (n, h, w) uint8, (n, 3, h, w) -> (n, h, w, 3) uint8.

    >>> pixels = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    >>> bool((as_pixels(as_inputs(pixels)) == pixels).all())
    True

    Raises:
        ValueError: another shape.
    """
    if inputs.ndim != 4 or inputs.shape[1] not in (1, 3):
        raise ValueError(f"inputs must be (n, 1, h, w) or (n, 3, h, w) to be shown as images, got {tuple(inputs.shape)}")
    pixels = (255 * (inputs * SPREAD + MIDDLE)).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return pixels[..., 0] if pixels.shape[3] == 1 else pixels
