"""Which weights stay: masks by magnitude, at random, or n of m.

A mask has the shape of its weight; True keeps, False removes. Every function removes exactly
`round(sparsity * n)` weights, so sparsities can be compared to the last weight; among equal
magnitudes the later ones go first. No function changes the weights that it looks at.
"""

from __future__ import annotations

import torch
from torch import Tensor


def _check(sparsity: float) -> None:
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity must lie in [0, 1), got {sparsity}: use 0.95 to remove 95 % of the weights")


def keep_largest(scores: Tensor, sparsity: float) -> Tensor:
    """Mask that removes the `round(sparsity * n)` smallest scores. scores: any shape, finite.

    Raises:
        ValueError: a sparsity outside [0, 1) or scores that are not finite.
    """
    _check(sparsity)
    if not torch.isfinite(scores).all():
        raise ValueError("the weights hold NaN or infinity: prune before the training diverges")
    flat = scores.flatten()
    removed = round(sparsity * flat.numel())
    mask = torch.ones(flat.numel(), dtype=torch.bool, device=scores.device)
    if removed:
        threshold = flat.kthvalue(removed).values
        mask = flat > threshold
        ties = (flat == threshold).nonzero().flatten()
        mask[ties[: flat.numel() - removed - int(mask.sum())]] = True
    return mask.view(scores.shape)


def magnitude_mask(weight: Tensor, sparsity: float) -> Tensor:
    """Keep the weights of largest magnitude (Han et al., 2015).

    weight: any shape, float -> mask: same shape, bool.
    """
    return keep_largest(weight.detach().abs(), sparsity)


def global_masks(weights: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    """One threshold over all layers: a layer whose weights matter less loses more of them.

    weights: name -> tensor of any shape. Returns name -> bool mask of the same shape.
    """
    return _split(torch.cat([w.detach().abs().flatten() for w in weights.values()]), weights, sparsity)


def random_masks(weights: dict[str, Tensor], sparsity: float, generator: torch.Generator | None = None) -> dict[str, Tensor]:
    """The control: the same number of weights removed, chosen by lot over all layers."""
    return _split(torch.rand(sum(w.numel() for w in weights.values()), generator=generator), weights, sparsity)


def _split(scores: Tensor, weights: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    parts = keep_largest(scores, sparsity).split([w.numel() for w in weights.values()])
    return {name: part.view(weight.shape) for part, (name, weight) in zip(parts, weights.items(), strict=True)}


def nm_mask(weight: Tensor, n: int = 2, m: int = 4) -> Tensor:
    """Keep the n largest of every m consecutive inputs (Mishra et al., 2021).

    weight: (out, in) -> mask: (out, in) bool.

    Raises:
        ValueError: `in` is not a multiple of m, or not 0 < n <= m.
    """
    if weight.ndim != 2 or weight.shape[1] % m or not 0 < n <= m:
        shape = tuple(weight.shape)
        raise ValueError(f"need 0 < n <= m and a weight (out, in) with in a multiple of m, got n={n}, m={m}, shape {shape}")
    groups = weight.detach().abs().view(weight.shape[0], -1, m)
    mask = torch.zeros_like(groups, dtype=torch.bool).scatter_(2, groups.topk(n, 2).indices, True)
    return mask.view(weight.shape)


def rewind(initial: Tensor, final: Tensor, mask: Tensor) -> Tensor:
    """The lottery ticket (Frankle and Carbin, 2019): kept weights go back to where they started.

    initial, final, mask: one shape. Returns `initial` where the mask keeps, zero elsewhere; `final`
    gave the mask and is only there to check that all three belong together.
    """
    if not initial.shape == final.shape == mask.shape:
        raise ValueError(f"three tensors of one shape, got {tuple(initial.shape)}, {tuple(final.shape)}, {tuple(mask.shape)}")
    return torch.where(mask.bool(), initial, torch.zeros_like(initial))
