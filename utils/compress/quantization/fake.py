"""Train with rounded weights: the forward pass rounds, the backward pass looks through (Bengio et al., 2013)."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from utils.compress.quantization.affine import along, check_bits, check_finite, code_range
from utils.models import Codes

SHRINK = tuple(share / 40 for share in range(40, 3, -1))  # candidates for a first step: shares of the largest magnitude


class FakeQuant(torch.autograd.Function):
    """`FakeQuant.apply(x, scale, zero_point, low, high)`: x as its codes give it back, with a straight-through gradient.

    x: any shape. scale, zero_point: numbers, or tensors that broadcast against x. low, high: the range of codes.
    The gradient passes where the code lay within the range, and is 0 where it was cut off.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor | float, zero_point: Tensor | int, low: int, high: int) -> Tensor:
        """Round, cut off, come back."""
        codes = torch.round(x / scale) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return (codes.clamp(low, high) - zero_point) * scale

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        """The gradient of x; the others have none."""
        (passes,) = ctx.saved_tensors
        return gradients[0] * passes, None, None, None, None


class LearnedStep(nn.Module):
    """A parametrization: the weight rounded to codes times one learned step a channel (LSQ, Esser et al., 2020).

    step: (out,), starts where the squared error of the weight is least, and is trained along.
    """

    def __init__(self, weight: Tensor, bits: int) -> None:
        super().__init__()
        check_bits(bits, 2)
        check_finite(weight, "the weight")
        self.bits = bits
        self.step = nn.Parameter(best_steps(weight, bits))

    def forward(self, weight: Tensor) -> Tensor:
        """weight: (out, ...) -> the same shape, on the grid."""
        low, high = code_range(self.bits, signed=True)
        damped = (weight[0].numel() * high) ** -0.5  # or the step, which every weight of the channel pulls, would run ahead
        step = self.step * damped + (self.step * (1 - damped)).detach()
        step = along(step.clamp(min=torch.finfo(torch.float32).tiny), weight)
        inside = (weight / step).clamp(low, high)
        return (inside + (torch.round(inside) - inside).detach()) * step

    @torch.no_grad()
    def codes(self, weight: Tensor) -> Codes:
        """What `forward` rounds the weight to."""
        low, high = code_range(self.bits, signed=True)
        step = self.step.detach().clamp(min=torch.finfo(torch.float32).tiny)
        return Codes(
            torch.round(weight / along(step, weight)).clamp(low, high).to(torch.int8 if self.bits <= 8 else torch.int16), step, self.bits
        )


@torch.no_grad()
def best_steps(weight: Tensor, bits: int) -> Tensor:
    """For each channel, of 37 candidates, the step that leaves the least squared error. weight: (out, ...) -> (out,)."""
    low, high = code_range(bits, signed=True)
    rows = weight.detach().flatten(1)
    largest = rows.abs().amax(1).clamp(min=torch.finfo(torch.float32).tiny)
    best, least = largest.clone(), torch.full_like(largest, torch.inf)
    for share in SHRINK:
        step = (largest * share / high)[:, None]
        error = (torch.round(rows / step).clamp(low, high) * step - rows).square().sum(1)
        best, least = torch.where(error < least, step[:, 0], best), torch.minimum(error, least)
    return torch.where(rows.abs().amax(1) > 0, best, torch.ones_like(best))


def weight_bits(model: nn.Module, bits: int, ends: int = 8) -> dict[str, int]:
    """Bits for each convolution and linear layer, in order: `ends` for the first and the last, which are small and
    touchy, `bits` for all others.
    """
    check_bits(bits, 2)
    check_bits(ends, 2)
    names = [name for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    if not names:
        raise ValueError("the model has no convolution and no linear layer: there is nothing to quantize")
    return dict.fromkeys(names, bits) | {names[0]: ends, names[-1]: ends}


def qat_(model: nn.Module, bits: int | dict[str, int], ends: int = 8) -> nn.Module:
    """Round the weights of all convolutions and linear layers in every forward pass from now on, in place.

    bits: for all layers but the first and the last, which get `ends`; or a dict, layer's name -> bits.
    Train it as any other model, then call `freeze_`. Without any training this is quantization after training.

    Raises:
        ValueError: bits outside 2..16, a weight that is not finite, a model without such layers or that is prepared already.
    """
    plan = weight_bits(model, bits, ends) if isinstance(bits, int) else bits
    for name, each in plan.items():
        layer = model.get_submodule(name)
        if parametrize.is_parametrized(layer, "weight"):
            raise ValueError(f"{name} is prepared already: call freeze_ before you quantize again")
        step = LearnedStep(cast("Tensor", layer.weight), each)
        parametrize.register_parametrization(layer, "weight", step, unsafe=True)
    return model


def freeze_(model: nn.Module) -> dict[str, Codes]:
    """Make the rounded weights the weights, in place; return what they are made of: parameter's name -> codes.

    Raises:
        ValueError: a model that `qat_` did not prepare.
    """
    frozen = {}
    for name, layer in model.named_modules():
        if parametrize.is_parametrized(layer, "weight") and isinstance(layer.parametrizations.weight[0], LearnedStep):
            codes = layer.parametrizations.weight[0].codes(layer.parametrizations.weight.original)
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
            layer.weight.data = codes.values_as_float()
            frozen[f"{name}.weight"] = codes
    if not frozen:
        raise ValueError("no layer of this model is prepared: call qat_ first")
    return frozen
