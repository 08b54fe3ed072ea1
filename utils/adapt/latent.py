"""What lies before the part that learns, run once for each input instead of once in every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from utils.train import TrainConfig, buffers_kept, mode, random_numbers


def features_of(
    model: nn.Module, trainable: Sequence[str], sets: Sequence[Tensor], config: TrainConfig
) -> tuple[nn.Module, list[Tensor]] | None:
    """The part of the model that learns, and what reaches it from each input; None where the whole model must run in every step.

    Training the part on these features gives what training the whole model gives only if the part is called once and last,
    what reaches it depends on neither its parameters nor on chance, and each input has its features whatever else is in
    its batch. All of this is seen in a pass over the inputs, and both ways are compared on a batch.

    trainable: names of the parameters that learn; no other may require a gradient. sets: (n, ...) each.

    >>> model = nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 3)).requires_grad_(False)
    >>> model[2].requires_grad_(True)
    Linear(in_features=2, out_features=3, bias=True)
    >>> part, (features,) = features_of(model, ["2.weight", "2.bias"], [torch.ones(5, 4)], TrainConfig(epochs=1))
    >>> part is model[2], features.shape
    (True, torch.Size([5, 2]))
    """
    owner = _owner(trainable)
    norms_learn = config.learn_statistics and any(hasattr(module, "running_mean") for module in model.modules())
    if not owner or norms_learn or config.bfloat16:
        return None
    part = model.get_submodule(owner)
    state = [buffer.clone() for buffer in model.buffers()]
    with mode(model, True, config.learn_statistics), buffers_kept(model), random_numbers(config.seed), torch.enable_grad():
        stored = [_reaching(model, part, inputs) for inputs in sets]
        features = [one for one in stored if one is not None]
        changed = any(not torch.equal(was, buffer) for was, buffer in zip(state, model.buffers(), strict=True))
        if len(features) < len(sets) or changed:  # a buffer that every pass changes must be changed in every step
            return None
        for inputs, found in zip(sets, features, strict=True):
            if not _same(model, inputs[: config.batch_size], part, found[: config.batch_size], config.seed):
                return None
    return part, features


def _owner(names: Sequence[str]) -> str:
    """The innermost module that owns all of these parameters, "" for the whole model."""
    paths = [name.split(".")[:-1] for name in names]
    shared = 0
    while all(len(path) > shared for path in paths) and len({path[shared] for path in paths}) == 1:
        shared += 1
    return ".".join(paths[0][:shared])


def _reaching(model: nn.Module, part: nn.Module, inputs: Tensor) -> Tensor | None:
    """What reaches the part from each input, None if that is not all that the model's output depends on."""
    calls: list[tuple[tuple, dict, Any]] = []
    drew: list[bool] = []
    chance = torch.get_rng_state()
    hooks = [
        part.register_forward_pre_hook(lambda *_: drew.append(not torch.equal(torch.get_rng_state(), chance))),
        part.register_forward_hook(lambda _, given, options, output: calls.append((given, options, output)), with_kwargs=True),
    ]
    found = []
    try:
        for batch in inputs.split(500):
            calls.clear()
            chance = torch.get_rng_state()
            output = model(batch)
            if len(calls) != 1 or any(drew):
                return None
            given, options, last = calls[0]
            if last is not output or options or len(given) != 1 or not isinstance(given[0], Tensor):
                return None
            if given[0].requires_grad or len(given[0]) != len(batch):
                return None
            found.append(given[0])
    finally:
        for hook in hooks:
            hook.remove()
    return torch.cat(found)


@torch.no_grad()
def _same(model: nn.Module, inputs: Tensor, part: nn.Module, features: Tensor, seed: int) -> bool:
    """Whether the model and the part alone give the same answers to a batch."""
    with random_numbers(seed):
        whole = model(inputs)
    with random_numbers(seed):
        alone = part(features)
    return torch.allclose(whole, alone, rtol=1e-4, atol=1e-5)
