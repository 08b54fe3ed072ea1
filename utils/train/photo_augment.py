"""Augmentation of photos that have no up and no fixed light, such as those of skin, or that only lack the fixed light, such as X-rays."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from utils.train.image_augment import augmented


@dataclass(frozen=True)
class PhotoAugment:
    """An augmentation of images (n, channels, h, w), each drawn for itself.

    shift: in pixels. mirror: swap left and right in half of the images. turn: also swap top and bottom, and rows and columns, in
    half of them each; the images must be square. hole: side of a square that becomes 0, 0 for none. contrast: of the values,
    0.2 for up to 20 % either way. brightness: what is added, likewise, in units of the values. noise: standard deviation.

    >>> PhotoAugment(turn=True)(torch.zeros(5, 3, 32, 32), torch.Generator().manual_seed(0)).shape
    torch.Size([5, 3, 32, 32])
    """

    shift: int = 2
    mirror: bool = True
    turn: bool = False
    hole: int = 0
    contrast: float = 0.2
    brightness: float = 0.2
    noise: float = 0.0

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """images: (n, channels, h, w) float32 -> the same shape."""
        n = len(images)

        def half() -> Tensor:
            return torch.rand(n, 1, 1, 1, generator=generator) < 0.5

        def drawn(most: float) -> Tensor:
            return most * (2 * torch.rand(n, 1, 1, 1, generator=generator) - 1)

        out = augmented(images, generator, self.shift, self.hole, self.mirror) if self.shift or self.hole or self.mirror else images
        if self.turn:
            out = torch.where(half(), out.flip(2), out)
            out = torch.where(half(), out.transpose(2, 3), out)
        out = out * (1 + drawn(self.contrast)) + drawn(self.brightness)
        return out + self.noise * torch.randn(out.shape, generator=generator) if self.noise else out
