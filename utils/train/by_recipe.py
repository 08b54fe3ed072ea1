"""A network for examinations, trained as a recipe of the zoo says: on the recipe's own data, or on examinations of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from utils.data import Exams
from utils.models import MicroConfig, MicroNet, MotionConfig, MotionNet, Perceptron, PerceptronConfig, ResidualConfig, ResidualNet
from utils.train.config import TrainConfig
from utils.train.loop import Augment, Loss, fit
from utils.train.photo_augment import PhotoAugment
from utils.train.signal_augment import SignalAugment

KINDS: dict[str, tuple[Any, Any]] = {
    "residual": (ResidualNet, ResidualConfig),
    "micro": (MicroNet, MicroConfig),
    "motion": (MotionNet, MotionConfig),
    "perceptron": (Perceptron, PerceptronConfig),
}


def train_by_recipe(what: Mapping[str, Any], exams: Exams, seed: int = 0, loss: Loss | None = None) -> nn.Module:
    """A new network, trained on these examinations; the same recipe, examinations and seed give the same weights.

    what: `utils.models.zoo.recipe(name)`, of which "model", "train" and "augment" are read. The channels of the inputs and the
    number of classes are those of `exams`. loss: cross entropy unless given, such as `from_teacher(...)`.

    >>> exams = Exams(torch.randn(40, 1, 30), torch.arange(40) % 2, ("healthy", "ill"), "forty people")
    >>> what = {"model": {"kind": "perceptron", "hidden": [8]}, "train": {"epochs": 1, "lr": 0.01}}
    >>> train_by_recipe(what, exams)(exams.inputs).shape
    torch.Size([40, 2])

    Raises:
        ValueError: a kind of network that is not one of KINDS, or what `fit` refuses.
    """
    torch.manual_seed(seed)
    model = _network(what["model"], exams)
    config = TrainConfig(**{"seed": seed, "label_smoothing": 0.0, "augment": False, **what["train"]})
    fit(model, exams, config, loss=loss, augment=_augment(what, exams))
    return model


def _network(shape: Mapping[str, Any], exams: Exams) -> nn.Module:
    """Before training, with random weights."""
    if (kind := shape.get("kind")) not in KINDS:
        raise ValueError(f"a network for examinations is of kind {', '.join(KINDS)}, got {kind!r}: choose one")
    network, config = KINDS[kind]
    given = {name: value for name, value in shape.items() if name != "kind"}
    if kind == "perceptron":
        sizes = {"inputs": exams.inputs[0].numel(), "hidden": tuple(given.pop("hidden"))}
        return network(config(classes=len(exams.classes), **sizes, **given))
    made = config.of(given["stem"], *given["blocks"]).to_dict() if "stem" in given else given
    return network(config.from_dict({**made, "classes": len(exams.classes), "in_channels": exams.inputs.shape[1]}))


def _augment(what: Mapping[str, Any], exams: Exams) -> Augment | None:
    if "augment" not in what:
        return None
    return PhotoAugment(**what["augment"]) if exams.inputs.ndim == 4 else SignalAugment(**what["augment"])
