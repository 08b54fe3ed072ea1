"""The same seed gives the same weights, also with dropout, and the program's own random numbers go on undisturbed."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from utils.adapt import AdaptConfig, FederatedConfig, fedavg, personalise, training_memory
from utils.train import TrainConfig, fit, random_numbers

X, Y = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 3


def network() -> nn.Sequential:
    """Dropout before the classifier and inside of it."""
    with random_numbers(0):
        return nn.Sequential(nn.Linear(4, 16), nn.Dropout(0.5), nn.Linear(16, 8), nn.Dropout(0.2), nn.Linear(8, 3))


def fitted(seed):
    model = network()
    fit(model, (X, Y), TrainConfig(2, batch_size=8, seed=seed))
    return model


def adapted(policy):
    return lambda seed: personalise(network(), (X, Y), AdaptConfig(epochs=2, policy=policy, seed=seed), rehearsal=(X, Y))


def federated(seed):
    return fedavg(network(), [(X, Y), (X[:9], Y[:9])], FederatedConfig(rounds=2, batch_size=8, seed=seed)).model


def counted(seed):
    model = network()
    training_memory(model, X, [name for name, _ in model.named_parameters()], batch=4)
    return model


def weights(model):
    return torch.cat([tensor.flatten() for tensor in model.state_dict().values()])


@pytest.mark.parametrize("learn", [fitted, adapted("all"), adapted("last"), federated])
def test_dropout_follows_from_the_seed(learn):
    torch.manual_seed(1)
    first = weights(learn(5))
    torch.manual_seed(2)
    assert torch.equal(first, weights(learn(5)))
    assert not torch.equal(first, weights(learn(6)))


@pytest.mark.parametrize("use", [fitted, adapted("all"), adapted("last"), federated, counted])
def test_global_random_numbers_go_on_where_they_were(use):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    use(5)
    assert torch.equal(torch.rand(3), expected)


def test_global_random_numbers_go_on_after_an_error():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    with pytest.raises(FloatingPointError):
        fit(network(), (X * float("nan"), Y), TrainConfig(1))
    assert torch.equal(torch.get_rng_state(), before)


def test_an_interrupted_training_with_dropout_ends_where_an_uninterrupted_one_does(tmp_path):
    config, whole, broken, resumed = TrainConfig(3, batch_size=8), network(), network(), network()
    fit(whole, (X, Y), config)

    def stop(epoch, _):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(broken, (X, Y), config, on_epoch=stop, resume=tmp_path / "state")
    assert fit(resumed, (X, Y), config, resume=tmp_path / "state").steps == 9
    assert torch.equal(weights(whole), weights(resumed))


def test_a_generator_of_ones_own_and_a_state_exclude_each_other(tmp_path):
    with pytest.raises(ValueError, match="leave out generator or resume"):
        fit(network(), (X, Y), TrainConfig(1), generator=torch.Generator(), resume=tmp_path / "state")


def test_counting_memory_changes_nothing():
    model = network().train()
    before, modes = copy.deepcopy(model.state_dict()), [module.training for module in model.modules()]
    training_memory(model, X, ["4.weight"], batch=4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert modes == [module.training for module in model.modules()] and all(p.requires_grad for p in model.parameters())
