"""fold_batchnorm: a convolution that does what a convolution and its batch norm did."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, zeros_like
from torch.nn.utils.fusion import fuse_conv_bn_weights

from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, takes_parameter

Arrays = tuple[np.ndarray, np.ndarray]


def answers_of_the_pair(weight: np.ndarray, bias: np.ndarray | None, mean: Any, var: Any, gamma: Any, beta: Any, eps: float) -> Arrays:
    """The oracle: what the pair of layers answers to no input is the new bias, and what each weight adds to that the new weight."""

    def layer(sums: np.ndarray) -> np.ndarray:
        """sums: (out, n), what the convolution gives -> what the batch norm makes of it."""
        rows = (sums.astype(float) - mean[:, None]) / np.sqrt(var.astype(float)[:, None] + eps)
        return rows * gamma[:, None] + beta[:, None]

    nothing = (np.zeros(len(weight)) if bias is None else bias)[:, None]
    return (layer(weight.reshape(len(weight), -1) + nothing) - layer(nothing)).reshape(weight.shape), layer(nothing)[:, 0]


def fused(weight: Tensor, bias: Tensor | None, mean: Tensor, var: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """The stand-in, by torch's own fusion of layers."""
    given = zeros_like(mean) if bias is None else bias
    found = fuse_conv_bn_weights(weight.detach(), given.detach(), mean, var, eps, gamma.detach(), beta.detach())
    return found[0].detach(), found[1].detach()


def _with(scale: Callable[..., Any], shift: Callable[..., Any] | None = None, axis: int = 0) -> Callable[..., Arrays]:
    """scale: (var, gamma, eps) -> factor of each channel. shift: (bias, mean, beta, factor) -> new bias."""

    def made(weight: np.ndarray, bias: Any, mean: Any, var: Any, gamma: Any, beta: Any, eps: float) -> Arrays:
        by, given = scale(var, gamma, eps), np.zeros(len(weight)) if bias is None else bias
        shape = [-1 if at == axis else 1 for at in range(4)]
        return weight * by.reshape(shape), beta + (given - mean) * by if shift is None else shift(given, mean, beta, by)

    return made


def _right(var: Any, gamma: Any, eps: float) -> Any:
    return gamma / np.sqrt(var + eps)


_SCALE = ("By which factor does the batch norm multiply a channel?", "gamma / sqrt(var + eps): with eps inside of the root.")
_BIAS = (
    "What does the pair of layers answer to an image of zeros?",
    "beta + (conv_bias - mean) * factor: the batch norm moves and scales the bias of the convolution, too.",
)
_AXIS = ("Which axis of the weight counts the output channels?", "Axis 0: give the factor the shape (out, 1, 1, 1).")
_NONE = ("There is no bias here. Does the new convolution need one?", "It does: mean and beta go there. Take zeros for a bias of None.")
_EPS = ("The variance of these channels is almost 0.", "eps is added to the variance, before the root: 1 / sqrt(var + eps).")
MISTAKES = (
    Mistake("without eps", _with(lambda var, gamma, eps: gamma / np.sqrt(var)), _EPS, "channels that hardly vary"),
    Mistake("eps behind the root", _with(lambda var, gamma, eps: gamma / (np.sqrt(var) + eps)), _EPS, "channels that hardly vary"),
    Mistake("divides by the variance", _with(lambda var, gamma, eps: gamma / (var + eps)), _SCALE),
    Mistake("multiplies by the deviation", _with(lambda var, gamma, eps: gamma * np.sqrt(var + eps)), _SCALE),
    Mistake("without gamma", _with(lambda var, gamma, eps: 1 / np.sqrt(var + eps)), _SCALE),
    Mistake("without the mean", _with(_right, lambda bias, mean, beta, by: beta + bias * by), _BIAS),
    Mistake("adds the mean", _with(_right, lambda bias, mean, beta, by: beta + (bias + mean) * by), _BIAS),
    Mistake("leaves the bias as it is", _with(_right, lambda bias, mean, beta, by: bias + beta - mean * by), _BIAS),
    Mistake("forgets the bias", _with(_right, lambda bias, mean, beta, by: beta - mean * by), _BIAS),
    Mistake("without beta", _with(_right, lambda bias, mean, beta, by: (bias - mean) * by), _BIAS),
    Mistake("along the inputs", _with(_right, axis=1), _AXIS),
)
STEPS = (
    "Compute the factor of each channel, gamma / sqrt(var + eps). Multiply axis 0 of the weight by it. Subtract the mean from the "
    "bias (0 if there is none), multiply by the factor, add beta."
)


@exercise(fused, points=2, difficulty=2, minutes=10, judge=close_to(answers_of_the_pair, atol=1e-4), mistakes=MISTAKES, steps=STEPS)
def fold_batchnorm(rng: Rng) -> Cases:
    """fold_batchnorm(conv_weight, conv_bias, mean, var, gamma, beta, eps) -> (weight, bias)."""

    def layers(outs: int, ins: int, kernel: int, low: float = 0.3, high: float = 3.0) -> tuple[Any, ...]:
        var = from_numpy(rng.uniform(low, high, outs).astype("f4"))
        mean, gamma = normal(rng, outs) + 2, normal(rng, outs).abs() + 0.2
        return normal(rng, outs, ins, kernel, kernel), normal(rng, outs) + 1, mean, var, gamma, normal(rng, outs), 1e-5

    yield Case("as many inputs as outputs", layers(5, 5, 3), weight=2, hints=_BIAS)
    yield Case("more outputs than inputs", layers(8, 3, 3), hints=_AXIS, hints_on_error=True)
    yield Case("a kernel of a single input", layers(6, 1, 5), hints=_AXIS, hints_on_error=True)
    first = layers(6, 4, 1)
    yield Case("without a bias", (first[0], None, *first[2:]), weight=2, hints=_NONE, hints_on_error=True)
    yield Case("channels that hardly vary", layers(4, 3, 3, 1e-7, 1e-6), hints=_EPS)
    turned = layers(6, 2, 3)
    yield Case(
        "a negative gamma, and one of 0", (*turned[:4], turned[4] * from_numpy(np.array([-1, 1, 0, -1, 1, -1])), *turned[5:]), hints=_SCALE
    )
    yield takes_parameter(*layers(4, 2, 3))
    yield keeps_inputs(*layers(3, 2, 3))
