"""Differential privacy for what a client sends: clipping, then Gaussian noise.

The Gaussian mechanism of differentially private SGD (Abadi et al., 2016), applied to a whole client's update as in
McMahan et al., Learning Differentially Private Recurrent Language Models (2018).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor


def clip_and_noise(update: Mapping[str, Tensor], clip: float, sigma: float, rng: np.random.Generator) -> dict[str, Tensor]:
    """Scale the whole update to a norm of at most `clip`, then add Gaussian noise of deviation sigma * clip to each value.

    The norm is over all tensors together. sigma is the noise multiplier. What privacy that gives depends on how many
    clients are averaged, how they are sampled and for how many rounds; no epsilon is claimed here.

    >>> clip_and_noise({"w": torch.tensor([3.0, 4.0])}, clip=1.0, sigma=0.0, rng=np.random.default_rng(0))
    {'w': tensor([0.6000, 0.8000])}

    Raises:
        ValueError: clip not above 0, sigma below 0, an empty update or one that is not finite.
    """
    if not clip > 0 or not sigma >= 0:
        raise ValueError(f"clip must be above 0 and sigma at least 0, got {clip} and {sigma}")
    if not update:
        raise ValueError("the update is empty: give the differences of the parameters that were trained")
    norm = torch.stack([tensor.double().square().sum() for tensor in update.values()]).sum().sqrt().item()
    if not np.isfinite(norm):
        raise ValueError("the update holds NaN or infinity, which no clipping mends: lower the client's learning rate")
    factor = min(1.0, clip / norm) if norm else 1.0
    noise = lambda tensor: torch.from_numpy(np.asarray(rng.normal(0.0, sigma * clip, tuple(tensor.shape))))  # noqa: E731
    return {name: (tensor.double() * factor + noise(tensor)).to(tensor.dtype) for name, tensor in update.items()}
