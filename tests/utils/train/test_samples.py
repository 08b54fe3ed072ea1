"""Whatever has inputs and labels can be learned from, down to the last one; all else is refused in one sentence."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from utils.adapt import AdaptConfig, FederatedConfig, fedavg, personalise
from utils.train import TrainConfig, accuracy, batch_sizes, fit, labelled

X, Y = torch.randn(12, 4, generator=torch.Generator().manual_seed(0)), torch.arange(12) % 3


def network(*last: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), *last, nn.Linear(6, 3))


def results(data):
    """What each of the four that learn or judge makes of the same data."""
    fitted = network()
    history = fit(fitted, data, TrainConfig(1, batch_size=4))
    own = personalise(network(), data, AdaptConfig(epochs=1), rehearsal=data)
    together = fedavg(network(), [data, data], FederatedConfig(rounds=1))
    states = [model.state_dict() for model in (fitted, own, together.model)]
    return [history.loss, accuracy(network(), data), *[state["1.weight"].tolist() for state in states]]


@pytest.mark.parametrize("data", [(X, Y), [X, Y], (X.numpy(), Y.numpy()), SimpleNamespace(inputs=X, labels=Y)])
def test_a_pair_is_as_good_as_a_data_set(data):
    assert results(data) == results((X, Y))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((X, Y, Y), r"a pair \(inputs, labels\), got 3 values"),
        (X, r"\.inputs and \.labels or be a pair \(inputs, labels\), got Tensor"),
        (SimpleNamespace(windows=X, labels=Y), "got SimpleNamespace"),
        ((X, Y[:5]), "a label for each input, got 12 inputs and 5 labels"),
        (None, "got NoneType"),
    ],
)
def test_what_can_not_be_learned_from_is_one_sentence(data, message):
    for use in (
        lambda: labelled(data),
        lambda: fit(network(), data, TrainConfig(1)),
        lambda: personalise(network(), data, AdaptConfig(epochs=1)),
        lambda: fedavg(network(), [data], FederatedConfig(rounds=1)),
        lambda: accuracy(network(), data),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            use()
        assert "\n" not in str(caught.value)


# a last batch of one


@pytest.mark.parametrize(
    ("layer", "count", "batch", "sizes"),
    [
        (nn.BatchNorm1d(6), 9, 4, [4, 5]),
        (nn.BatchNorm1d(6), 9, 8, [9]),
        (nn.BatchNorm1d(6), 10, 4, [4, 4, 2]),
        (nn.Identity(), 9, 4, [4, 4, 1]),
        (nn.BatchNorm1d(6).eval(), 9, 4, [4, 4, 1]),
    ],
)
def test_a_last_batch_of_one_joins_the_one_before_where_a_norm_needs_it(layer, count, batch, sizes):
    model, seen = network(layer), []
    statistics = layer.running_mean.clone() if isinstance(layer, nn.BatchNorm1d) else None
    if layer.training:
        model.train()
    assert batch_sizes(model, X[:count], batch) == sizes
    if statistics is not None:
        assert torch.equal(layer.running_mean, statistics)
    history = fit(model, (X[:count], Y[:count]), TrainConfig(2, batch_size=batch), after_step=seen.append)
    assert history.steps == 2 * len(sizes) and seen[-1] == 1.0 and np.isfinite(history.loss).all()


@pytest.mark.parametrize(("count", "batch"), [(1, 4), (5, 1)])
def test_batches_of_one_under_a_norm_are_refused_in_one_sentence(count, batch):
    with pytest.raises(ValueError, match=rf"batch of one, got {count} inputs in batches of {batch}: give two or more"):
        fit(network(nn.BatchNorm1d(6)), (X[:count], Y[:count]), TrainConfig(1, batch_size=batch))


def test_federated_clients_of_any_size_are_trained_and_one_that_can_not_be_is_named():
    clients = [(X[:9], Y[:9]), (X[:4], Y[:4])]
    history = fedavg(network(nn.BatchNorm1d(6)), clients, FederatedConfig(rounds=1, batch_size=4))
    assert history.steps == 2 + 1
    with pytest.raises(ValueError, match=r"^clients\[1\]: a batch norm has no variance to learn from in a batch of one"):
        fedavg(network(nn.BatchNorm1d(6)), [*clients[:1], (X[:1], Y[:1])], FederatedConfig(rounds=1, batch_size=4))
    with pytest.raises(FloatingPointError, match=r"^clients\[1\]: the loss became"):
        fedavg(network(), [clients[0], (X * float("inf"), Y)], FederatedConfig(rounds=1))


def test_a_person_with_one_window_more_than_fits_is_learned_from():
    for learn_statistics in (False, True):
        config = AdaptConfig(epochs=1, batch_size=4, policy="all", learn_statistics=learn_statistics)
        personalise(network(nn.BatchNorm1d(6)), (X[:9], Y[:9]), config)


def test_a_model_in_which_nothing_learns_is_refused():
    with pytest.raises(ValueError, match=r"no parameter of the model requires a gradient: call requires_grad_\(\)"):
        fit(network().requires_grad_(False), (X, Y), TrainConfig(1))


def test_parameters_without_a_gradient_stay_as_they_are():
    model = network()
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    fit(model, (X, Y), TrainConfig(1, batch_size=4))
    assert torch.equal(model[0].weight, before) and not model[0].weight.requires_grad
