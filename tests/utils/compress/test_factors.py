"""Low rank: no other factors are nearer, and a network with factors is the network with the rounded weight."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.compress.factors import low_rank, low_rank_, rank_for_energy
from utils.models import LeNet, Perceptron


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 100))
@settings(max_examples=30)
def test_the_error_is_what_the_left_out_singular_values_say(out, inside, seed):
    weight = torch.randn(out, inside, generator=torch.Generator().manual_seed(seed))
    values = torch.linalg.svdvals(weight)
    for rank in range(1, min(out, inside) + 1):
        left, right = low_rank(weight, rank)
        assert left.shape == (out, rank) and right.shape == (rank, inside)
        error = (left @ right - weight).square().sum()
        torch.testing.assert_close(error, values[rank:].square().sum(), rtol=1e-3, atol=1e-4)


@given(st.floats(0.05, 1.0), st.integers(0, 100))
@settings(max_examples=30)
def test_the_rank_is_the_smallest_that_keeps_the_energy(energy, seed):
    weight = torch.randn(6, 9, generator=torch.Generator().manual_seed(seed))
    squares = torch.linalg.svdvals(weight.double()).square()
    rank = rank_for_energy(weight, energy)
    assert squares[:rank].sum() >= (energy - 1e-9) * squares.sum()
    assert rank == 1 or squares[: rank - 1].sum() < energy * squares.sum()
    assert rank_for_energy(torch.zeros(3, 3), 0.9) == rank_for_energy(torch.zeros(3, 3), 1) == 1


def test_linear_layers_and_convolutions_become_pairs():
    torch.manual_seed(0)
    model, x = LeNet(), torch.randn(2, 1, 28, 28)
    expected = copy.deepcopy(model)
    for at, rank in ((3, 20), (7, 30)):
        left, right = low_rank(expected[at].weight.flatten(1), rank)
        expected[at].weight.data = (left @ right).view_as(expected[at].weight)
    changed = low_rank_(model, {"3": 20, "7": 30})
    assert changed is model and [layer.out_channels for layer in model[3]] == [20, 50]
    torch.testing.assert_close(model(x), expected(x), rtol=1e-3, atol=1e-4)
    assert sum(p.numel() for p in model.parameters()) < 0.2 * sum(p.numel() for p in expected.parameters())


def test_at_full_rank_nothing_changes():
    model, x = Perceptron().eval(), torch.randn(2, 784)
    before = model(x)
    torch.testing.assert_close(low_rank_(model, {"5": 10, "3": 100})(x), before, rtol=1e-4, atol=1e-5)
    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize(
    ("ranks", "said"),
    [({"1": 0}, "rank 0"), ({"1": 301}, "rank 301"), ({"2": 3}, "no layer '2'"), ({"5": 3, "nine": 3}, "no layer 'nine'")],
)
def test_ranks_that_can_not_be_are_refused_and_nothing_changes(ranks, said):
    model = Perceptron()
    with pytest.raises(ValueError, match=said):
        low_rank_(model, ranks)
    assert all(isinstance(model[at], nn.Linear) for at in (1, 3, 5))


def test_other_layers_and_values_are_refused():
    with pytest.raises(ValueError, match="in groups or transposed"):
        low_rank_(nn.Sequential(nn.Conv2d(4, 4, 3, groups=2)), {"0": 1})
    with pytest.raises(ValueError, match="no layer ''"):
        low_rank_(nn.Linear(3, 3), {"": 1})
    with pytest.raises(ValueError, match="NaN or infinity"):
        low_rank(torch.full((2, 2), float("nan")), 1)
    for wrong in (0.0, 1.1):
        with pytest.raises(ValueError, match=r"share in \(0, 1\]"):
            rank_for_energy(torch.eye(2), wrong)
