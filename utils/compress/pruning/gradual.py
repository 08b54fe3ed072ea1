"""Prune while training: a schedule, and the object that follows it after every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from utils.compress.pruning.masks import global_masks, random_masks


def cubic_sparsity(step: float, begin: float, end: float, final_sparsity: float) -> float:
    """Fast at first, gently at the end (Zhu and Gupta, 2017, equation 1, from zero sparsity).

    Zero until `begin`, `final_sparsity` from `end` on; steps in any unit, the same for all three.

    Raises:
        ValueError: `end` is not after `begin`.
    """
    if not begin < end:
        raise ValueError(f"end must come after begin, got begin={begin}, end={end}")
    done = min(max((step - begin) / (end - begin), 0.0), 1.0)
    return final_sparsity * (1 - (1 - done) ** 3)


def prunable(model: nn.Module) -> dict[str, Tensor]:
    """The weights that pruning may remove: those of convolutions and linear layers, not biases or norms."""
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    return {f"{name}.weight": layer.weight for name, layer in model.named_modules() if isinstance(layer, kinds)}


@torch.no_grad()
def apply_masks(model: nn.Module, masks: dict[str, Tensor]) -> nn.Module:
    """Set what the masks remove to zero, in place; return the model.

    Raises:
        ValueError: a mask for a weight that the model does not have, or of another shape.
    """
    weights = prunable(model)
    for name, mask in masks.items():
        if name not in weights or weights[name].shape != mask.shape:
            raise ValueError(f"no weight {name!r} of shape {tuple(mask.shape)} in this {type(model).__name__}: make the masks from it")
        weights[name].masked_fill_(~mask.bool(), 0.0)
    return model


def sparsity_of(model: nn.Module) -> float:
    """Share of the prunable weights that are zero, in [0, 1]."""
    weights = list(prunable(model).values())
    return 1 - sum(int((w != 0).sum()) for w in weights) / sum(w.numel() for w in weights)


class GradualPruner:
    """Follows `cubic_sparsity` during training: give it to `fit` as `after_step`.

    The share of training done is the clock: pruning starts at `begin`, ends at `end`, and the rest
    heals. The masks are found anew every `every` steps and applied after each step, so a removed
    weight stays removed.

    choose: (weights, sparsity) -> masks; `global_masks` unless given.
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
    ) -> None:
        self.model, self.sparsity, self.begin, self.end, self.every, self.choose = model, sparsity, begin, end, every, choose
        self.masks: dict[str, Tensor] = {}
        self.steps, self.last = 0, -1.0

    def __call__(self, progress: float) -> None:
        """After a step of training; progress: the share of the training done, in (0, 1]."""
        target = cubic_sparsity(progress, self.begin, self.end, self.sparsity)
        apply_masks(self.model, self.masks)  # first, or the last update could bring a removed weight back
        due = self.steps % self.every == 0 or progress >= self.end
        if due and target != self.last:
            self.masks = self.choose(prunable(self.model), target)
            self.last = target
            apply_masks(self.model, self.masks)
        self.steps += 1


def by_lot(seed: int) -> Callable[[dict[str, Tensor], float], dict[str, Tensor]]:
    """The control for `GradualPruner`: random masks whose later ones lie inside the earlier ones."""
    return lambda weights, sparsity: random_masks(weights, sparsity, torch.Generator().manual_seed(seed))


def sensitivity(evaluate: Callable[[str, float], float], names: Iterable[str], sparsities: Iterable[float]) -> dict[str, list[float]]:
    """Prune one layer at a time: name -> what `evaluate(name, sparsity)` says for each sparsity."""
    levels = list(sparsities)
    return {name: [evaluate(name, level) for level in levels] for name in names}
