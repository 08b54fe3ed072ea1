"""Features are stored only where that changes nothing: the result is the same whatever the parts of a network are called."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.adapt import AdaptConfig, personalise
from utils.adapt.latent import features_of
from utils.adapt.policies import select_trainable
from utils.models import MotionConfig, MotionNet, ResidualConfig, ResidualNet
from utils.train import accuracy, only_trainable, random_numbers

X, Y = torch.randn(22, 4, generator=torch.Generator().manual_seed(0)), torch.arange(22) % 3
OLD = (torch.randn(15, 4, generator=torch.Generator().manual_seed(1)), torch.arange(15) % 3)


class Parts(nn.Module):
    """A front and an end under any two names, with something between, after and beside them."""

    def __init__(
        self, front: nn.Module, end: nn.Module, between=lambda z: z, after=lambda z: z, names=("features", "head"), calls=1
    ) -> None:
        super().__init__()
        self.names, self.between, self.after, self.calls = names, between, after, calls
        for name, part in zip(names, (front, end), strict=True):
            self.add_module(name, part)

    def forward(self, x):
        front, end = (getattr(self, name) for name in self.names)
        z = self.between(front(x))
        for _ in range(self.calls):
            z = end(z)
        return self.after(z)


class Averaging(nn.Module):
    """Normalizes by the batch, whatever mode it is in."""

    def forward(self, x):
        return x - x.mean(0)


class Counting(nn.Module):
    """Changes a buffer in every pass, and what it returns with it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, x):
        self.passes += 1
        return x + self.passes / 100


class Shared(nn.Module):
    """The end's weight is used in the front too."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 4)

    def forward(self, x):
        return self.head(torch.tanh(F.linear(x, self.head.weight)))


class Twice(nn.Module):
    """The end's answers are asked for twice and added."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.features(x)) + self.head(-self.features(x))


def slow(model, x, y, config, old=None):
    """The whole network in every step, parameters moved by hand."""
    model = copy.deepcopy(model)
    names = select_trainable([name for name, _ in model.named_parameters()], config.policy)
    generator = torch.Generator().manual_seed(config.seed)
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    with random_numbers(0):
        for epoch in range(config.epochs):
            torch.manual_seed(~(1000 * config.seed + epoch))
            for index in torch.randperm(len(y), generator=generator).split(config.batch_size):
                loss = F.cross_entropy(model(x[index]), y[index])
                if old is not None:
                    drawn = torch.randint(len(old[1]), (len(index),), generator=generator)
                    loss = (loss + F.cross_entropy(model(old[0][drawn]), old[1][drawn])) / 2
                moved = [model.get_parameter(name) for name in names]
                for parameter, slope in zip(moved, torch.autograd.grad(loss, moved), strict=True):
                    parameter.data -= config.lr * slope
    return model.eval()


def same(first, second, tolerance=1e-4):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.allclose(one.float(), two.float(), atol=tolerance, rtol=tolerance) for one, two in pairs)


LAYERS = {
    "linear": lambda: nn.Linear(4, 4),
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "norm": lambda: nn.BatchNorm1d(4),
    "layer norm": lambda: nn.LayerNorm(4),
    "dropout": lambda: nn.Dropout(0.4),
    "batch": Averaging,
    "count": Counting,
}
BETWEEN = {"nothing": lambda z: z, "minus": lambda z: -z, "relu": torch.relu, "chance": lambda z: F.dropout(z, 0.3)}
AFTER = {"nothing": lambda z: z, "minus": lambda z: -z, "twice": lambda z: 2 * z}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(LAYERS)), max_size=4),
    st.sampled_from(sorted(BETWEEN)),
    st.sampled_from(sorted(AFTER)),
    st.sampled_from([("features", "head"), ("body", "head"), ("features", "last"), ("head", "features")]),
    st.sampled_from([(1, 3), (2, 4)]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 9),
)
def test_any_network_ends_where_running_the_whole_of_it_ends(front, between, after, names, end, rehearsed, nested, batch_size):
    calls, width = end
    with random_numbers(len(front)):
        last = nn.Linear(4, width)
        model = Parts(
            nn.Sequential(nn.Linear(4, 4), *(LAYERS[name]() for name in front)),
            nn.Sequential(last) if nested else last,
            BETWEEN[between],
            AFTER[after],
            names,
            calls,
        )
    model.eval()
    config = AdaptConfig(epochs=2, lr=0.1, batch_size=batch_size, seed=3)
    old = OLD if rehearsed else None
    found, expected = personalise(model, (X, Y), config, rehearsal=old), slow(model, X, Y, config, old)
    assert same(found, expected)


