"""Training where some classes are rare: the loss, or what is drawn, makes up for how often a class occurs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.train.loop import Loss


def logit_adjusted(counts: Tensor, tau: float = 1.0, label_smoothing: float = 0.0) -> Loss:
    """Cross entropy of the logits plus tau times the logarithm of each class's share (Menon et al., 2021, arXiv 2007.07314).

    While it learns, the network is told how rare each class is, so it need not learn that; afterwards its logits treat all classes
    alike. counts: (classes,) samples of each class in the training set, each at least 1. tau: 0 is plain cross entropy.

    >>> loss = logit_adjusted(torch.tensor([9, 1]))
    >>> round(loss(torch.nn.Identity(), torch.zeros(1, 2), torch.tensor([1])).item(), 3)
    2.303

    Raises:
        ValueError: a class without samples.
    """
    shift = tau * _shares(counts).log()
    return lambda model, x, y: F.cross_entropy(model(x) + shift, y, label_smoothing=label_smoothing)


def class_weighted(counts: Tensor, power: float = 1.0, label_smoothing: float = 0.0) -> Loss:
    """Cross entropy in which a sample counts 1 / (share of its class) ** power, scaled so that the mean weight is 1.

    >>> loss = class_weighted(torch.tensor([3, 1]))
    >>> round(loss(torch.nn.Identity(), torch.zeros(2, 2), torch.tensor([0, 1])).item(), 3)
    0.693

    Raises:
        ValueError: a class without samples.
    """
    shares = _shares(counts)
    weight = shares**-power
    weight = weight / (weight * shares).sum()
    return lambda model, x, y: F.cross_entropy(model(x), y, weight=weight, label_smoothing=label_smoothing)


def oversampled(labels: Tensor, power: float = 1.0) -> Tensor:
    """Places of samples with repeats, so that rare classes are seen more often: indices (m,) for `data[indices]`.

    power: 1 repeats each class until it is nearly as large as the largest one, 0 repeats nothing, 0.5 lies between.

    >>> oversampled(torch.tensor([0, 0, 0, 0, 1])).tolist()
    [0, 1, 2, 3, 4, 4, 4, 4]

    Raises:
        ValueError: no labels.
    """
    if not len(labels):
        raise ValueError("there are no labels, so nothing can be repeated: give at least one")
    counts = torch.bincount(labels)
    times = (counts.max() / counts.clamp(min=1)).pow(power).round().long()
    return torch.arange(len(labels)).repeat_interleave(times[labels])


def _shares(counts: Tensor) -> Tensor:
    if counts.ndim != 1 or not len(counts) or int(counts.min()) < 1:
        raise ValueError(f"each class needs at least one training sample, got counts {counts.tolist()}: leave out a class without any")
    return counts.float() / counts.sum()
