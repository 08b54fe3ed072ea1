"""Weights that can't change an answer are left out, and no answer changes."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.compress.titan.dead_units import silence_dead_units_


def sparse(model, density, seed):
    """Weights and biases of which most are zero, many units altogether."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        drawn = torch.randn(parameter.shape, generator=generator)
        kept = torch.rand(parameter.shape, generator=generator) < density
        units = torch.rand(len(parameter), generator=generator) < 0.6
        parameter.data = drawn * kept * units.view(-1, *[1] * (parameter.ndim - 1))
    return model


def networks():
    yield nn.Sequential(nn.Flatten(), nn.Linear(144, 6), nn.ReLU(), nn.Linear(6, 5, bias=False), nn.ReLU(), nn.Linear(5, 3))
    yield nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 3, 3), nn.Flatten(), nn.Linear(27, 3))
    yield nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU6(), nn.Conv2d(4, 4, 3, groups=2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(64, 3))
    yield nn.Sequential(nn.Flatten(), nn.Linear(144, 6), nn.Tanh(), nn.Linear(6, 3))


@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.3, 0.8]))
@settings(max_examples=25)
def test_no_answer_changes_and_nothing_is_left_to_silence(seed, density):
    x = torch.randn(4, 1, 12, 12, generator=torch.Generator().manual_seed(seed))
    for model in networks():
        before = sparse(model, density, seed)
        after = copy.deepcopy(before)
        silenced = silence_dead_units_(after)
        assert torch.equal(before(x), after(x))
        gone = sum(int((old != new).sum()) for old, new in zip(before.parameters(), after.parameters(), strict=True))
        assert gone == silenced and silence_dead_units_(after) == 0


def linear(weight, bias):
    layer = nn.Linear(len(weight[0]), len(weight))
    layer.weight.data, layer.bias.data = torch.tensor(weight), torch.tensor(bias)
    return layer


@pytest.mark.parametrize(
    ("between", "bias", "silenced"), [(nn.ReLU(), -1.0, 3), (nn.ReLU(), 1.0, 0), (nn.Identity(), -1.0, 0), (nn.Sigmoid(), 0.0, 0)]
)
def test_a_unit_without_weights_is_dead_if_it_gives_zero(between, bias, silenced):
    model = nn.Sequential(linear([[1.0], [0.0]], [0.5, bias]), between, linear([[1.0, 2.0], [1.0, 3.0]], [0.0, 0.0]))
    assert silence_dead_units_(model) == silenced


def test_a_unit_that_nobody_reads_loses_its_weights_and_so_on_backwards():
    first, second = linear([[1.0, 2.0], [3.0, 4.0]], [0.0, 1.0]), linear([[0.0, 5.0], [6.0, 0.0]], [1.0, 1.0])
    model = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), linear([[0.0, 1.0]], [0.0]))
    assert silence_dead_units_(model) == 2 + 3  # the first unit of the second layer, then the second unit of the first
    assert model[0].weight.tolist() == [[1.0, 2.0], [0.0, 0.0]] and model[2].weight.tolist() == [[0.0, 0.0], [6.0, 0.0]]
