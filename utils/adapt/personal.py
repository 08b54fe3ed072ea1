"""Make a trained model a person's own, from a minute of that person's labeled motion."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.adapt.latent import features_of
from utils.adapt.policies import select_trainable
from utils.train import Augment, Data, Labelled, Loss, Samples, TrainConfig, check_size, constant, fit, labelled, only_trainable


@dataclass(frozen=True)
class AdaptConfig(TrainConfig):
    """How to adapt a model on a device: plain gradient descent on small batches with a constant learning rate.

    policy: which parameters learn (`select_trainable`).
    learn_statistics: False keeps the batch norms as they were: each window is judged by itself, and a minute of one
        person does not replace what hours of others gave. True lets them learn from the batches.
    All else as in `TrainConfig`, with other defaults; warmup has no use here.

    >>> AdaptConfig(epochs=20, lr=0.5).policy
    'last'
    """

    lr: float = 0.1
    batch_size: int = 14
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augment: bool = False
    momentum: float = 0.0
    learn_statistics: bool = False
    policy: str = "last"


def personalise(
    model: nn.Module, data: Data, config: AdaptConfig, *, rehearsal: Data | None = None, augment: Augment | None = None
) -> nn.Module:
    """Train some parameters of a copy on a person's data; `model` is left untouched.

    Each step takes a batch of the person's windows and, if there is a buffer, as many windows from it (experience
    replay: Chaudhry et al., On Tiny Episodic Memories, 2019); their two losses count alike.

    Where only the end of the model learns (the classifier), what lies before it never changes: it runs once for each
    window, and a device may keep the features instead of the windows (latent replay: Pellegrini et al., 2020). The
    result is that of running the whole model in every step; where it would not be, the whole model is run.

    data: the person's windows and labels. rehearsal: those of the people that the model was trained on, from a `Reservoir`.
    augment: (windows, generator) -> windows, applied to each batch of the person's windows.

    Returns the adapted copy, in evaluation mode.

    >>> inputs, labels = torch.eye(3), torch.tensor([2, 0, 1])
    >>> adapted = personalise(nn.Linear(3, 3), (inputs, labels), AdaptConfig(epochs=100, lr=1.0))
    >>> adapted(inputs).argmax(1)
    tensor([2, 0, 1])

    Raises:
        ValueError: no windows, an empty buffer, an unknown policy, no epochs.
        FloatingPointError: the loss is no longer finite.
    """
    mine, old = labelled(data), None if rehearsal is None else labelled(rehearsal)
    check_size(len(mine.labels), config)
    if old is not None and not len(old.labels):
        raise ValueError("the rehearsal buffer is empty: fill it, or leave it out")
    adapted = copy.deepcopy(model).eval()
    trainable = select_trainable([name for name, _ in adapted.named_parameters()], config.policy)
    generator = torch.Generator().manual_seed(config.seed)
    with only_trainable(adapted, trainable):
        learner: nn.Module = adapted
        sets = [mine.inputs] if old is None else [mine.inputs, old.inputs]
        if augment is None and not config.augment and (stored := features_of(adapted, trainable, sets, config)):
            learner, features = stored
            mine = Samples(features[0], mine.labels)
            old = None if old is None else Samples(features[1], old.labels)
        loss = None if old is None else _rehearsing(old, config, generator)
        fit(learner, mine, config, loss=loss, augment=augment, schedule=constant, generator=generator)
    return adapted.eval()


def _rehearsing(old: Labelled, config: TrainConfig, generator: torch.Generator) -> Loss:
    """The mean of the loss on a batch and of the loss on as many inputs drawn from the buffer."""

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        new = F.cross_entropy(model(x), y, label_smoothing=config.label_smoothing)
        drawn = torch.randint(len(old.labels), (len(y),), generator=generator)
        return (new + F.cross_entropy(model(old.inputs[drawn]), old.labels[drawn], label_smoothing=config.label_smoothing)) / 2

    return loss
