"""Augmentation of a signal over time that was cut out around an event, such as a heartbeat."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SignalAugment:
    """An augmentation of windows (n, channels, size), each drawn for itself.

    shift: in samples, to either side; what moves in repeats the edge. stretch: of the time axis about the middle, 0.05 for
    up to 5 % either way. scale: of the values, likewise. wander: height of a slow sine that is added, as breathing does.
    noise: standard deviation of the Gaussian noise that is added.

    >>> SignalAugment(shift=3)(torch.zeros(5, 1, 140), torch.Generator().manual_seed(0)).shape
    torch.Size([5, 1, 140])
    """

    shift: float = 3.0
    stretch: float = 0.05
    scale: float = 0.1
    wander: float = 0.1
    noise: float = 0.05

    def __call__(self, windows: Tensor, generator: torch.Generator) -> Tensor:
        """windows: (n, channels, size) float32 -> the same shape."""
        n, channels, size = windows.shape

        def drawn(most: float) -> Tensor:
            return most * (2 * torch.rand(n, 1, 1, generator=generator) - 1)

        middle, time = (size - 1) / 2, torch.arange(size, dtype=torch.float32)
        places = (middle + (time - middle) * (1 + drawn(self.stretch)) + drawn(self.shift)).clamp(0, size - 1)
        below = places.floor().long().clamp(max=size - 2)
        part = places - below
        at = below.expand(n, channels, size)
        moved = windows.gather(2, at) * (1 - part) + windows.gather(2, at + 1) * part
        slow = torch.sin(torch.pi * (drawn(1.0) + (1 + drawn(0.5)) * time / size))
        return (1 + drawn(self.scale)) * moved + drawn(self.wander) * slow + self.noise * torch.randn(windows.shape, generator=generator)