def test_a_step_between_features_and_head_is_learned_through():
    """Reported with these numbers: stored features without the step gave 0 %."""
    windows, labels = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]]), torch.tensor([0, 1])
    for names in (("features", "head"), ("body", "head")):
        with random_numbers(0):
            model = Parts(nn.Flatten(), nn.Linear(2, 2), lambda z: -z, names=names)
        assert accuracy(personalise(model, (windows, labels), AdaptConfig(epochs=50, lr=1.0)), (windows, labels)) == 100


@pytest.mark.parametrize(
    "front",
    [nn.Dropout(0.5), nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)), nn.RReLU(), nn.AlphaDropout(0.3)],
    ids=["dropout", "inside", "rrelu", "alpha"],
)
def test_chance_before_the_head_is_drawn_in_every_step_whatever_the_parts_are_called(front):
    results = []
    for names in (("features", "head"), ("body", "head")):
        with random_numbers(1):
            model = Parts(copy.deepcopy(front), nn.Linear(4, 3), names=names)
        results.append(personalise(model, (X, Y), AdaptConfig(epochs=4, lr=0.3, batch_size=22)))
    assert same(*results, tolerance=0)
    assert same(results[0], slow(model, X, Y, AdaptConfig(epochs=4, lr=0.3, batch_size=22)))


def stored(model, policy="last", **config):
    """Whether features are stored for this network."""
    trainable = select_trainable([name for name, _ in model.named_parameters()], policy)
    with only_trainable(model, trainable):
        return features_of(model, trainable, [X[:, :4]], AdaptConfig(epochs=1, policy=policy, **config)) is not None


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (Parts(nn.Linear(4, 4), nn.Linear(4, 3)), True),
        (Parts(nn.Linear(4, 4), nn.Linear(4, 3), names=("a", "b")), True),
        (Parts(nn.Linear(4, 4), nn.Linear(4, 3), lambda z: -z), True),
        (nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3)), True),
        (Parts(nn.Linear(4, 4), nn.Linear(4, 4), calls=2), False),
        (Parts(nn.Linear(4, 4), nn.Linear(4, 3), after=lambda z: -z), False),
        (Parts(nn.Dropout(0.5), nn.Linear(4, 3)), False),
        (Parts(Averaging(), nn.Linear(4, 3)), False),
        (Parts(nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 3)), False),
        (Parts(Counting(), nn.Linear(4, 3)), False),
        (Parts(nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)), nn.Linear(4, 3)), False),
        (Shared(), False),
        (Twice(), False),
        (nn.Linear(4, 3), False),
    ],
)
def test_features_are_stored_only_where_that_changes_nothing(model, wanted):
    before = copy.deepcopy(model.state_dict())
    assert stored(model, batch_size=5) == wanted
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    config = AdaptConfig(epochs=2, lr=0.1, batch_size=5)
    assert same(personalise(model.eval(), (X, Y), config, rehearsal=OLD), slow(model.eval(), X, Y, config, OLD))


def test_features_are_stored_for_the_projects_own_networks():
    """Where only the classifier learns; where a batch norm or more learns, the whole network runs."""
    motion = MotionNet(MotionConfig(((8, 3, 2), (8, 3, 2)), classes=3))
    images = ResidualNet(ResidualConfig.of(4, (6, 2)))
    for model, shape in ((motion, (9, 6, 20)), (images, (9, 1, 12, 12))):
        names = [name for name, _ in model.named_parameters()]
        for policy, wanted in (("last", True), ("norm", False), ("bias", False), ("all", False)):
            trainable = select_trainable(names, policy)
            with only_trainable(model, trainable):
                assert (features_of(model, trainable, [torch.randn(shape)], AdaptConfig(epochs=1)) is not None) == wanted
    with only_trainable(motion, ["head.weight"]):
        assert features_of(motion, ["head.weight"], [torch.randn(9, 6, 20)], AdaptConfig(epochs=1, learn_statistics=True)) is None
