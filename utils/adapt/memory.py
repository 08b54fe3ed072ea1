"""The memory that training needs on a device, counted on the tensors themselves.

Inference holds the weights and two layers' activations at a time. Training holds more: a gradient for all that learns, the
optimizer's state, and every activation that the backward pass will read. The last part grows with the batch and is the
largest (Cai et al., TinyTL, 2020).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.train import buffers_kept, mode, only_trainable, random_numbers

STATES = {"sgd": 0, "momentum": 1, "adam": 2}  # values that an optimizer keeps for each parameter


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that one training step holds at its peak.

    weights: all parameters and buffers, whether they learn or not.
    gradients: of the parameters that learn.
    optimizer: its state.
    activations: what the forward pass stores for the backward pass.

    >>> TrainingMemory(weights=400, gradients=40, optimizer=0, activations=1000).total
    1440
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """The sum of the four."""
        return self.weights + self.gradients + self.optimizer + self.activations


def training_memory(
    model: nn.Module,
    example: Tensor,
    trainable: Iterable[str],
    batch: int,
    optimizer: str = "sgd",
    *,
    learn_statistics: bool = False,
) -> TrainingMemory:
    """Count one step of cross entropy on `batch` windows.

    The forward pass is really run, and torch reports what it saves. A tensor that two layers need counts once,
    parameters do not count again. Where nothing below a layer learns, nothing is stored there: a frozen layer costs no
    activations unless the gradient has to pass through it. Not counted: what lives for one layer only (workspace,
    gradients of the backward pass), labels of other forms, the program.

    example: (n, ...) float32, of which the first is repeated.
    trainable: names of the parameters that learn (`select_trainable`).
    optimizer: "sgd", "momentum" or "adam": 0, 1 or 2 values for each parameter that learns.
    learn_statistics: whether batch norms use and learn the batch's statistics, as in training from scratch.

    >>> model = nn.Sequential(nn.Linear(10, 10), nn.Linear(10, 2))
    >>> last = training_memory(model, torch.zeros(1, 10), ["1.weight", "1.bias"], batch=8)
    >>> last.weights, last.gradients
    (528, 88)

    Raises:
        ValueError: an unknown optimizer or name, no names, a batch below 1, no example.
    """
    if optimizer not in STATES:
        raise ValueError(f"optimizer must be one of {', '.join(STATES)}, got {optimizer!r}")
    if batch < 1 or not len(example):
        raise ValueError(f"a step needs at least one example and a batch of 1 or more, got {len(example)} and {batch}")
    known = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    stored: dict[int, Tensor] = {}

    def note(tensor: Tensor) -> Tensor:
        where = tensor.untyped_storage().data_ptr()
        if where and where not in known:
            stored[where] = tensor  # kept, so that its address is not given to another one
        return tensor

    windows = example[:1].repeat(batch, *[1] * (example.ndim - 1))
    with buffers_kept(model), random_numbers(0), mode(model, True, learn_statistics), torch.enable_grad():
        with only_trainable(model, trainable) as parameters, torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            F.cross_entropy(model(windows), torch.zeros(batch, dtype=torch.int64))
        gradients = sum(parameter.nbytes for parameter in parameters)
    return TrainingMemory(
        weights=sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers())),
        gradients=gradients,
        optimizer=STATES[optimizer] * gradients,
        activations=sum(tensor.untyped_storage().nbytes() for tensor in stored.values()),
    )
