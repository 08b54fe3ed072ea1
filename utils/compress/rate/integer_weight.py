"""A weight as integers times a step, both trained: what the forward pass sees is what a file will hold."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from utils.compress.layers import Weighted, output_axis, weighted_layers
from utils.compress.rate.density import LogisticMixture, noisy, straight_through
from utils.models import Codes
from utils.models.steps import PER_OCTAVE, exponent_of, step_of


class IntegerWeight(nn.Module):
    """A parametrization: round(latent) x step, with a straight-through gradient (Oktay et al., 2020).

    The latent is counted in steps. The step is 2^(k / 8) for an integer k, one for the tensor or one for each row. A row is
    what makes one output; the columns are the other axes, flattened.

    shape, axis: of the weight, and which of its axes counts the outputs.
    step: the first step. per_row: a step for each row. structured: rows and columns have probabilities of their own.
    """

    def __init__(self, shape: torch.Size, axis: int, step: float, per_row: bool, structured: bool) -> None:
        super().__init__()
        rows, columns = shape[axis], shape.numel() // shape[axis]
        self.axis, self.shape = axis, tuple(shape)
        start = float(exponent_of(np.array(step)))
        self.exponent = nn.Parameter(torch.full((rows if per_row else 1, 1), start / PER_OCTAVE))  # in octaves
        self.density = LogisticMixture(*((rows, columns) if structured else (1, 1)))

    def steps(self) -> Tensor:
        """(rows or 1, 1) float32, on the grid of steps."""
        return torch.exp2(straight_through(self.exponent * PER_OCTAVE) / PER_OCTAVE)

    def forward(self, latent: Tensor) -> Tensor:
        """latent: of the weight's shape, in steps -> the weight."""
        weight = self._shaped(straight_through(self._rows(latent)) * self.steps())
        if weight.ndim == 4:  # laid out as `fit` lays out images, which a convolution needs to be quick
            weight = weight.permute(0, 2, 3, 1).clone(memory_format=torch.contiguous_format).permute(0, 3, 1, 2)
        return weight

    def right_inverse(self, weight: Tensor) -> Tensor:
        """The latent of a weight."""
        return self._shaped(self._rows(weight.detach()) / self.steps().detach())

    def bits(self, latent: Tensor) -> Tensor:
        """What the integers cost, in bits: a scalar with a gradient for latent and density."""
        return self.density.bits(noisy(self._rows(latent)))

    @torch.no_grad()
    def codes(self, latent: Tensor) -> Codes:
        """The integers and the steps, the same to the last bit on every computer."""
        values = latent.round().clamp(-(2**15), 2**15 - 1).to(torch.int16)
        exponents = (self.exponent * PER_OCTAVE).round().long().numpy()
        scale = torch.from_numpy(step_of(exponents)).flatten().expand(self.shape[self.axis]).contiguous()
        return Codes(values, scale, 16, self.axis)

    def _rows(self, tensor: Tensor) -> Tensor:
        return tensor.movedim(self.axis, 0).flatten(1) if tensor.ndim > 1 else tensor[:, None]

    def _shaped(self, rows: Tensor) -> Tensor:
        moved = [self.shape[self.axis], *(size for at, size in enumerate(self.shape) if at != self.axis)]
        return rows.view(moved).movedim(0, self.axis)


def prepare_(model: nn.Module, step: float, per_row: bool, structured: bool) -> list[IntegerWeight]:
    """Make the weights and biases of all convolutions and linear layers integers times a step, in place.

    Raises:
        ValueError: nothing to prepare, a model that is prepared already, a weight that is shared or not float32.
    """
    layers, prepared = weighted_layers(model), []
    if not layers:
        raise ValueError(f"{type(model).__name__} has no convolution and no linear layer: there is nothing to train for a rate")
    for name, layer in layers.items():
        for part in ("weight", "bias"):
            tensor = layer._parameters.get(part)
            if parametrize.is_parametrized(layer, part) or (part == "weight" and tensor is None):
                raise ValueError(f"the {part} of {name} is computed in each pass: make it permanent before you train for a rate")
            if tensor is not None and tensor.dtype != torch.float32:
                raise ValueError(f"the {part} of {name} is {tensor.dtype}: call model.float() first")
    if len(layers) != sum(isinstance(layer, Weighted) for layer in model.modules()):
        raise ValueError("two layers share one weight: give each its own before you train for a rate")
    for layer in layers.values():
        for part in ("weight", "bias"):
            tensor = layer._parameters.get(part)
            if tensor is not None:
                axis = output_axis(layer) if part == "weight" else 0
                weight = IntegerWeight(tensor.shape, axis, step, per_row and part == "weight", structured and part == "weight")
                parametrize.register_parametrization(layer, part, weight)
                prepared.append(weight)
    return prepared


def parts_of(model: nn.Module) -> dict[str, tuple[nn.Module, str, IntegerWeight]]:
    """Parameter's name -> layer, name in the layer, what makes it of integers; in order."""
    found = {}
    for name, layer in model.named_modules():
        if parametrize.is_parametrized(layer):
            for part, steps in cast("Any", layer).parametrizations.items():
                if isinstance(steps[0], IntegerWeight):
                    found[f"{name}.{part}".removeprefix(".")] = (layer, part, steps[0])
    return found


def latent_of(layer: nn.Module, part: str) -> Tensor:
    """What a prepared weight is rounded from."""
    return cast("Any", layer).parametrizations[part].original


def freeze_integers_(model: nn.Module) -> dict[str, Codes]:
    """Make integers times step the weights, in place; return what they are made of: parameter's name -> codes."""
    parts = parts_of(model)
    codes = {name: weight.codes(latent_of(layer, part)) for name, (layer, part, weight) in parts.items()}
    for name, (layer, part, _) in parts.items():
        parametrize.remove_parametrizations(layer, part, leave_parametrized=True)
        getattr(layer, part).data = codes[name].values_as_float()
    return codes
