"""The network that a reader gets from a .titan file, and the two layers that torch lacks for it."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn


class PositionMean(nn.Module):
    """The mean over all positions: (n, channels, ...) -> (n, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, channels, height, width) or (n, channels, length)."""
        return x.mean(tuple(range(2, x.ndim)))


class Shortcut(nn.Module):
    """The sum of two chains on the same input; an empty chain is the input itself."""

    def __init__(self, body: nn.Sequential, around: nn.Sequential) -> None:
        super().__init__()
        self.body, self.around = body, around

    def forward(self, x: Tensor) -> Tensor:
        """x: what both chains take; they give one shape."""
        return self.body(x) + self.around(x)


def weighted(chain: nn.Module) -> list[tuple[nn.Module, str]]:
    """(layer, "weight" or "bias") of all tensors, in the order of the file."""
    found = []
    for module in chain.modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
            found += [(module, part) for part in ("weight", "bias") if cast("Tensor | None", getattr(module, part)) is not None]
    return cast("list[tuple[nn.Module, str]]", found)


class TitanNet(nn.Sequential):
    """A network read from a .titan file: plain layers of torch in a row, in evaluation mode.

    input_shape: of one input, without the batch. size_bytes: of the file that it came from.
    """

    input_shape: tuple[int, ...] = ()
    size_bytes: int = 0

    @property
    def example(self) -> Tensor:
        """A batch of one input of zeros, which an export to ONNX needs."""
        return torch.zeros(1, *self.input_shape)
