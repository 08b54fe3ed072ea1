"""A personal copy learns what it may and nothing else, and a reservoir is a fair sample."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from utils.adapt import POLICIES, AdaptConfig, MotionAugment, Reservoir, forgetting, personalise, select_trainable
from utils.adapt.augment import turns
from utils.models import MotionConfig, MotionNet
from utils.train import TrainConfig, accuracy, fit, one_cycle, predict

PLAIN = TrainConfig(epochs=10, lr=0.1, batch_size=64, label_smoothing=0.0)


def some(n=28, seed=0, classes=4):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % classes
    windows = torch.randn(n, 6, 40, generator=generator) + labels[:, None, None]
    return SimpleNamespace(inputs=windows, labels=labels)


def network(seed=0):
    torch.manual_seed(seed)
    return MotionNet(MotionConfig(((8, 3, 2), (12, 3, 2)), classes=4)).eval()


def state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("policy", POLICIES)
def test_only_the_chosen_parameters_change_and_only_in_the_copy(policy):
    model = network()
    before = state(model)
    adapted = personalise(model, some(), AdaptConfig(policy=policy, epochs=2, lr=0.1))
    chosen = set(select_trainable([name for name, _ in model.named_parameters()], policy))
    changed = {name for name, tensor in adapted.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == chosen
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not adapted.training and all(p.requires_grad for p in adapted.parameters())


def test_statistics_are_learnt_only_when_asked_for():
    model = network()
    before = state(model)
    after = state(personalise(model, some(), AdaptConfig(policy="last", epochs=2, lr=0.1, learn_statistics=True)))
    assert not torch.equal(after["blocks.0.norm.running_mean"], before["blocks.0.norm.running_mean"])


@pytest.mark.parametrize("rehearsed", [False, True])
def test_features_that_are_kept_give_what_the_whole_network_gives(rehearsed):
    """Is training the classifier on stored features the same as running the whole network in every step?"""
    model, data, old = network(), some(), some(20, seed=1) if rehearsed else None
    quick = personalise(model, data, AdaptConfig(policy="last", epochs=3, lr=0.3, seed=5), rehearsal=old)
    slow, generator = network(), torch.Generator().manual_seed(5)
    for _ in range(3):
        for index in torch.randperm(28, generator=generator).split(14):
            loss = F.cross_entropy(slow(data.inputs[index]), data.labels[index])
            if old:
                drawn = torch.randint(20, (14,), generator=generator)
                loss = (loss + F.cross_entropy(slow(old.inputs[drawn]), old.labels[drawn])) / 2
            gradients = torch.autograd.grad(loss, list(slow.head.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(slow.head.parameters(), gradients, strict=True):
                    parameter -= 0.3 * gradient
    assert torch.allclose(quick.head.weight, slow.head.weight, atol=1e-6)
    assert torch.allclose(quick.head.bias, slow.head.bias, atol=1e-6)


def test_a_person_is_learnt_and_rehearsal_keeps_what_was_known():
    known, person = some(200), some(28, seed=3)
    person.inputs, person.labels = -person.inputs, person.labels.flip(0)
    model = network()
    fit(model, known, PLAIN)
    alone = personalise(model, person, AdaptConfig(policy="last", epochs=60, lr=0.5))
    kept = personalise(model, person, AdaptConfig(policy="last", epochs=60, lr=0.5), rehearsal=known)
    assert accuracy(alone, person) > accuracy(model, person)
    assert accuracy(kept, known) > accuracy(alone, known)


def test_the_same_seed_gives_the_same_copy():
    first, second, other = (personalise(network(), some(), AdaptConfig(policy="all", epochs=2, lr=0.1, seed=seed)) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "at least one epoch"),
        ({"data": some(0)}, ValueError, "at least one epoch, one input"),
        ({"rehearsal": some(0)}, ValueError, "buffer is empty"),
        ({"policy": "none"}, ValueError, "policy must be one of"),
        ({"lr": 1e9, "epochs": 9, "policy": "all"}, FloatingPointError, "lower lr from 1000000000.0"),
    ],
)
def test_what_can_not_be_learnt_is_refused(change, error, message):
    arguments = {"data": some(), "policy": "last", "epochs": 1, "lr": 0.1, **change}
    data, rehearsal = arguments.pop("data"), arguments.pop("rehearsal", None)
    with pytest.raises(error, match=message):
        personalise(network(), data, AdaptConfig(**arguments), rehearsal=rehearsal)


def test_training_takes_the_steps_it_says_and_leaves_frozen_statistics_alone():
    model, epochs = network(), []
    before = state(model)["blocks.0.norm.running_mean"]
    config = replace(PLAIN, epochs=3, batch_size=16, learn_statistics=False, lr=0.01)
    history = fit(model, some(50), config, on_epoch=lambda number, history: epochs.append((number, history.loss[-1])))
    assert history.steps == 3 * 4 and not model.training
    assert [number for number, _ in epochs] == [1, 2, 3] and epochs[-1][1] < epochs[0][1]
    assert torch.equal(model.blocks[0].norm.running_mean, before)
    with pytest.raises(ValueError, match="at least one epoch"):
        fit(model, some(0), PLAIN)


def test_prediction_leaves_every_part_in_its_mode():
    model = network().train()
    model.blocks[1].norm.eval()
    modes = [module.training for module in model.modules()]
    assert predict(model, some().inputs, batch_size=5).shape == (28, 4)
    assert modes == [module.training for module in model.modules()]
    with pytest.raises(ValueError, match="no inputs"):
        accuracy(model, some(0))


def test_the_learning_rate_rises_then_falls_to_nothing():
    rates = [one_cycle(share) for share in np.linspace(0.01, 1, 100)]
    assert rates.index(max(rates)) == 19 and rates[19] == 1.0
    assert rates[-1] == pytest.approx(0.0) and min(rates) >= 0


# shaking


def test_turns_are_rotations_of_at_most_so_many_degrees():
    turn = turns(500, 30.0, torch.Generator().manual_seed(0))
    assert torch.allclose(turn @ turn.transpose(1, 2), torch.eye(3).expand(500, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(turn), torch.ones(500), atol=1e-5)
    angles = torch.rad2deg(torch.acos(((turn.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).clamp(-1, 1)))
    assert angles.max() <= 30.1 and angles.max() > 25 and angles.min() < 5


def test_a_turn_alone_keeps_the_length_of_each_sensor_and_turns_both_alike():
    windows = torch.randn(10, 6, 40)
    windows[:, 3:] = 2 * windows[:, :3]
    turned = MotionAugment(degrees=90, scale=0, noise=0)(windows, torch.Generator().manual_seed(0))
    assert torch.allclose(turned[:, :3].norm(dim=1), windows[:, :3].norm(dim=1), atol=1e-5)
    assert torch.allclose(turned[:, 3:], 2 * turned[:, :3], atol=1e-5)
    assert not torch.allclose(turned, windows, atol=0.1)


def test_shaken_by_nothing_is_unchanged():
    windows = torch.randn(4, 6, 40)
    assert torch.allclose(MotionAugment(0, 0, 0)(windows, torch.Generator()), windows, atol=1e-6)


# reservoir


@given(st.integers(1, 20), st.integers(0, 60), st.integers(0, 99))
def test_a_reservoir_holds_what_it_saw_and_no_more_than_fits(capacity, seen, seed):
    reservoir = Reservoir(capacity, np.random.default_rng(seed))
    reservoir.extend(range(seen))
    assert reservoir.seen == seen
    assert len(reservoir) == min(capacity, seen)
    assert len(set(reservoir.items)) == len(reservoir) and set(reservoir.items) <= set(range(seen))


def test_every_sample_of_the_stream_is_held_equally_often():
    """Algorithm R: after n samples each is held with probability capacity / n, early or late."""
    held, rng = np.zeros(30), np.random.default_rng(0)
    for _ in range(4000):
        reservoir = Reservoir(6, rng)
        reservoir.extend(range(30))
        held[reservoir.items] += 1
    assert held.sum() == 4000 * 6
    assert chisquare(held).pvalue > 0.001


def test_a_reservoir_without_room_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Reservoir(0, np.random.default_rng(0))


# forgetting


@pytest.mark.parametrize(
    ("matrix", "lost"),
    [
        ([[90, 0], [80, 95]], 10.0),
        ([[90, 0], [95, 95]], -5.0),
        ([[90, 99, 0], [94, 80, 0], [70, 70, 80]], (24 + 10) / 2),  # 99 was before task 1 was learnt: it is not lost
    ],
)
def test_forgetting_is_the_best_before_less_what_is_left(matrix, lost):
    assert forgetting(torch.tensor(matrix, dtype=torch.float32)) == pytest.approx(lost)


def test_what_stands_above_the_diagonal_does_not_count():
    matrix = torch.tensor([[90.0, torch.nan], [85.0, 95.0]])
    assert forgetting(matrix) == 5.0


@pytest.mark.parametrize("matrix", [torch.zeros(1, 1), torch.zeros(2, 3), torch.zeros(4)])
def test_what_is_no_square_of_tasks_is_refused(matrix):
    with pytest.raises(ValueError, match="square matrix of at least two"):
        forgetting(matrix)


def test_a_hole_where_it_counts_is_refused():
    with pytest.raises(ValueError, match="NaN or infinity"):
        forgetting(torch.tensor([[90.0, 0.0], [torch.nan, 95.0]]))
