"""What training and measuring may change for a while: modes, what learns, buffers, random numbers. All are put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def mode(model: nn.Module, training: bool, learn_statistics: bool) -> Iterator[None]:
    """Put a model into a mode and its batch norms into another; afterwards each part has its former mode.

    training: the mode of all parts but batch norms. learn_statistics: the mode of batch norms.

    >>> model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout())
    >>> with mode(model, training=True, learn_statistics=False):
    ...     [part.training for part in model]
    [False, True]
    """
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


@contextmanager
def only_trainable(model: nn.Module, names: Iterable[str]) -> Iterator[list[nn.Parameter]]:
    """Let the named parameters learn and no other; afterwards every parameter is as it was.

    >>> model = nn.Linear(2, 1)
    >>> with only_trainable(model, ["bias"]):
    ...     model.weight.requires_grad
    False

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
def buffers_kept(model: nn.Module) -> Iterator[None]:
    """Put all buffers back afterwards, the statistics of batch norms among them.

    >>> norm = nn.BatchNorm1d(1)
    >>> with buffers_kept(norm):
    ...     _ = norm(torch.tensor([[3.0], [5.0]]))
    >>> norm.running_mean
    tensor([0.])
    """
    before = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, values in before:
                buffer.copy_(values)


@contextmanager
def random_numbers(seed: int) -> Iterator[None]:
    """Draw torch's global random numbers from a seed; afterwards they go on where they were.

    >>> with random_numbers(1):
    ...     one = torch.rand(1)
    >>> with random_numbers(1):
    ...     torch.equal(one, torch.rand(1))
    True
    """
    before = torch.get_rng_state()
    try:
        torch.default_generator.manual_seed(seed)
        yield
    finally:
        torch.set_rng_state(before)
