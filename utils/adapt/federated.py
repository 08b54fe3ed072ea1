"""Federated averaging (McMahan et al., 2017) as a plain loop: data stays with its people, weights travel."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from utils.train import Augment, Data, Labelled, Schedule, TrainConfig, constant, fit, labelled, one_cycle

State = dict[str, Tensor]
SMALLEST_VARIANCE = 1e-3  # noise may not make a variance negative


@dataclass(frozen=True)
class FederatedConfig(TrainConfig):
    """How the clients of a federated training train, and for how many rounds.

    epochs: over a client's windows in one round.
    rounds: of sending, training and averaging.
    server_momentum: how much of its last step the server repeats in each round (Hsu et al., FedAvgM, 2019).
    All else as in `TrainConfig`, with other defaults; warmup has no use here.

    >>> FederatedConfig(rounds=5).epochs
    1
    """

    epochs: int = 1
    lr: float = 0.1
    batch_size: int = 64
    label_smoothing: float = 0.0
    augment: bool = False
    rounds: int = 10
    server_momentum: float = 0.0


@dataclass
class FederatedHistory:
    """What a federated training did.

    model: the server's model after the last round, in evaluation mode.
    accuracy: after each round, in percent, if `evaluate` was given.
    bytes_up, bytes_down: of all tensors that all clients sent and received, after each round (cumulative).
    steps: gradient steps of all clients together.

    >>> history = FederatedHistory(nn.Linear(1, 1))
    >>> history.add_round({"w": torch.zeros(3)}, [{"w": torch.ones(3)}] * 2)
    >>> history.bytes_up, history.bytes_down
    ([24], [24])
    """

    model: nn.Module
    accuracy: list[float] = field(default_factory=list)
    bytes_up: list[int] = field(default_factory=list)
    bytes_down: list[int] = field(default_factory=list)
    steps: int = 0

    def add_round(self, sent: Mapping[str, Tensor], answers: Sequence[Mapping[str, Tensor]]) -> None:
        """Count the bytes of a round: `sent` to each of the clients that sent `answers`."""
        up = sum(tensor.nbytes for answer in answers for tensor in answer.values())
        down = len(answers) * sum(tensor.nbytes for tensor in sent.values())
        self.bytes_up.append(up + (self.bytes_up[-1] if self.bytes_up else 0))
        self.bytes_down.append(down + (self.bytes_down[-1] if self.bytes_down else 0))


def weighted_average(states: Sequence[Mapping[str, Tensor]], sizes: Sequence[float]) -> State:
    """The mean of states, each weighted by its size.

    states: one dictionary of tensors a client, all with the same names and shapes.
    sizes: how many windows each client has. Integers among the tensors (a count of batches) are averaged too and rounded.

    >>> weighted_average([{"w": torch.tensor([1.0])}, {"w": torch.tensor([4.0])}], sizes=[2, 1])
    {'w': tensor([2.])}

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
    clients: Sequence[Data],
    config: FederatedConfig,
    *,
    augment: Augment | None = None,
    schedule: Schedule = one_cycle,
    private: Callable[[State], State] | None = None,
    evaluate: Callable[[nn.Module], float] | None = None,
    on_round: Callable[[int, FederatedHistory], None] | None = None,
) -> FederatedHistory:
    """Each round, every client trains the server's model on its own windows and sends it back; the server averages.

    All tensors of the state travel and are averaged by the clients' sizes, the statistics of the batch norms like the
    weights; a tensor with several names travels once. But a client's norms have seen one person only: the network learns
    to be fed what is normal for its wearer, and the average of all statistics fits nobody well. Evaluate it with each
    wearer's own (`adapt_batch_norm`). A client's momentum begins at zero in every round. `model` is left untouched.

    clients: for each, anything with `inputs` and `labels`, or a pair of them.
    augment: (windows, generator) -> windows, at the clients.
    schedule: fraction of the rounds done -> factor of config.lr, which is constant within a round.
    private: applied to each client's update (its state minus the server's, floats only) before it is sent.
    evaluate: (server's model) -> accuracy in percent, after each round. on_round: called after each with its number (from 1).

    >>> inputs = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    >>> labels = (inputs[:, 0] > 0).long()
    >>> clients = [(inputs[:10], labels[:10]), (inputs[10:], labels[10:])]
    >>> history = fedavg(nn.Linear(2, 2), clients, FederatedConfig(rounds=3))
    >>> history.steps, history.bytes_up  # six numbers of four bytes from two clients, in each of three rounds
    (6, [48, 96, 144])

    Raises:
        ValueError: no clients or rounds, or a client that can't be trained on, which is named.
        FloatingPointError: the loss of a client is no longer finite.
    """
    people = [labelled(client) for client in clients]
    if config.rounds < 1 or not people or any(not len(client.labels) for client in people):
        raise ValueError("federated averaging needs at least one round and one client, and no client without windows")
    server = copy.deepcopy(model).eval()
    history = FederatedHistory(server)
    travels = _travelling(server)
    pace = {travels[name]: torch.zeros_like(parameter) for name, parameter in server.named_parameters()}
    for number in range(1, config.rounds + 1):
        sent = _state(server, travels)
        rate = config.lr * schedule(number / config.rounds)
        answers = []
        for who, client in enumerate(people):
            seed = (config.seed * config.rounds + number) * len(people) + who
            local = copy.deepcopy(server)
            history.steps += _train_client(local, client, replace(config, lr=rate, seed=seed), augment, f"clients[{who}]")
            answer = _state(local, travels)
            answers.append(answer if private is None else _privately(sent, answer, private))
        mean = weighted_average(answers, [len(client.labels) for client in people])
        for name, before in pace.items():
            pace[name] = config.server_momentum * before + mean[name] - sent[name]
            mean[name] = sent[name] + pace[name]
        server.load_state_dict({name: mean[travels[name]] for name in travels})
        history.add_round(sent, answers)
        if evaluate is not None:
            history.accuracy.append(evaluate(server))
        if on_round is not None:
            on_round(number, history)
    return history


def _train_client(model: nn.Module, data: Labelled, config: TrainConfig, augment: Augment | None, name: str) -> int:
    """Train a client's copy with a constant learning rate; the steps taken, or an error that names the client."""
    generator = torch.Generator().manual_seed(config.seed)
    try:
        return fit(model, data, config, augment=augment, schedule=constant, generator=generator).steps
    except FloatingPointError as error:
        raise FloatingPointError(f"{name}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _travelling(model: nn.Module) -> dict[str, str]:
    """State name -> the first name of the same tensor, under which it travels."""
    first: dict[int, str] = {}
    return {name: first.setdefault(id(tensor), name) for name, tensor in model.state_dict(keep_vars=True).items()}


def _state(model: nn.Module, travels: Mapping[str, str]) -> State:
    """Copies of the tensors that travel."""
    state = model.state_dict()
    return {name: state[name].clone() for name in dict.fromkeys(travels.values())}


def _privately(sent: State, answer: State, private: Callable[[State], State]) -> State:
    """What a client sends when its update passes through `private`: integers stay the server's, variances positive."""
    update = private({name: answer[name] - sent[name] for name in sent if sent[name].is_floating_point()})
    changed = {name: sent[name] + update[name] if name in update else sent[name] for name in sent}
    return {name: tensor.clamp(min=SMALLEST_VARIANCE) if name.endswith("running_var") else tensor for name, tensor in changed.items()}
