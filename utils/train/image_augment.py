"""More images from what there is: shifted, mirrored, partly covered."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def augmented(images: Tensor, generator: torch.Generator, shift: int = 2, hole: int = 8, mirror: bool = True) -> Tensor:
    """Shift, mirror and cut out, drawn for each image alone.

    images: (n, channels, height, width) float32. shift: at most so many pixels. hole: side of the square that becomes 0,
        0 for none. mirror: swap left and right in half of the images; leave it out for digits and letters.

    >>> augmented(torch.ones(2, 1, 28, 28), torch.Generator().manual_seed(0)).shape
    torch.Size([2, 1, 28, 28])
    """
    n, _, height, width = images.shape
    draw = lambda high: torch.randint(high, (n,), generator=generator)  # noqa: E731
    padded = F.pad(images, [shift] * 4, mode="replicate")
    rows = torch.arange(height) + draw(2 * shift + 1)[:, None]
    columns = torch.arange(width) + draw(2 * shift + 1)[:, None]
    if mirror:
        columns = torch.where(draw(2)[:, None].bool(), columns.flip(1), columns)
    where = rows[:, :, None] * padded.shape[3] + columns[:, None, :]
    out = padded.flatten(2).gather(2, where.view(n, 1, -1).expand(-1, images.shape[1], -1)).view_as(images)
    top, left = draw(height)[:, None] - hole // 2, draw(width)[:, None] - hole // 2
    in_rows = (torch.arange(height) >= top) & (torch.arange(height) < top + hole)
    in_columns = (torch.arange(width) >= left) & (torch.arange(width) < left + hole)
    return out.masked_fill((in_rows[:, :, None] & in_columns[:, None, :])[:, None], 0.0)
