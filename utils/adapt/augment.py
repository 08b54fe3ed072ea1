"""Augmentation of motion: as if the watch were turned on the wrist, the person moved harder, the sensor were noisier."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class MotionAugment:
    """An augmentation of windows that `standardise` has scaled, each drawn for itself.

    degrees: all sensors of a window are turned together by up to so much, about any axis.
    scale: all channels are multiplied by 1 +- up to so much.
    noise: standard deviation of the Gaussian noise that is added to each value.

    >>> MotionAugment(degrees=10)(torch.zeros(5, 6, 200), torch.Generator().manual_seed(0)).shape
    torch.Size([5, 6, 200])
    """

    degrees: float = 30.0
    scale: float = 0.2
    noise: float = 0.1

    def __call__(self, windows: Tensor, generator: torch.Generator) -> Tensor:
        """windows: (n, 3 * sensors, size) float32 -> the same shape."""
        n, channels, size = windows.shape
        turned = turns(n, self.degrees, generator)[:, None] @ windows.view(n, channels // 3, 3, size)
        factor = 1 + self.scale * (2 * torch.rand(n, 1, 1, generator=generator) - 1)
        return factor * turned.view(n, channels, size) + self.noise * torch.randn(windows.shape, generator=generator)


def turns(n: int, degrees: float, generator: torch.Generator) -> Tensor:
    """(n, 3, 3) rotations about random axes by up to so many degrees (Rodrigues' formula).

    >>> turns(2, 0.0, torch.Generator().manual_seed(0))[1]
    tensor([[1., 0., 0.],
            [0., 1., 0.],
            [0., 0., 1.]])
    """
    axis = F.normalize(torch.randn(n, 3, generator=generator), dim=1)
    angle = (torch.rand(n, generator=generator) * math.radians(degrees))[:, None, None]
    cross = torch.linalg.cross(axis[:, None, :].expand(n, 3, 3), torch.eye(3).expand(n, 3, 3)).transpose(1, 2)
    return torch.eye(3) + torch.sin(angle) * cross + (1 - torch.cos(angle)) * cross @ cross
