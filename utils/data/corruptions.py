"""Inputs made worse in small steps, as a cheap camera or a bad outline would (after Hendrycks and Dietterich, 2019).

The same kind, severity and seed give the same inputs, so two networks see the same damage.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.data.exams import MIDDLE, SPREAD

MAX_SEVERITY = 5
IMAGE_CORRUPTIONS = {  # what each severity means
    "noise": (0.0, 0.02, 0.04, 0.07, 0.11, 0.16),  # standard deviation of Gaussian noise, pixels in [0, 1]
    "contrast": (1.0, 0.8, 0.65, 0.5, 0.4, 0.3),  # factor of each pixel's distance from the image's mean
    "blur": (0.0, 0.5, 0.75, 1.0, 1.35, 1.8),  # standard deviation of a Gaussian filter, in pixels
}
SIGNAL_CORRUPTIONS = {
    "noise": (0.0, 0.05, 0.1, 0.2, 0.35, 0.5),  # standard deviation of Gaussian noise, in that of the signal
    "dropout": (0.0, 0.05, 0.1, 0.2, 0.3, 0.4),  # fraction of the samples that are lost and become 0, the mean
}


def corrupt_images(inputs: Tensor, kind: str, severity: int, seed: int = 0) -> Tensor:
    """Corrupt images that `as_inputs` normalized; pixels stay within 0..255.

    inputs: (n, channels, h, w) float32. kind: "noise", "contrast" or "blur". severity: 0 (unchanged) to 5. Returns a new tensor.

    >>> corrupt_images(torch.zeros(2, 3, 8, 8), "noise", 3).std() > 0.2
    tensor(True)

    Raises:
        ValueError: an unknown kind, a severity that is not an integer in 0..5, or inputs of another shape.
    """
    strength = _strength(IMAGE_CORRUPTIONS, kind, severity)
    if inputs.ndim != 4:
        raise ValueError(f"images must be (n, channels, h, w), got {tuple(inputs.shape)}: use corrupt_signals for signals")
    if severity == 0:
        return inputs.clone()
    if kind == "noise":
        worse = inputs + strength / SPREAD * _normal(inputs, seed)
    elif kind == "contrast":
        mean = inputs.mean((1, 2, 3), keepdim=True)
        worse = mean + strength * (inputs - mean)
    else:
        worse = _blurred(inputs, strength)
    return worse.clamp((0 - MIDDLE) / SPREAD, (1 - MIDDLE) / SPREAD)


def corrupt_signals(inputs: Tensor, kind: str, severity: int, seed: int = 0) -> Tensor:
    """Corrupt normalized signals or rows of measurements.

    inputs: (n, channels, size) float32, standard deviation about 1. kind: "noise" or "dropout". severity: 0 to 5.

    >>> (corrupt_signals(torch.ones(10, 1, 80), "dropout", 5) == 0).float().mean().round(decimals=1)
    tensor(0.4000)

    Raises:
        ValueError: an unknown kind, a severity that is not an integer in 0..5, or inputs of another shape.
    """
    strength = _strength(SIGNAL_CORRUPTIONS, kind, severity)
    if inputs.ndim != 3:
        raise ValueError(f"signals must be (n, channels, size), got {tuple(inputs.shape)}: use corrupt_images for images")
    if severity == 0:
        return inputs.clone()
    if kind == "noise":
        return inputs + strength * _normal(inputs, seed)
    return inputs * (torch.rand(inputs.shape, generator=torch.Generator().manual_seed(seed)) >= strength)


def _strength(kinds: Mapping[str, tuple[float, ...]], kind: str, severity: int) -> float:
    if kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(kinds)}, got {kind!r}")
    if isinstance(severity, bool) or severity not in range(MAX_SEVERITY + 1):
        raise ValueError(f"severity must be an integer in 0..{MAX_SEVERITY}, got {severity!r}: 0 leaves the inputs as they are")
    return kinds[kind][severity]


def _normal(like: Tensor, seed: int) -> Tensor:
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed))


def _blurred(images: Tensor, sigma: float) -> Tensor:
    """Each channel filtered by a Gaussian, first along columns, then along rows; edges are repeated."""
    reach = min(round(3 * sigma) + 1, images.shape[2] - 1, images.shape[3] - 1)
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    channels = images.shape[1]
    kernel = (weights / weights.sum()).repeat(channels, 1)
    padded = F.pad(images, [reach] * 4, mode="replicate")
    columns = F.conv2d(padded, kernel[:, None, :, None], groups=channels)
    return F.conv2d(columns, kernel[:, None, None, :], groups=channels)
