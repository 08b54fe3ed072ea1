"""The one training loop: SGD on batches of whatever inputs a model takes.

Whatever a domain or a technique adds is a callable: an augmentation (motion, images), a loss (distillation, rehearsal), a
step to repeat after each update (masks), a schedule of the learning rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from utils.train.batches import batch_sizes, check_size
from utils.train.config import History, TrainConfig
from utils.train.evaluation import accuracy
from utils.train.image_augment import augmented
from utils.train.modes import random_numbers
from utils.train.resume import read_state, write_state
from utils.train.samples import Data, Labelled, labelled
from utils.train.schedules import Schedule, constant, smooth_one_cycle

Loss: TypeAlias = Callable[[nn.Module, Tensor, Tensor], Tensor]
Augment: TypeAlias = Callable[[Tensor, torch.Generator], Tensor]
MakeOptimizer: TypeAlias = Callable[[nn.Module, TrainConfig], torch.optim.Optimizer]


def cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """The plain loss: cross entropy against the labels.

    >>> loss = cross_entropy()
    >>> round(loss(nn.Identity(), torch.zeros(1, 2), torch.tensor([0])).item(), 3)
    0.693
    """
    return lambda model, x, y: F.cross_entropy(model(x), y, label_smoothing=label_smoothing)


def fit(
    model: nn.Module,
    data: Data,
    config: TrainConfig,
    *,
    validation: Data | None = None,
    loss: Loss | None = None,
    augment: Augment | None = None,
    schedule: Schedule | None = None,
    optimizer: MakeOptimizer | None = None,
    generator: torch.Generator | None = None,
    after_step: Callable[[float], None] | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
    resume: Path | None = None,
) -> History:
    """Train the parameters of `model` that require a gradient, in place, and leave it in evaluation mode, also after an error.

    Parts in evaluation mode of a model in training mode (a frozen batch norm) stay so. torch's global random numbers (dropout
    draws from them) follow from config.seed and go on afterwards where they were. A last batch of one joins the batch before
    where the model can't be trained on one input (a batch norm over one value has no variance).

    data, validation: anything with `inputs` and `labels`, or a pair of them; images, windows of a signal, token numbers.
    loss: (model, inputs, labels) -> scalar; cross entropy with label smoothing unless given.
    augment: (inputs, generator) -> inputs, applied to each batch; for images as `TrainConfig` says unless given.
    schedule: fraction of the steps done, in (0, 1] -> factor of config.lr; `smooth_one_cycle` unless given.
    optimizer: (model, config) -> what updates the parameters; SGD as `TrainConfig` says unless given. A group of parameters may
        have a "factor": its learning rate is so many times config.lr.
    generator: draws the order and the augmentation of all epochs; unless given, each epoch has one of its own, made from
        config.seed and the epoch, so that an interrupted training can be resumed.
    after_step: called after every update with the fraction of training done, in (0, 1]; its `state_dict`, if it has one, is
        kept in the state.
    on_epoch: called after every epoch with its number (from 1) and the history so far.
    resume: a file that keeps the state of the last complete epoch; read if it exists.

    >>> inputs = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    >>> model = nn.Linear(2, 2)
    >>> history = fit(model, (inputs, (inputs[:, 0] > 0).long()), TrainConfig(epochs=30, lr=0.5, batch_size=16))
    >>> history.steps, history.loss[-1] < history.loss[0]
    (120, True)

    Raises:
        ValueError: no epochs, no data, nothing that learns, batches of one that the model can't be trained on, a generator
            and a state to resume from, or a state that is not a state or belongs to another training.
        FloatingPointError: the loss is no longer finite.
    """
    data = labelled(data)
    check_size(len(data.labels), config)
    if resume and generator:
        raise ValueError("a training that draws from a generator of yours can't be resumed: leave out generator or resume")
    if data.inputs.ndim == 4:
        model.to(memory_format=torch.channels_last)
        augment = augment or (augmented if config.augment else None)
    evaluating = _evaluating(model, config)
    updates, history, first = (optimizer or _sgd)(model, config), History(), 0
    parts: dict[str, Any] = {"model": model, "optimizer": updates}
    if hasattr(after_step, "state_dict"):
        parts["after_step"] = after_step
    shapes = [list(tensor.shape) for tensor in model.state_dict().values()]
    belongs = {"config": asdict(config), "inputs": len(data.labels), "shapes": shapes}
    if resume and resume.is_file():
        state = read_state(resume, belongs, parts)
        history, first = History(**state["history"]), state["epoch"]
    try:
        with random_numbers(config.seed), torch.enable_grad():
            _train_mode(model, evaluating)
            sizes = batch_sizes(model, data.inputs, config.batch_size)
            steps = config.epochs * len(sizes)
            how = _Steps(model, updates, config, steps, history, loss or cross_entropy(config.label_smoothing), augment, after_step)
            how.schedule = schedule or smooth_one_cycle(steps, config.warmup)
            for epoch in range(first, config.epochs):
                seed = 1000 * config.seed + epoch  # an epoch is the same after a resume
                torch.default_generator.manual_seed(~seed)  # another one than the next line's, so that the two are independent
                draws = generator or torch.Generator().manual_seed(seed)
                _train_mode(model, evaluating)
                how.epoch(data, sizes, draws)
                if validation is not None:
                    history.accuracy.append(accuracy(model, validation))
                if resume:
                    write_state(resume, {"belongs": belongs, "history": vars(history), "epoch": epoch + 1}, parts)
                if on_epoch:
                    on_epoch(epoch + 1, history)
    finally:
        model.eval()
    return history


@dataclass
class _Steps:
    """The updates of one training. steps: of all epochs together; history counts those that are done."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    config: TrainConfig
    steps: int
    history: History
    loss: Loss
    augment: Augment | None
    after_step: Callable[[float], None] | None
    schedule: Schedule = constant

    def epoch(self, data: Labelled, sizes: list[int], draws: torch.Generator) -> None:
        """One update for each batch of a random order; the mean loss goes into the history."""
        total = 0.0
        for index in torch.randperm(len(data.labels), generator=draws).split(sizes):
            x = data.inputs[index]
            x = x if self.augment is None else self.augment(x, draws)
            total += self._step(x, data.labels[index]) * len(index)
        self.history.loss.append(total / len(data.labels))

    def _step(self, x: Tensor, y: Tensor) -> float:
        done = (self.history.steps + 1) / self.steps
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.lr * group.get("factor", 1.0) * self.schedule(done)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.bfloat16):
            value = self.loss(self.model, x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x, y)
        if not torch.isfinite(value):
            epoch = len(self.history.loss) + 1
            raise FloatingPointError(f"the loss became {value.item()} in epoch {epoch}: lower lr from {self.config.lr}")
        self.optimizer.zero_grad()
        value.backward()
        self.optimizer.step()
        self.history.steps += 1
        if self.after_step:
            self.after_step(done)
        return value.item()


def _evaluating(model: nn.Module, config: TrainConfig) -> list[nn.Module]:
    """The parts that stay in evaluation mode: those frozen in a model in training mode, batch norms that learn no statistics."""
    frozen = [module for module in model.modules() if model.training and not module.training]
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    return frozen if config.learn_statistics else [*frozen, *norms]


def _train_mode(model: nn.Module, evaluating: list[nn.Module]) -> None:
    model.train()
    for module in evaluating:
        module.training = False


def _sgd(model: nn.Module, config: TrainConfig) -> torch.optim.SGD:
    """Weights decay, biases and norms do not."""
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not learning:
        raise ValueError("no parameter of the model requires a gradient: call requires_grad_() on what should learn")
    decay, no_decay = ([p for p in learning if (p.ndim > 1) == wanted] for wanted in (True, False))
    groups = [{"params": decay, "weight_decay": config.weight_decay}, {"params": no_decay, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=config.momentum > 0)
