"""Prune while training: a schedule, and the object that follows it after every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from utils.compress.layers import weighted_layers
from utils.compress.pruning.masks import global_masks, random_masks


def cubic_sparsity(step: float, begin: float, end: float, final_sparsity: float) -> float:
    """Fast at first, gently at the end (Zhu and Gupta, 2017, equation 1, from zero sparsity).

    Zero until `begin`, `final_sparsity` from `end` on; steps in any unit, the same for all three.

    Raises:
        ValueError: `end` is not after `begin`.
    """
    if not begin < end:
        raise ValueError(f"end must come after begin, got begin={begin}, end={end}")
    if step <= begin:
        return 0.0
    if step >= end:
        return final_sparsity
    left = (end - step) / (end - begin)
    return final_sparsity * (1 - left**3)


def prunable(model: nn.Module) -> dict[str, Tensor]:
    """The weights that pruning may remove: those of convolutions (transposed ones too) and linear layers, not biases or norms.

    A weight that two layers share is there once, under its first name.

    >>> list(prunable(nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1), nn.Linear(1, 1))))
    ['0.weight', '2.weight']
    """
    return {f"{name}.weight".removeprefix("."): layer.weight for name, layer in weighted_layers(model).items()}


@torch.no_grad()
def apply_masks(model: nn.Module, masks: Mapping[str, Tensor | np.ndarray]) -> nn.Module:
    """Set what the masks remove to zero, in place; return the model.

    masks: name -> bool or 0 and 1, of the weight's shape; True and 1 keep.

    Raises:
        ValueError: a mask for a weight that the model does not have, or of another shape, or a layer that
            `torch.nn.utils.prune` masks already; nothing was changed then.

    >>> layer = nn.Linear(2, 1)
    >>> apply_masks(layer, {"weight": np.array([[0, 1]])}).weight[0, 0].item()
    0.0
    """
    weights, kept = prunable(model), {name: torch.as_tensor(mask).bool() for name, mask in masks.items()}
    for name, mask in kept.items():
        if name not in weights or weights[name].shape != mask.shape:
            raise ValueError(f"no weight {name!r} of shape {tuple(mask.shape)} in this {type(model).__name__}: make the masks from it")
        if not isinstance(weights[name], nn.Parameter):
            raise ValueError(f"{name!r} is computed in each pass: call torch.nn.utils.prune.remove on its layer first")
    for name, mask in kept.items():
        weights[name].masked_fill_(~mask.to(weights[name].device), 0.0)
    return model


def sparsity_of(model: nn.Module) -> float:
    """Share of the prunable weights that are zero, in [0, 1].

    Raises:
        ValueError: the model has no prunable weights.

    >>> layer = nn.Linear(2, 1)
    >>> layer.weight.data = torch.tensor([[0.0, 3.0]])
    >>> sparsity_of(layer)
    0.5
    """
    weights = list(prunable(model).values())
    if not weights:
        raise ValueError(f"{type(model).__name__} has no weights to prune: give a model with convolutions or linear layers")
    return 1 - sum(int((w != 0).sum()) for w in weights) / sum(w.numel() for w in weights)


class GradualPruner:
    """Follows a schedule during training: give it to `fit` as `after_step`.

    The share of training done is the clock: pruning starts at `begin`, ends at `end`, and the rest
    heals. The masks are found anew every `every` steps and applied after each step, so a removed
    weight stays removed. `fit` keeps its state with the model's when it can be resumed.

    choose: (weights, sparsity) -> masks; `global_masks` unless given.
    schedule: (step, begin, end, final_sparsity) -> sparsity at that step.

    Raises:
        ValueError: not 0 <= sparsity < 1 or not 0 <= begin < end <= 1.
    """

    def __init__(
        self,
        model: nn.Module,
        sparsity: float,
        *,
        begin: float = 0.0,
        end: float = 0.6,
        every: int = 20,
        choose: Callable[[dict[str, Tensor], float], dict[str, Tensor]] = global_masks,
        schedule: Callable[[float, float, float, float], float] = cubic_sparsity,
    ) -> None:
        if not 0 <= sparsity < 1:
            raise ValueError(f"sparsity must lie in [0, 1), got {sparsity}: use 0.95 to remove 95 % of the weights")
        if not 0 <= begin < end <= 1 or every < 1:
            raise ValueError(f"need 0 <= begin < end <= 1, shares of the training, and every >= 1, got {begin}, {end} and {every}")
        self.model, self.sparsity, self.begin, self.end = model, sparsity, begin, end
        self.every, self.choose, self.schedule = every, choose, schedule
        self.masks: dict[str, Tensor] = {}
        self.steps, self.last = 0, -1.0

    def __call__(self, progress: float) -> None:
        """After a step of training; progress: the share of the training done, in (0, 1]."""
        target = float(self.schedule(progress, self.begin, self.end, self.sparsity))  # whatever kind of number it is
        apply_masks(self.model, self.masks)  # first, or the last update could bring a removed weight back
        due = self.steps % self.every == 0 or progress >= self.end
        if due and target != self.last:
            weights = {name: weight.detach().contiguous() for name, weight in prunable(self.model).items()}  # `fit` lays them out otherwise
            self.masks = self.choose(weights, target)
            self.last = target
            apply_masks(self.model, self.masks)
        self.steps += 1

    def state_dict(self) -> dict:
        """What a later process needs to go on: tensors and numbers."""
        return {"masks": dict(self.masks), "steps": self.steps, "last": self.last}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a `state_dict`."""
        self.masks, self.steps, self.last = dict(state["masks"]), state["steps"], state["last"]


def nested_random_masks(seed: int) -> Callable[[dict[str, Tensor], float], dict[str, Tensor]]:
    """The control for `GradualPruner`: random masks whose later ones lie inside the earlier ones."""
    return lambda weights, sparsity: random_masks(weights, sparsity, torch.Generator().manual_seed(seed))


def sensitivity(evaluate: Callable[[str, float], float], names: Iterable[str], sparsities: Iterable[float]) -> dict[str, list[float]]:
    """Prune one layer at a time: name -> what `evaluate(name, sparsity)` says for each sparsity."""
    levels = list(sparsities)
    return {name: list(map(partial(evaluate, name), levels)) for name in names}
