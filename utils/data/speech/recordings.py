"""Labelled recordings of single words, with who spoke each: what the loaders of speech return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
OTHER = "other"  # the class of all that is no keyword


@dataclass(frozen=True)
class Speech:
    """Recordings of one second, 8 kHz.

    waveforms: (n, 8000) float32 in -1..1, the word in the middle.
    labels: (n,) int64, numbers into `classes`.
    speakers: (n,) int64, numbers into `names`: who spoke. No split may have one speaker on both sides.
    classes: the word of each label. names: of each speaker.
    clipped: (n,) bool, whether the recording was too loud for its microphone.
    skipped: what could not be read, a sentence each.
    """

    waveforms: Tensor
    labels: Tensor
    speakers: Tensor
    names: tuple[str, ...]
    classes: tuple[str, ...] = DIGITS
    clipped: Tensor | None = None
    skipped: tuple[str, ...] = ()

    @property
    def inputs(self) -> Tensor:
        """What a front end takes: the waveforms."""
        return self.waveforms

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Tensor) -> Speech:
        """A part of the set, by a slice, indices or a mask: `speech[speech.labels == 3]`."""
        parts = {name: getattr(self, name)[index] for name in ("waveforms", "labels", "speakers")}
        return replace(self, **parts, clipped=None if self.clipped is None else self.clipped[index])

    def only(self, names: Iterable[str]) -> Speech:
        """The recordings of these speakers.

        Raises:
            ValueError: one of them is unknown.
        """
        wanted = list(names)
        if unknown := [name for name in wanted if name not in self.names]:
            raise ValueError(f"nobody is called {unknown[0]!r} here: choose among {', '.join(self.names)}")
        numbers = torch.tensor([self.names.index(name) for name in wanted], dtype=torch.int64)
        return self[torch.isin(self.speakers, numbers)]

    @property
    def counts(self) -> Tensor:
        """(classes,) int64: the recordings of each word."""
        return torch.bincount(self.labels, minlength=len(self.classes))
