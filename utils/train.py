"""The one training loop.

SGD with Nesterov momentum and a one-cycle learning rate (Smith and Topin, 2018). Whatever a
technique adds is a callable: a loss (distillation), a step to repeat after each update (masks).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.data import Images

Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class TrainConfig:
    """How to train; two equal configurations give equal weights on one machine and thread count.

    lr: the peak; it rises for the first `warmup` share of the steps and falls to zero.
    augment: shift by up to 2 pixels, mirror, cut out an 8x8 square, each image on its own.
    bfloat16: mixed precision by autocast (faster where the processor has it, never needed).
    """

    epochs: int
    lr: float = 0.2
    batch_size: int = 256
    weight_decay: float = 5e-4
    label_smoothing: float = 0.05
    warmup: float = 0.2
    augment: bool = True
    bfloat16: bool = False
    seed: int = 0


@dataclass
class History:
    """Per epoch: mean training loss and, if validation data was given, its accuracy in percent."""

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)


@torch.no_grad()
def predict(model: nn.Module, images: Tensor, batch_size: int = 500) -> Tensor:
    """Logits (n, classes) in evaluation mode; the mode of each part of the model is restored."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        return torch.cat([model(batch) for batch in images.split(batch_size)])
    finally:
        for module, training in modes:
            module.training = training


def accuracy(model: nn.Module, data: Images) -> float:
    """Share of right answers, in percent.

    Raises:
        ValueError: the data is empty.
    """
    if not len(data):
        raise ValueError("accuracy of no images: give at least one")
    hits = predict(model, data.images).argmax(1) == data.labels
    return 100 * hits.float().mean().item()


def augmented(images: Tensor, generator: torch.Generator, shift: int = 2, hole: int = 8) -> Tensor:
    """Shift, mirror and cut out, drawn for each image alone. images: (n, c, h, w) float32."""
    n, _, height, width = images.shape
    draw = lambda high: torch.randint(high, (n,), generator=generator)  # noqa: E731
    padded = F.pad(images, [shift] * 4, mode="replicate")
    rows = torch.arange(height) + draw(2 * shift + 1)[:, None]
    columns = torch.arange(width) + draw(2 * shift + 1)[:, None]
    columns = torch.where(draw(2)[:, None].bool(), columns.flip(1), columns)
    where = rows[:, :, None] * padded.shape[3] + columns[:, None, :]
    out = padded.flatten(2).gather(2, where.view(n, 1, -1).expand(-1, images.shape[1], -1)).view_as(images)
    top, left = draw(height)[:, None] - hole // 2, draw(width)[:, None] - hole // 2
    in_rows = (torch.arange(height) >= top) & (torch.arange(height) < top + hole)
    in_columns = (torch.arange(width) >= left) & (torch.arange(width) < left + hole)
    return out.masked_fill((in_rows[:, :, None] & in_columns[:, None, :])[:, None], 0.0)


def cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """The plain loss: cross entropy against the labels."""
    return lambda model, x, y: F.cross_entropy(model(x), y, label_smoothing=label_smoothing)


def fit(
    model: nn.Module,
    data: Images,
    config: TrainConfig,
    *,
    validation: Images | None = None,
    loss: Loss | None = None,
    after_step: Callable[[float], None] | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
    resume: Path | None = None,
) -> History:
    """Train `model` in place and leave it in evaluation mode, also after an error.

    Parts in evaluation mode of a model in training mode (a frozen batch norm) stay so.
    loss: (model, images, labels) -> scalar; cross entropy with label smoothing unless given.
    after_step: called after every update with the share of training done, in (0, 1]; its `state_dict`, if it
        has one, is kept in the state.
    on_epoch: called after every epoch with its number (from 1) and the history so far.
    resume: a file that keeps the state of the last whole epoch; read if it is there.

    Raises:
        ValueError: no epochs or no data, or a state that is no state or belongs to another training.
        FloatingPointError: the loss is no longer finite.
    """
    if config.epochs < 1 or not len(data):
        raise ValueError(f"need at least one epoch and one image, got {config.epochs} epochs, {len(data)} images")
    loss = loss or cross_entropy(config.label_smoothing)
    model.to(memory_format=torch.channels_last)
    per_epoch = -(-len(data) // config.batch_size)
    steps = config.epochs * per_epoch
    optimizer, cycle = _optimizer(model, config, steps)
    history, first = History(), 0
    parts: dict[str, Any] = {"model": model, "optimizer": optimizer, "cycle": cycle}
    if hasattr(after_step, "state_dict"):
        parts["after_step"] = after_step
    belongs = {"config": asdict(config), "images": len(data), "shapes": [list(tensor.shape) for tensor in model.state_dict().values()]}
    if resume and resume.is_file():
        state = _read_state(resume, belongs, parts)
        history, first = History(**state["history"]), state["epoch"]
    frozen = [module for module in model.modules() if model.training and not module.training]
    try:
        for epoch in range(first, config.epochs):
            generator = torch.Generator().manual_seed(1000 * config.seed + epoch)  # an epoch is the same after a resume
            model.train()
            for module in frozen:
                module.training = False
            total = 0.0
            for number, index in enumerate(torch.randperm(len(data), generator=generator).split(config.batch_size)):
                x, y = data.images[index], data.labels[index]
                if config.augment:
                    x = augmented(x, generator)
                with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
                    value = loss(model, x.contiguous(memory_format=torch.channels_last), y)
                if not torch.isfinite(value):
                    raise FloatingPointError(f"the loss became {value.item()} in epoch {epoch + 1}: lower lr from {config.lr}")
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                cycle.step()
                total += value.item() * len(index)
                if after_step:
                    after_step((epoch * per_epoch + number + 1) / steps)
            history.loss.append(total / len(data))
            if validation is not None:
                history.accuracy.append(accuracy(model, validation))
            if resume:
                _write_state(resume, {"belongs": belongs, "history": vars(history), "epoch": epoch + 1}, parts)
            if on_epoch:
                on_epoch(epoch + 1, history)
    finally:
        model.eval()
    return history


def _optimizer(model: nn.Module, config: TrainConfig, steps: int) -> tuple[torch.optim.SGD, torch.optim.lr_scheduler.OneCycleLR]:
    """Weights decay, biases and norms do not."""
    decay = [p for p in model.parameters() if p.ndim > 1]
    no_decay = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": config.weight_decay}, {"params": no_decay, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=config.lr, momentum=0.9, nesterov=True)
    warmup = 0.0 if config.warmup * steps == 1 else config.warmup  # a rise of a single step has no length to divide by
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.lr, total_steps=steps, pct_start=warmup, cycle_momentum=False)
    return optimizer, cycle


def _write_state(path: Path, state: dict, parts: dict[str, Any]) -> None:
    """Tensors and numbers only, so that reading them runs no code; the old state stays until the new one is whole."""
    partial = path.with_name(path.name + ".partial")
    torch.save({**state, **{name: part.state_dict() for name, part in parts.items()}}, partial)
    partial.replace(path)


def _read_state(path: Path, belongs: dict, parts: dict[str, Any]) -> dict:
    """Put the parts where the state says that training stopped; nothing is changed if it is not theirs."""
    try:
        state = torch.load(path, weights_only=True)
        ours = state["belongs"] == belongs and state.keys() == {"belongs", "history", "epoch", *parts}
    except Exception as error:  # whatever the reader says of junk, or of a state without these entries
        raise ValueError(f"{path} is not a whole training state ({type(error).__name__}): delete it to start anew") from error
    if not ours:
        raise ValueError(f"{path} was made with another configuration: delete it or use the old one")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return state
