"""Gradient steps on motion: the plain loop that training, adapting and every federated client share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

Augment = Callable[[Tensor, torch.Generator], Tensor]


class Labelled(Protocol):
    """What can be learnt from: `utils.data.Motion`, or anything with these two."""

    @property
    def windows(self) -> Tensor:
        """(n, channels, size) float32."""
        ...

    @property
    def labels(self) -> Tensor:
        """(n,) int64."""
        ...


@contextmanager
def only_trainable(model: nn.Module, names: Iterable[str]) -> Iterator[list[nn.Parameter]]:
    """Let the named parameters learn and no other; afterwards every parameter is as it was.

    Raises:
        ValueError: a name that the model does not have, or none.
    """
    wanted, parameters = set(names), dict(model.named_parameters())
    if not wanted or wanted - parameters.keys():
        raise ValueError(f"trainable must name parameters of the model ({', '.join(parameters)}), got {sorted(wanted) or 'none'}")
    before = {name: parameter.requires_grad for name, parameter in parameters.items()}
    try:
        for name, parameter in parameters.items():
            parameter.requires_grad_(name in wanted)
        yield [parameter for name, parameter in parameters.items() if name in wanted]
    finally:
        for name, parameter in parameters.items():
            parameter.requires_grad_(before[name])


@contextmanager
def mode(model: nn.Module, training: bool, learn_statistics: bool) -> Iterator[None]:
    """Put a model into a mode, its batch norms apart from the rest; afterwards every part is in the mode that it was in."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.train(training)
        for module in model.modules():
            if isinstance(module, _BatchNorm):
                module.train(learn_statistics)
        yield
    finally:
        for module, before in modes:
            module.training = before


def one_cycle(share: float, warmup: float = 0.2) -> float:
    """The learning rate's factor when this share of the steps is done: up in a line, down in half a cosine."""
    if share < warmup:
        return share / warmup
    return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))


def train(
    model: nn.Module,
    data: Labelled,
    *,
    epochs: int,
    lr: float = 0.1,
    momentum: float = 0.9,
    weight_decay: float = 5e-4,
    batch_size: int = 64,
    seed: int = 0,
    augment: Augment | None = None,
    schedule: Callable[[float], float] = one_cycle,
    learn_statistics: bool = True,
    on_epoch: Callable[[int, float], None] | None = None,
) -> int:
    """Train a whole model in place by SGD with (Nesterov) momentum and leave it in evaluation mode; return the steps taken.

    augment: (windows, generator) -> windows (`MotionAugment`). schedule: share of the steps done, in (0, 1] -> factor of lr.
    learn_statistics: False normalises by the batch norms' stored statistics and leaves them as they are.
    on_epoch: called after each epoch with its number (from 1) and its mean loss.

    Raises:
        ValueError: no epochs or no windows.
        FloatingPointError: the loss is no longer finite.
    """
    n = len(data.labels)
    if epochs < 1 or batch_size < 1 or not n:
        raise ValueError(f"need at least one epoch, window and place in the batch, got {epochs}, {n} and {batch_size}")
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0)
    generator, done, steps = torch.Generator().manual_seed(seed), 0, epochs * -(-n // batch_size)
    with mode(model, True, learn_statistics):
        for epoch in range(1, epochs + 1):
            total = 0.0
            for index in torch.randperm(n, generator=generator).split(batch_size):
                done += 1
                for group in optimizer.param_groups:
                    group["lr"] = lr * schedule(done / steps)
                windows = data.windows[index]
                loss = F.cross_entropy(model(windows if augment is None else augment(windows, generator)), data.labels[index])
                step(optimizer, loss, f"epoch {epoch}: lower lr from {lr}")
                total += loss.item() * len(index)
            if on_epoch:
                on_epoch(epoch, total / n)
    model.eval()
    return done


def step(optimizer: torch.optim.Optimizer, loss: Tensor, where: str) -> None:
    """One update, or FloatingPointError that says where the loss ceased to be a number."""
    if not torch.isfinite(loss):
        raise FloatingPointError(f"the loss became {loss.item()} in {where}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@torch.no_grad()
def predict(model: nn.Module, windows: Tensor, batch_size: int = 500) -> Tensor:
    """Logits (n, classes) in evaluation mode; the model is left in the mode that it was in, part by part."""
    with mode(model, training=False, learn_statistics=False):
        return torch.cat([model(batch) for batch in windows.split(batch_size)])


def accuracy(model: nn.Module, data: Labelled) -> float:
    """Share of right answers, in percent.

    Raises:
        ValueError: the data is empty.
    """
    if not len(data.labels):
        raise ValueError("accuracy of no windows: give at least one")
    return 100 * (predict(model, data.windows).argmax(1) == data.labels).float().mean().item()
