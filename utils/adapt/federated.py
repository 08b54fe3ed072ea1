"""Federated averaging (McMahan et al., 2017) as a plain loop: data stays with its people, weights travel."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from utils.adapt.steps import Augment, Labelled, one_cycle, train

State = dict[str, Tensor]
SMALLEST_VARIANCE = 1e-3  # noise may not make a variance negative


@dataclass
class FederatedHistory:
    """What a federated training did.

    model: the server's model after the last round, in evaluation mode.
    accuracy: after each round, in percent, if `evaluate` was given.
    bytes_up, bytes_down: of all tensors that all clients sent and received, after each round (cumulative).
    steps: gradient steps of all clients together.
    """

    model: nn.Module
    accuracy: list[float] = field(default_factory=list)
    bytes_up: list[int] = field(default_factory=list)
    bytes_down: list[int] = field(default_factory=list)
    steps: int = 0


def weighted_average(states: Sequence[Mapping[str, Tensor]], sizes: Sequence[float]) -> State:
    """The mean of states, each weighted by its size.

    states: one dictionary of tensors a client, all with the same names and shapes.
    sizes: how many windows each client has. Whole numbers among the tensors (a count of batches) are averaged too and
        rounded.

    Raises:
        ValueError: no states, sizes that do not match or add up to nothing, or tensors that do not match.
    """
    if not states or len(states) != len(sizes):
        raise ValueError(f"weighted_average needs as many sizes as states, at least one, got {len(states)} states and {len(sizes)} sizes")
    if any(size < 0 for size in sizes) or not sum(sizes) > 0:
        raise ValueError(f"sizes must be 0 or more and add up to more than 0, got {list(sizes)}")
    kinds = [{name: tensor.shape for name, tensor in state.items()} for state in states]
    if any(kind != kinds[0] for kind in kinds):
        raise ValueError("the clients' states differ in their names or shapes: all must train copies of one model")
    total = float(sum(sizes))
    mean = {}
    for name, first in states[0].items():
        value = torch.zeros(first.shape, dtype=torch.float64)
        for state, size in zip(states, sizes, strict=True):
            value += state[name].double() * (size / total)
        mean[name] = value.to(first.dtype) if first.is_floating_point() else value.round().to(first.dtype)
    return mean


def fedavg(
    model: nn.Module,
    clients: Sequence[Labelled],
    rounds: int,
    *,
    epochs: int = 1,
    lr: float = 0.1,
    momentum: float = 0.9,
    weight_decay: float = 5e-4,
    batch_size: int = 64,
    seed: int = 0,
    augment: Augment | None = None,
    schedule: Callable[[float], float] = one_cycle,
    server_momentum: float = 0.0,
    private: Callable[[State], State] | None = None,
    evaluate: Callable[[nn.Module], float] | None = None,
    on_round: Callable[[int, FederatedHistory], None] | None = None,
) -> FederatedHistory:
    """Each round: every client gets the server's model, trains it on its own windows, and sends it back; the server averages.

    Everything in the state travels and is averaged by the clients' sizes, the statistics of the batch norms like the
    weights. But a client's norms have seen one person only: the network learns to be fed what is normal for its wearer,
    and the average of all their statistics fits nobody well. Judge it with the wearer's own (`adapt_batch_norm`).
    A client's momentum begins at zero in every round. `model` is left untouched.

    epochs: over a client's windows in one round. lr: times `schedule(share of the rounds done)`, constant in a round.
    server_momentum: the server goes on in the direction of earlier rounds by this share (Hsu et al., FedAvgM, 2019).
    private: applied to each client's update (its state less the server's, floats only) before it is sent.
    evaluate: (server's model) -> accuracy in percent, after each round. on_round: called after each with its number (from 1).

    Raises:
        ValueError: no clients or rounds, or a client without windows.
    """
    if rounds < 1 or not clients or any(not len(client.labels) for client in clients):
        raise ValueError("federated averaging needs at least one round and one client, and no client without windows")
    server = copy.deepcopy(model).eval()
    history, up, down = FederatedHistory(server), 0, 0
    pace = {name: torch.zeros_like(parameter) for name, parameter in server.named_parameters()}
    for number in range(1, rounds + 1):
        sent = {name: tensor.clone() for name, tensor in server.state_dict().items()}
        answers = []
        for who, client in enumerate(clients):
            local, rate = copy.deepcopy(server), lr * schedule(number / rounds)
            history.steps += train(
                local,
                client,
                epochs=epochs,
                lr=rate,
                momentum=momentum,
                weight_decay=weight_decay,
                batch_size=batch_size,
                seed=(seed * rounds + number) * len(clients) + who,
                augment=augment,
                schedule=lambda share: 1.0,
            )
            answer = local.state_dict() if private is None else _privately(sent, local.state_dict(), private)
            answers.append(answer)
            down += sum(tensor.nbytes for tensor in sent.values())
            up += sum(tensor.nbytes for tensor in answer.values())
        mean = weighted_average(answers, [len(client.labels) for client in clients])
        for name, before in pace.items():
            pace[name] = server_momentum * before + mean[name] - sent[name]
            mean[name] = sent[name] + pace[name]
        server.load_state_dict(mean)
        history.bytes_up.append(up)
        history.bytes_down.append(down)
        if evaluate is not None:
            history.accuracy.append(evaluate(server))
        if on_round is not None:
            on_round(number, history)
    return history


def _privately(sent: State, answer: State, private: Callable[[State], State]) -> State:
    """What a client sends when its update passes through `private`: whole numbers stay the server's, variances positive."""
    update = private({name: answer[name] - sent[name] for name in sent if sent[name].is_floating_point()})
    changed = {name: sent[name] + update[name] if name in update else sent[name] for name in sent}
    return {name: tensor.clamp(min=SMALLEST_VARIANCE) if name.endswith("running_var") else tensor for name, tensor in changed.items()}
