"""Train with rounded weights: the forward pass rounds, the backward pass looks through (Bengio et al., 2013)."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from utils.compress.layers import Weighted, output_axis, weighted_layers
from utils.compress.quantization.affine import MIN_SCALE, broadcast_along, check_bits, check_finite, check_scale, code_range
from utils.models import Codes

SHRINK = tuple(share / 40 for share in range(40, 3, -1))  # candidates for a first step: shares of the largest magnitude


class FakeQuant(torch.autograd.Function):
    """`FakeQuant.apply(x, scale, zero_point, low, high)`: x as its codes give it back, with a straight-through gradient.

    x: any shape. scale, zero_point: numbers, or tensors that broadcast against x. low, high: the range of codes.
    The gradient passes where the code lay within the range, and is 0 where it was cut off.

    Raises:
        ValueError: a scale that is not positive and finite.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor | float, zero_point: Tensor | int, low: int, high: int) -> Tensor:
        """Round, cut off, come back."""
        check_scale(scale)
        steps = torch.round(x / scale)
        least, most = (torch.as_tensor(end - zero_point) for end in (low, high))
        kept = steps.clamp(least, most)
        ctx.save_for_backward(kept == steps)  # not where it was cut off, and not for what is no number
        return kept * scale

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        """The gradient of x; the others have none."""
        (passes,) = ctx.saved_tensors
        return gradients[0].masked_fill(~passes, 0), None, None, None, None


class LearnedStep(nn.Module):
    """A parametrization: the weight rounded to codes times one learned step a channel (LSQ, Esser et al., 2020).

    step: (channels,), starts where the squared error of the weight is least, and is trained along.
    axis: which axis of the weight counts the channels: 0, or 1 of a transposed convolution.
    """

    def __init__(self, weight: Tensor, bits: int, axis: int = 0) -> None:
        super().__init__()
        check_bits(bits, 2)
        check_finite(weight, "the weight")
        self.bits, self.axis = bits, axis
        self.step = nn.Parameter(best_steps(weight, bits, axis))

    def forward(self, weight: Tensor) -> Tensor:
        """weight: (out, ...) -> the same shape, on the grid."""
        low, high = code_range(self.bits, signed=True)
        step = broadcast_along(self._damped(weight), weight, self.axis)
        inside = (weight / step).clamp(low, high)
        return (inside + (torch.round(inside) - inside).detach()) * step

    @torch.no_grad()
    def codes(self, weight: Tensor) -> Codes:
        """What `forward` rounds the weight to."""
        low, high = code_range(self.bits, signed=True)
        step = self._damped(weight)
        values = torch.round(weight / broadcast_along(step, weight, self.axis)).clamp(low, high)
        return Codes(values.to(torch.int8 if self.bits <= 8 else torch.int16), step, self.bits, self.axis)

    def _damped(self, weight: Tensor) -> Tensor:
        """The step with a smaller gradient: every weight of the channel pulls at it, so it would run ahead.

        An update may carry a step below 0: what counts is how far.
        """
        step = self.step.abs()
        share = (weight.select(self.axis, 0).numel() * code_range(self.bits, signed=True)[1]) ** -0.5
        return (step * share + (step * (1 - share)).detach()).clamp(min=MIN_SCALE)


@torch.no_grad()
def best_steps(weight: Tensor, bits: int, axis: int = 0) -> Tensor:
    """For each channel, of 37 candidates, the step that leaves the least squared error.

    weight: any shape; axis: which one counts the channels. Returns (weight.shape[axis],).

    >>> best_steps(torch.tensor([[-2.0, -1.0, 0.0, 1.0], [0.5, 0.25, -0.5, -1.0]]), bits=3).shape
    torch.Size([2])
    """
    low, high = code_range(bits, signed=True)
    rows = weight.detach().movedim(axis, 0).flatten(1)
    largest = rows.abs().amax(1).clamp(min=MIN_SCALE)
    best, least = largest.clone(), torch.full_like(largest, torch.inf)
    for share in SHRINK:
        step = (largest * share / high)[:, None]
        error = (torch.round(rows / step).clamp(low, high) * step - rows).square().sum(1)
        best, least = torch.where(error < least, step[:, 0], best), torch.minimum(error, least)
    return torch.where(rows.abs().amax(1) > 0, best, torch.ones_like(best))


def weight_bits(model: nn.Module, bits: int, ends: int = 8) -> dict[str, int]:
    """Bits for each convolution (transposed ones too) and linear layer, in order: `ends` for the first and the last, which are
    small and touchy, `bits` for all others. A weight that several layers share is listed once, under the first of them.

    >>> weight_bits(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ConvTranspose2d(4, 4, 3), nn.Conv2d(4, 1, 1)), 4)
    {'0': 8, '1': 4, '2': 8}
    """
    check_bits(bits, 2)
    check_bits(ends, 2)
    names = list(weighted_layers(model))
    if not names:
        raise ValueError("the model has no convolution and no linear layer: there is nothing to quantize")
    return dict.fromkeys(names, bits) | {names[0]: ends, names[-1]: ends}


