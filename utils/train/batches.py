"""How the inputs of an epoch are divided into batches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from utils.train.config import TrainConfig
from utils.train.modes import buffers_kept


def check_size(count: int, config: TrainConfig) -> None:
    """Refuse a training of nothing.

    >>> check_size(8, TrainConfig(epochs=1))

    Raises:
        ValueError: no epochs, no inputs (count), or a batch of none.
    """
    if config.epochs < 1 or config.batch_size < 1 or count < 1:
        raise ValueError(
            f"need at least one epoch, one input and a batch of one, got {config.epochs} epochs, {count} inputs "
            f"and a batch of {config.batch_size}"
        )


def batch_sizes(model: nn.Module, inputs: Tensor, batch_size: int) -> list[int]:
    """The sizes of an epoch's batches: all but the last are `batch_size`.

    A last batch of one joins the batch before where the model, in the mode that it is in, can't be trained on one input.

    >>> batch_sizes(nn.BatchNorm1d(3), torch.zeros(9, 3), batch_size=4)
    [4, 5]
    >>> batch_sizes(nn.Linear(3, 3), torch.zeros(9, 3), batch_size=4)
    [4, 4, 1]

    Raises:
        ValueError: batches of one, and the model can't be trained on them.
    """
    full, rest = divmod(len(inputs), batch_size)
    sizes = [batch_size] * full + [rest] * (rest > 0)
    if sizes[-1] > 1 or _takes_one(model, inputs):
        return sizes
    if len(sizes) == 1 or sizes[-2] == 1:
        raise ValueError(
            f"a batch norm has no variance to learn from in a batch of one, got {len(inputs)} inputs in batches of {batch_size}: "
            "give two or more of both, or set learn_statistics=False"
        )
    return [*sizes[:-2], sizes[-2] + 1]


@torch.no_grad()
def _takes_one(model: nn.Module, inputs: Tensor) -> bool:
    """Whether the model runs on one input, or fails on two as well, which is another fault."""
    with buffers_kept(model):
        for twice in (1, 2):
            try:
                model(inputs[:1].repeat(twice, *[1] * (inputs.ndim - 1)))
            except (ValueError, RuntimeError):
                continue
            return twice == 1
    return True
