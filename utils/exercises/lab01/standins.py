"""What lab 01 goes on with, where the library that has the function is not the course's own."""

from __future__ import annotations

from torch import Tensor, contiguous_format, nn
from torch.nn.utils import parameters_to_vector, prune, vector_to_parameters


def torch_mask(weight: Tensor, sparsity: float) -> Tensor:
    """`magnitude_mask` by torch.nn.utils.prune, which works on the parameters of a module."""
    holder = nn.Module()
    holder.weight = nn.Parameter(weight.detach().clone(memory_format=contiguous_format))
    return prune.l1_unstructured(holder, "weight", round(sparsity * weight.numel())).weight_mask.bool()


def torch_masks(weights: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    """`global_masks` by the same library: its global pruning is this, on all weights joined."""
    copies = [nn.Parameter(weight.detach().clone(memory_format=contiguous_format)) for weight in weights.values()]
    vector_to_parameters(torch_mask(parameters_to_vector(copies), sparsity).to(copies[0].dtype), copies)
    return {name: copy.detach().bool() for name, copy in zip(weights, copies, strict=True)}
