"""A codebook: every weight becomes the number of one of a few shared values (Han et al., 2016)."""

from __future__ import annotations

import torch
from torch import Tensor

from utils.compress.quantization.affine import check_bits, check_finite


def kmeans_codebook(weight: Tensor, bits: int, rounds: int = 100) -> tuple[Tensor, Tensor]:
    """Cluster the weights by k-means (Lloyd), started at evenly spaced values: large weights are rare and matter.

    weight: any shape. Returns the codebook (2^bits,) float32, ascending, and the codes, of the weight's shape (int16 or int32):
    codebook[codes] stands for the weight. A weight with fewer distinct values than clusters gets them back exactly.

    Raises:
        ValueError: bits outside 1..16, a weight that is empty or not finite, more clusters than weights.
    """
    check_bits(bits)
    check_finite(weight, "the weight")
    clusters, values = 1 << bits, weight.detach().flatten().float()
    if clusters > values.numel():
        raise ValueError(f"{bits} bits make {clusters} clusters of {values.numel()} weights: use fewer bits")
    distinct = values.unique()
    if len(distinct) <= clusters:
        centres = torch.cat([distinct, distinct[-1:].expand(clusters - len(distinct))])
    else:
        centres = torch.linspace(values.min().item(), values.max().item(), clusters, dtype=torch.float64).float()
        for _ in range(rounds):
            moved = _means(values, centres)
            if torch.equal(moved, centres):
                break
            centres = moved
    codes = _nearest(values, centres)
    return centres, codes.to(torch.int16 if bits < 16 else torch.int32).view(weight.shape)


def _nearest(values: Tensor, centres: Tensor) -> Tensor:
    """Index of the nearest of ascending centres: the borders lie halfway between them, where float32 may have no number."""
    centres = centres.double()
    return torch.bucketize(values.double().contiguous(), (centres[1:] + centres[:-1]) / 2)


def _means(values: Tensor, centres: Tensor) -> Tensor:
    """The mean of what each center was nearest to; a center with nothing stays."""
    codes = _nearest(values, centres)
    count = torch.bincount(codes, minlength=len(centres))
    sums = torch.zeros(len(centres), dtype=torch.float64).index_add_(0, codes, values.double())
    return torch.where(count > 0, sums / count.clamp(min=1), centres.double()).float().sort().values
