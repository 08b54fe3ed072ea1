"""Make a trained model a person's own, from a minute of that person's labelled motion."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.adapt.policies import select_trainable
from utils.adapt.steps import Labelled, mode, only_trainable, step


def personalise(
    model: nn.Module,
    data: Labelled,
    *,
    policy: str,
    epochs: int,
    lr: float,
    rehearsal: Labelled | None = None,
    seed: int = 0,
    batch_size: int = 14,
    learn_statistics: bool = False,
) -> nn.Module:
    """Train some parameters of a copy by plain gradient descent; `model` is left untouched.

    Each step takes a batch of the person's windows and, if there is a buffer, as many windows from it (experience
    replay: Chaudhry et al., On Tiny Episodic Memories, 2019); their two losses count alike.

    Where only the classifier learns, what lies before it never changes: it runs once for each window, and a device may
    keep the features in place of the windows (latent replay: Pellegrini et al., 2020).

    policy: which parameters learn (`select_trainable`).
    rehearsal: windows of the people that the model was trained on, from a `Reservoir`.
    learn_statistics: False keeps the batch norms as they were: each window is judged by itself, and a minute of one
        person does not take the place of what hours of others gave. True lets them learn from the batches.

    Returns the adapted copy, in evaluation mode.

    Raises:
        ValueError: no windows, an empty buffer, an unknown policy, no epochs.
        FloatingPointError: the loss is no longer finite.
    """
    if epochs < 1 or batch_size < 1 or not len(data.labels):
        raise ValueError(f"need at least one epoch, window and place in the batch, got {epochs}, {len(data.labels)} and {batch_size}")
    if rehearsal is not None and not len(rehearsal.labels):
        raise ValueError("the rehearsal buffer is empty: fill it, or leave it out")
    adapted = copy.deepcopy(model)
    trainable = select_trainable([name for name, _ in adapted.named_parameters()], policy)
    generator = torch.Generator().manual_seed(seed)
    with mode(adapted, True, learn_statistics), only_trainable(adapted, trainable) as parameters, torch.enable_grad():
        front, rest = _split(adapted, trainable, learn_statistics)
        mine, old = front(data.windows), None if rehearsal is None else front(rehearsal.windows)
        optimizer = torch.optim.SGD(parameters, lr=lr)
        for epoch in range(1, epochs + 1):
            for index in torch.randperm(len(data.labels), generator=generator).split(batch_size):
                loss = F.cross_entropy(rest(mine[index]), data.labels[index])
                if rehearsal is not None and old is not None:
                    drawn = torch.randint(len(rehearsal.labels), (len(index),), generator=generator)
                    loss = (loss + F.cross_entropy(rest(old[drawn]), rehearsal.labels[drawn])) / 2
                step(optimizer, loss, f"epoch {epoch}: lower lr from {lr}")
    return adapted.eval()


def _split(model: nn.Module, trainable: tuple[str, ...], learn_statistics: bool) -> tuple[Callable[[Tensor], Tensor], nn.Module]:
    """What need run only once for a window, and what must run in every step."""
    features, head = getattr(model, "features", None), getattr(model, "head", None)
    if learn_statistics or features is None or head is None or not all(name.startswith("head.") for name in trainable):
        return lambda windows: windows, model

    @torch.no_grad()
    def front(windows: Tensor) -> Tensor:
        return torch.cat([features(batch) for batch in windows.split(500)])

    return front, head
