"""Is the loop that everything is trained by the plain one: the same weights as a slow loop written out by hand?"""

from __future__ import annotations

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.adapt import FederatedConfig, MotionAugment, fedavg
from utils.data import Images
from utils.models import MotionConfig, MotionNet, ResidualConfig, ResidualNet
from utils.train import TrainConfig, augmented, fit, one_cycle, smooth_one_cycle


def torchs_rates(lr: float, steps: int, warmup: float) -> list[float]:
    """The learning rates of torch's own one-cycle schedule; it divides by zero where the rise is a single step."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)
    rise = 0.0 if warmup * steps == 1 else warmup
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps, pct_start=rise, cycle_momentum=False)
    rates = []
    for step in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step + 1 < steps:
            cycle.step()
    return rates


def slow_fit(model, x, y, config, rates, *, augment=None, generator=None):
    """SGD with Nesterov momentum, a parameter at a time; biases and norms do not decay. Returns the loss of each epoch."""
    velocity = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    losses, rates = [], iter(rates)
    for epoch in range(config.epochs):
        draws = generator or torch.Generator().manual_seed(1000 * config.seed + epoch)
        model.train()
        order, total = torch.randperm(len(y), generator=draws), 0.0
        for start in range(0, len(y), config.batch_size):
            index = order[start : start + config.batch_size]
            inputs = x[index] if augment is None else augment(x[index], draws)
            loss = F.cross_entropy(model(inputs), y[index], label_smoothing=config.label_smoothing)
            names, parameters = zip(*model.named_parameters(), strict=True)
            lr = next(rates)
            with torch.no_grad():
                for name, parameter, gradient in zip(names, parameters, torch.autograd.grad(loss, parameters), strict=True):
                    slope = gradient + (config.weight_decay if parameter.ndim > 1 else 0.0) * parameter
                    velocity[name] = config.momentum * velocity[name] + slope
                    parameter -= lr * (slope + config.momentum * velocity[name])
            total += loss.item() * len(index)
        losses.append(total / len(y))
    model.eval()
    return losses


def checksum(model: nn.Module) -> list[float]:
    """A few sums that no two trainings share: of the whole state, each number weighted by its place."""
    flat = torch.cat([tensor.double().flatten() for tensor in model.state_dict().values()])
    places = torch.arange(1, len(flat) + 1, dtype=torch.float64)
    return [flat.sum().item(), (flat * places.sin()).sum().item(), flat.square().sum().item()]


class Words(nn.Module):
    """Text: the mean of token embeddings, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.head = nn.Embedding(20, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.tokens(x).mean(1))


def task(kind: str, count: int = 40):
    """(model, inputs, labels) of a domain."""
    torch.manual_seed(0)
    labels = torch.arange(count) % 3
    if kind == "images":
        return ResidualNet(ResidualConfig.of(4, (6, 2))), torch.randn(count, 1, 12, 12) + labels[:, None, None, None], labels
    if kind == "windows":
        return MotionNet(MotionConfig(((8, 3, 2),), classes=3)), torch.randn(count, 6, 20) + labels[:, None, None], labels
    if kind == "text":
        return Words(), torch.randint(20, (count, 5)), labels
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)), torch.randn(count, 4), labels


@pytest.mark.parametrize("kind", ["images", "windows", "text", "features"])
def test_the_weights_are_those_of_a_slow_loop(kind):
    model, x, y = task(kind)
    config = TrainConfig(epochs=2, lr=0.05, batch_size=16, seed=3)
    slow = copy.deepcopy(model)
    history = fit(model, (x, y), config)
    losses = slow_fit(slow, x, y, config, torchs_rates(0.05, 6, config.warmup), augment=augmented if kind == "images" else None)
    assert history.loss == pytest.approx(losses, rel=1e-4) and history.steps == 6
    assert checksum(model) == pytest.approx(checksum(slow), rel=1e-3, abs=1e-3)


def test_motion_is_trained_by_the_same_loop_from_one_stream_of_random_numbers():
    model, x, y = task("windows")
    config = TrainConfig(epochs=3, lr=0.1, batch_size=16, label_smoothing=0.0, seed=4)
    slow, augment = copy.deepcopy(model), MotionAugment()
    fit(model, (x, y), config, augment=augment, schedule=one_cycle, generator=torch.Generator().manual_seed(4))
    rates = [0.1 * one_cycle(step / 9) for step in range(1, 10)]
    slow_fit(slow, x, y, config, rates, augment=augment, generator=torch.Generator().manual_seed(4))
    assert checksum(model) == pytest.approx(checksum(slow), rel=1e-3, abs=1e-3)


DRAWN = {
    "rounds": st.integers(1, 3),
    "epochs": st.integers(1, 2),
    "batch_size": st.just(4),
    "momentum": st.floats(0, 0.9),
    "server_momentum": st.floats(0, 0.9),
    "seed": st.integers(0, 99),
}


@settings(max_examples=10, deadline=None)
@given(st.builds(FederatedConfig, **DRAWN), st.lists(st.integers(2, 9), min_size=1, max_size=3))
def test_federated_averaging_is_the_slow_loop_of_every_client(config, sizes):
    seed, rounds = config.seed, config.rounds
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    clients = [(torch.randn(size, 4), torch.arange(size) % 3) for size in sizes]
    history = fedavg(model, clients, config)
    server = copy.deepcopy(model)
    pace = [torch.zeros_like(parameter) for parameter in server.parameters()]
    for number in range(1, rounds + 1):
        mean = [torch.zeros_like(parameter) for parameter in server.parameters()]
        for who, (x, y) in enumerate(clients):
            local, draws = copy.deepcopy(server), torch.Generator().manual_seed((seed * rounds + number) * len(clients) + who)
            steps = config.epochs * math.ceil(len(y) / 4)
            slow_fit(local, x, y, config, [0.1 * one_cycle(number / rounds)] * steps, generator=draws)
            for total, parameter in zip(mean, local.parameters(), strict=True):
                total += parameter.detach() * len(y) / sum(sizes)
        for at, (parameter, after) in enumerate(zip(server.parameters(), mean, strict=True)):
            pace[at] = config.server_momentum * pace[at] + after - parameter.detach()
            parameter.data += pace[at]
    for fast, slow in zip(history.model.parameters(), server.parameters(), strict=True):
        assert torch.allclose(fast, slow, atol=1e-4)


@given(st.integers(1, 60), st.floats(0, 1), st.floats(1e-3, 10))
def test_the_smooth_one_cycle_is_torchs(steps, warmup, lr):
    schedule = smooth_one_cycle(steps, warmup)
    try:
        expected = torchs_rates(lr, steps, warmup)
    except ZeroDivisionError:  # a rise over all steps but a fraction of one
        return
    assert [lr * schedule((step + 1) / steps) for step in range(steps)] == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_images_and_pairs_are_the_same_data():
    model, x, y = task("images")
    other = copy.deepcopy(model)
    fit(model, (x, y), TrainConfig(1, batch_size=16))
    fit(other, Images(x, y, ("a", "b", "c")), TrainConfig(1, batch_size=16))
    assert checksum(model) == checksum(other)
