"""How many bits an integer costs: a zero-centered mixture of two discretized logistics, trained with the weights.

A discretized logistic gives the integer q the probability F(q + 1/2) - F(q - 1/2), with F(x) = 1 / (1 + exp(-x / scale)). The
narrow component stands for weights that should be zero, the wide one for the others. How likely the wide one is may differ
from row to row and from column to column: a row or column of zeros then becomes cheap, and empties further, as it does for
a coder whose probabilities adapt.
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn

MIN_SCALE, MAX_SCALE = 0.03, 64.0  # in steps
SPREAD = 2.0  # standard deviation of the offsets of rows and columns, in nats: what it costs a coder to learn them
TINY = 1e-9  # no integer costs more than 30 bits


class LogisticMixture(nn.Module):
    """Probabilities of integers in a matrix. rows, columns: its size, (1, 1) for one distribution of all.

    >>> density = LogisticMixture(1, 1)
    >>> integers = torch.arange(-40.0, 41).view(1, -1)
    >>> round(density.probability(integers).sum().item(), 3)
    1.0
    """

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.log_scales = nn.Parameter(torch.tensor([math.log(0.15), math.log(1.5)]))
        self.logit = nn.Parameter(torch.tensor(0.0))
        self.row = nn.Parameter(torch.zeros(rows, 1))
        self.column = nn.Parameter(torch.zeros(1, columns))

    def scales(self) -> Tensor:
        """(2,): of the narrow and the wide component, in steps."""
        return self.log_scales.exp().clamp(MIN_SCALE, MAX_SCALE)

    def odds(self) -> Tensor:
        """(rows, columns) or what broadcasts to it: the odds of the wide component."""
        return self.logit.exp() * self.row.exp() * self.column.exp()

    def probability(self, values: Tensor) -> Tensor:
        """Probability of each value. values: (rows, columns) float32, integers or anything between them."""
        narrow, wide = (_discretized_logistic(values.abs(), scale) for scale in self.scales())
        odds = self.odds()
        return (narrow + odds * wide) / (1 + odds)

    def bits(self, values: Tensor) -> Tensor:
        """The code length of all values in bits, a scalar, with what the offsets of rows and columns are charged."""
        offsets = (self.row.square().sum() + self.column.square().sum()) / (2 * SPREAD**2)
        return (offsets + cast("Tensor", _CodeLength.apply(values, self.scales(), self.odds()))) / math.log(2)


def _discretized_logistic(magnitude: Tensor, scale: Tensor) -> Tensor:
    """F(q + 1/2) - F(q - 1/2) with a single exponential, and no difference of two nearly equal numbers."""
    half, decay = 0.5 / scale, torch.exp(-magnitude / scale)
    return 2 * torch.sinh(half) * decay / (1 + decay * (decay + 2 * torch.cosh(half)))


class _CodeLength(torch.autograd.Function):
    """`apply(values, scales, odds)`: -log of `probability`, summed, in nats. The gradient is computed with it, in one pass.

    The same with torch's own derivatives takes three times as long, and this is most of a training's time.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, scales: Tensor, odds: Tensor) -> Tensor:
        """values: (rows, columns); scales: (2,); odds: broadcasts against the values."""
        magnitude = values.abs()
        found, slopes, by_scale = [], [], []
        for scale in scales:
            half, decay = 0.5 / scale, torch.exp(magnitude * (-1 / scale))
            below = 1 / torch.addcmul(torch.ones(()), decay, decay + 2 * torch.cosh(half))
            share = decay * below  # the component is 2 sinh(half) times this
            one = share * (2 * torch.sinh(half))
            slope = (torch.addcmul(torch.ones(()), decay, decay, value=-1) * below).mul_(one).mul_(-1 / scale)
            found.append(one)
            slopes.append(slope)
            # by the scale: through the decay, the factor 2 sinh(half), and 2 cosh(half) in the denominator
            by_scale.append((1 / torch.tanh(half), 2 * torch.sinh(half), share, scale))
        narrow, wide = found
        known = 1 / (1 + odds)
        total = torch.addcmul(narrow, odds, wide).mul_(known).add_(TINY)
        result = -total.log().sum()
        weight = known / total  # of the narrow one; that of the wide one is odds times this
        ctx.by_values = -(torch.addcmul(slopes[0], odds, slopes[1]) * weight).mul_(values.sign())
        by_odds = -(wide - narrow) * known * weight
        ctx.by_odds = by_odds.sum_to_size(odds.shape)
        parts = []
        for at, (one, slope, (cotangent, double_sinh, share, scale)) in enumerate(zip(found, slopes, by_scale, strict=True)):
            by = slope * magnitude * (-1 / scale) - one * (0.5 / scale**2) * (cotangent - double_sinh * share)
            parts.append(-(by * weight * (odds if at else 1)).sum())
        ctx.by_scales = torch.stack(parts)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of values, scales and odds."""
        (given,) = gradients
        return ctx.by_values * given, ctx.by_scales * given, ctx.by_odds * given


def noisy(values: Tensor) -> Tensor:
    """Values with uniform noise of one step: what stands for rounding where a gradient is needed (Balle et al., 2017)."""
    return values + torch.rand_like(values) - 0.5


def straight_through(values: Tensor) -> Tensor:
    """Round in the forward pass, look through in the backward pass (Bengio et al., 2013).

    >>> x = torch.tensor([0.4, 1.6], requires_grad=True)
    >>> straight_through(x).sum().backward()
    >>> straight_through(x).tolist(), x.grad.tolist()
    ([0.0, 2.0], [1.0, 1.0])
    """
    return values + (values.round() - values).detach()
