"""Training for the code length: the loss is the task's plus lambda times the bits that the integers of the weights cost.

Oktay, Balle, Singh and Shrivastava, "Scalable Model Compression by Entropy Penalized Reparameterization", 2020
(arXiv 1906.06624), with a mixture density instead of a free one, and steps that a file names by one small integer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from utils.compress.rate.integer_weight import IntegerWeight, freeze_integers_, latent_of, parts_of, prepare_
from utils.models import Codes
from utils.train import Augment, Data, History, Loss, Schedule, TrainConfig, cross_entropy, fit


@dataclass(frozen=True)
class RateConfig:
    """How to train for the code length.

    train: epochs, batch size, seed and augmentation; its lr is that of Adam, 1e-3 works for small networks.
    price: lambda, what a bit costs in units of the loss; 0 trains rounded weights without a rate.
    ramp: the price rises in a straight line during this share of the training.
    step: the first step between neighboring values; it is trained. per_row: one step for each output instead of each tensor.
    structured: rows and columns of zeros cost less (see `LogisticMixture`).
    latent_factor, step_factor, density_factor: learning rates of the integers (counted in steps), of the steps and of the
        densities, as multiples of train.lr.

    Raises:
        ValueError: a price or ramp out of range, or a step or factor that is not positive.
    """

    train: TrainConfig
    price: float
    ramp: float = 0.3
    step: float = 0.0625
    per_row: bool = False
    structured: bool = True
    latent_factor: float = 20.0
    step_factor: float = 3.0
    density_factor: float = 10.0

    def __post_init__(self) -> None:
        if not 0 <= self.price < float("inf") or not 0 <= self.ramp <= 1:
            raise ValueError(f"need a price of at least 0 and a ramp in [0, 1], got {self.price} and {self.ramp}: 1e-5 and 0.3 are usual")
        for what in ("step", "latent_factor", "step_factor", "density_factor"):
            if not 0 < getattr(self, what) < float("inf"):
                raise ValueError(f"{what} must be positive, got {getattr(self, what)}: leave it out for the usual value")


@dataclass
class RateResult:
    """What a training for the code length gave.

    codes: parameter's name -> integers and steps, what `compress_to_titan` stores.
    history: losses and accuracies of each epoch. bits: what the densities say that the integers cost, after each epoch.
    """

    codes: dict[str, Codes]
    history: History
    bits: list[float] = field(default_factory=list)


def train_for_rate(
    model: nn.Module,
    data: Data,
    config: RateConfig,
    *,
    validation: Data | None = None,
    loss: Loss | None = None,
    augment: Augment | None = None,
    schedule: Schedule | None = None,
    on_epoch: Callable[[int, RateResult], None] | None = None,
    resume: Path | None = None,
) -> RateResult:
    """Train `model` in place so that its weights are few bits: integers times a step, mostly zeros.

    It goes on from the weights that the model has. Afterwards the weights and biases of convolutions and linear layers are
    exactly integers times steps, in float32; all else of the model is as `fit` leaves it.

    data, validation, augment, schedule, resume: as `utils.train.fit` has them.
    loss: (model, inputs, labels) -> scalar, the task's part; cross entropy unless given. `from_teacher` gives a teacher's.
    on_epoch: called after every epoch with its number and the result so far, without codes.

    >>> inputs = torch.randn(256, 8, generator=torch.Generator().manual_seed(0))
    >>> config = RateConfig(TrainConfig(epochs=8, lr=1e-2, batch_size=32), price=1e-2)
    >>> result = train_for_rate(nn.Linear(8, 2), (inputs, (inputs[:, 0] > 0).long()), config)
    >>> result.bits[-1] < result.bits[0], result.codes["weight"].values.dtype
    (True, torch.int16)

    Raises:
        ValueError: a model without such layers, prepared already, or with shared weights; what `fit` refuses.
        FloatingPointError: the loss is no longer finite.
    """
    prepare_(model, config.step, config.per_row, config.structured)
    rate = _Rate(model, config, loss or cross_entropy(config.train.label_smoothing))
    result = RateResult({}, History(), rate.bits)

    def note(epoch: int, history: History) -> None:
        result.history = history
        if on_epoch:
            on_epoch(epoch, result)

    try:
        result.history = fit(
            model, data, config.train, validation=validation, loss=rate, augment=augment, schedule=schedule or _late_decay,
            optimizer=lambda *_: rate.optimizer(), after_step=rate, on_epoch=note, resume=resume,
        )  # fmt: skip
    finally:
        model.to(memory_format=torch.contiguous_format)
        result.codes = freeze_integers_(model)
    return result


def _late_decay(done: float) -> float:
    """The learning rate stays for half of the training, then falls in a straight line to a hundredth."""
    return 1.0 if done < 0.5 else 1 - 0.99 * (done - 0.5) / 0.5


class _Rate:
    """The loss with its rate, called with (model, x, y); and what `fit` calls after each step, with the share done."""

    def __init__(self, model: nn.Module, config: RateConfig, task: Loss) -> None:
        self.config, self.task = config, task
        self.parts: list[tuple[nn.Module, str, IntegerWeight]] = list(parts_of(model).values())
        self.others = [parameter for name, parameter in model.named_parameters() if "parametrizations." not in name]
        self.done, self.last = 0.0, 0.0
        self.bits: list[float] = []

    def __call__(self, *given: Any) -> Any:
        """One object for both, since `fit` keeps the state of what it calls after a step."""
        if len(given) == 1:
            return self._after_step(*given)
        return self._loss(*given)

    def _loss(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        price = self.config.price * min(1.0, self.done / self.config.ramp if self.config.ramp else 1.0)
        bits = torch.stack([weight.bits(latent_of(layer, part)) for layer, part, weight in self.parts]).sum()
        self.last = bits.item()
        return self.task(model, x, y) + price * bits

    def _after_step(self, done: float) -> None:
        before, self.done = self.done, done
        epochs = self.config.train.epochs
        if int(done * epochs + 1e-9) > int(before * epochs + 1e-9):
            self.bits.append(self.last)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam, with learning rates of their own for what is counted in other units."""
        how, parts = self.config, [weight for _, _, weight in self.parts]
        groups = [
            {"params": [latent_of(layer, part) for layer, part, _ in self.parts], "factor": how.latent_factor},
            {"params": [weight.exponent for weight in parts], "factor": how.step_factor},
            {"params": [parameter for weight in parts for parameter in weight.density.parameters()], "factor": how.density_factor},
        ]
        if self.others:
            groups.append({"params": self.others, "factor": 1.0})
        return torch.optim.Adam(groups, lr=how.train.lr)

    def state_dict(self) -> dict:
        """Where the training is."""
        return {"done": self.done, "bits": self.bits}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a `state_dict`."""
        self.done, self.bits[:] = state["done"], state["bits"]