def qat_(model: nn.Module, bits: int | dict[str, int], ends: int = 8) -> nn.Module:
    """Round the weights of all convolutions and linear layers in every forward pass from now on, in place.

    bits: for all layers but the first and the last, which get `ends`; or a dict, layer's name -> bits.
    Train it as any other model, then call `freeze_`. Without any training this is quantization after training.
    Layers that share a weight share its steps, too, and stay tied.

    Raises:
        ValueError: bits outside 2..16, no or unknown layers, a weight that is not finite, not float32, computed in each pass
            or shared with a layer that reads it in another way; a model that is prepared already. Then the model is left as it was.

    >>> network = qat_(nn.Sequential(nn.Linear(8, 4), nn.Linear(4, 2)), 4, ends=4)
    >>> {name: codes.bits for name, codes in freeze_(network).items()}
    {'0.weight': 4, '1.weight': 4}
    """
    plan = bits if isinstance(bits, dict) else weight_bits(model, bits, ends)
    if not plan:
        raise ValueError("no layer is named: give the names of layers with their bits, or one number for all")
    layers = dict(model.named_modules())
    steps: dict[int, tuple[str, LearnedStep, list[nn.Module]]] = {}  # by weight
    for name, each in plan.items():
        step = _first_step(layers.get(name), name, each)
        first, known, _ = steps.setdefault(id(layers[name].weight), (name, step, _readers(model, name, step.axis)))
        if known.bits != each:
            raise ValueError(f"{first} and {name} share one weight and are to have {known.bits} and {each} bits: give both the same")
    for _, step, readers in steps.values():
        for layer in readers:
            parametrize.register_parametrization(layer, "weight", step, unsafe=True)
    return model


def _first_step(layer: nn.Module | None, name: str, bits: int) -> LearnedStep:
    """What is to round the weight of a layer, if it is one that can be rounded."""
    if not isinstance(layer, Weighted):
        raise ValueError(f"{name!r} is not a convolution or linear layer of this model: take the names from weight_bits")
    if _steps_of(layer) is not None:
        raise ValueError(f"{name} is prepared already: call freeze_ before you quantize again")
    if parametrize.is_parametrized(layer, "weight"):
        raise ValueError(f"{name} computes its weight in each pass: call torch.nn.utils.parametrize.remove_parametrizations first")
    if not isinstance(layer._parameters.get("weight"), nn.Parameter):
        remedy = "make it permanent, as torch.nn.utils.prune.remove does"
        raise ValueError(f"{name} computes its weight in each pass, from a mask or a norm: {remedy}")
    if layer.weight.dtype != torch.float32:
        raise ValueError(f"the weight of {name} is {layer.weight.dtype}: call model.float() first")
    return LearnedStep(layer.weight, bits, output_axis(layer))


def _readers(model: nn.Module, name: str, axis: int) -> list[nn.Module]:
    """The layers that use the weight of a layer, if all of them use it alike.

    Raises:
        ValueError: another kind of layer uses it, too, or the memory that it lies in.
    """
    weight, found = cast("nn.Parameter", model.get_submodule(name).weight), cast("list[nn.Module]", [])
    for other, module in model.named_modules():
        for key, parameter in module._parameters.items():
            if parameter is None or is_lazy(parameter) or not parameter.numel() or parameter.data_ptr() != weight.data_ptr():
                continue
            if parameter is not weight or key != "weight" or not isinstance(module, Weighted) or output_axis(module) != axis:
                raise ValueError(f"{name} shares its weight with {other or 'the model'}, which reads it in another way: give each its own")
            found.append(module)
    return found


def _steps_of(layer: nn.Module) -> LearnedStep | None:
    """What rounds the weight of a layer, None if nothing of ours does."""
    if not parametrize.is_parametrized(layer, "weight"):
        return None
    first = cast("Any", layer).parametrizations.weight[0]
    return first if isinstance(first, LearnedStep) else None


def freeze_(model: nn.Module) -> dict[str, Codes]:
    """Make the rounded weights the weights, in place; return what they are made of: parameter's name -> codes.

    A weight that layers share is there under each of its names, with the same codes.

    Raises:
        ValueError: a model that `qat_` did not prepare.
    """
    prepared = {name: (cast("Any", layer), step) for name, layer in model.named_modules() if (step := _steps_of(layer)) is not None}
    if not prepared:
        raise ValueError("no layer of this model is prepared: call qat_ first")
    codes = {name: step.codes(layer.parametrizations.weight.original) for name, (layer, step) in prepared.items()}
    for name, (layer, _) in prepared.items():
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
        layer.weight.data = codes[name].values_as_float()
    return {f"{name}.weight".removeprefix("."): each for name, each in codes.items()}
