"""Training of shared weights by the sandwich rule: each step trains the largest network, the smallest and some in between.

Yu et al., BigNAS, 2020; architectures in between are drawn uniformly, as in single path one-shot (Guo et al., 2020). The
largest network learns from the labels or from a teacher, all others from the largest network's answers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from zlib import crc32

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.compress.search.budget import Budget, draw_within
from utils.compress.search.space import Space
from utils.models import Supernet
from utils.train import Loss, cross_entropy


def sandwich(space: Space, between: int = 2, budget: Budget | None = None, loss: Loss | None = None, seed: int = 0) -> Loss:
    """Return a loss for `fit` of a `Supernet`: the mean over the largest network, the smallest and `between` drawn ones.

    budget: limits on the drawn networks, none unless given. A network that no search may choose needs no training.
    loss: of the largest network, (model, inputs, labels) -> scalar; cross entropy unless given. The others learn the largest
    network's probabilities by cross entropy, through which no gradient returns to it. What is drawn follows from the seed and
    the labels of the batch, so a training that is resumed is the same training.

    Raises:
        ValueError: a negative number of drawn networks.
    """
    if between < 0:
        raise ValueError(f"between must be 0 or more, got {between}: 2 is usual")
    largest_loss = loss or cross_entropy()

    def total(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        rng = np.random.default_rng(crc32(y.numpy().tobytes(), seed % 2**32))
        answers: list[Tensor] = []
        draw = partial(space.draw, rng) if budget is None else lambda: draw_within(space, budget, rng)[0]

        def noted(batch: Tensor) -> Tensor:
            answers.append(model(batch))
            return answers[-1]

        value = largest_loss(_Noting(noted), x, y)
        soft = answers[0].detach().float().softmax(1)
        for architecture in (space.smallest(), *(draw() for _ in range(between))):
            value = value + F.cross_entropy(model(x, architecture).float(), soft)
        return value / (2 + between)

    return total


class _Noting(nn.Module):
    """A model whose answers are kept for the networks that learn from them."""

    def __init__(self, noted: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._noted = noted

    def forward(self, x: Tensor) -> Tensor:
        return self._noted(x)


def supernet_of(space: Space, seed: int = 0) -> Supernet:
    """Return an untrained supernet of a space, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Supernet(space.supernet())
