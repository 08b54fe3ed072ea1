"""Masks remove exactly what was asked, agree with torch's own pruning, and change nothing."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from utils.compress.pruning import (
    GradualPruner,
    apply_masks,
    cubic_sparsity,
    global_masks,
    magnitude_mask,
    nested_random_masks,
    nm_mask,
    prunable,
    random_masks,
    rewind,
    sensitivity,
    sparsity_of,
)

sparsities = st.floats(0, 0.999)


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@given(st.lists(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]), min_size=1, max_size=60), sparsities)
def test_mask_removes_exactly_that_many_and_none_larger_than_a_kept_one(values, sparsity):
    weight = torch.tensor(values)
    mask = magnitude_mask(weight, sparsity)
    removed = weight[~mask].abs()
    assert len(removed) == round(sparsity * len(values))
    if len(removed) and mask.any():
        assert removed.max() <= weight[mask].abs().min()


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_magnitude_mask_is_torchs_l1_unstructured(sparsity):
    layer = nn.Conv2d(4, 8, 3)
    expected = prune.l1_unstructured(layer, "weight", amount=sparsity).weight_mask.bool()
    assert torch.equal(magnitude_mask(layer.weight_orig, sparsity), expected)


def test_global_masks_are_torchs_global_unstructured():
    layers = {"a": nn.Linear(20, 30), "b": nn.Linear(30, 5)}
    weights = {name: layer.weight.detach().clone() for name, layer in layers.items()}
    prune.global_unstructured([(layer, "weight") for layer in layers.values()], prune.L1Unstructured, amount=0.7)
    ours = global_masks(weights, 0.7)
    for name, layer in layers.items():
        assert torch.equal(ours[name], layer.weight_mask.bool())


def test_random_masks_remove_as_many_but_not_the_small_ones():
    weights = {"a": randn(50, 40), "b": randn(30)}
    lot = random_masks(weights, 0.8, torch.Generator().manual_seed(0))
    best = global_masks(weights, 0.8)
    removed = lambda masks: sum(int((~m).sum()) for m in masks.values())  # noqa: E731
    assert removed(lot) == removed(best) == round(0.8 * 2030)
    assert weights["a"][lot["a"]].abs().mean() < 0.7 * weights["a"][best["a"]].abs().mean()


def test_masks_leave_the_weights_alone():
    weight = randn(6, 6).requires_grad_()
    before = weight.detach().clone()
    mask = magnitude_mask(weight, 0.5)
    assert torch.equal(weight.detach(), before)
    assert mask.dtype == torch.bool
    assert not mask.requires_grad


@pytest.mark.parametrize("sparsity", [-0.1, 1.0, 1.2, float("nan")])
def test_impossible_sparsity_is_refused(sparsity):
    with pytest.raises(ValueError, match=r"sparsity must lie in \[0, 1\)"):
        magnitude_mask(randn(4), sparsity)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_weights_that_diverged_are_refused(value):
    with pytest.raises(ValueError, match="NaN or infinity"):
        magnitude_mask(torch.tensor([1.0, float(value)]), 0.5)


@given(st.integers(1, 8), st.integers(1, 6))
def test_nm_mask_keeps_two_of_every_four(rows, groups):
    weight = randn(rows, 4 * groups, seed=rows * 10 + groups)
    mask = nm_mask(weight).view(rows, groups, 4)
    assert (mask.sum(2) == 2).all()
    assert (weight.view_as(mask).abs()[mask].view(-1, 2).min(1).values >= weight.view_as(mask).abs()[~mask].view(-1, 2).max(1).values).all()


@pytest.mark.parametrize(("shape", "n", "m"), [((4, 6), 2, 4), ((8,), 2, 4), ((4, 8), 5, 4), ((4, 8), 0, 4)])
def test_nm_mask_refuses_what_has_no_groups(shape, n, m):
    with pytest.raises(ValueError, match="multiple of m"):
        nm_mask(torch.zeros(shape), n, m)


def test_cubic_schedule_starts_ends_and_rises():
    values = [cubic_sparsity(step, 10, 30, 0.9) for step in range(41)]
    assert values[:11] == [0.0] * 11
    assert values[30:] == pytest.approx([0.9] * 11)
    assert values == sorted(values)
    assert values[20] == pytest.approx(0.9 * (1 - 0.5**3))
    with pytest.raises(ValueError, match="end must come after begin"):
        cubic_sparsity(1, 5, 5, 0.5)


def test_rewind_takes_initial_values_where_kept():
    initial, final = randn(5, seed=1), randn(5, seed=2)
    mask = torch.tensor([True, False, True, False, True])
    ticket = rewind(initial, final, mask)
    assert torch.equal(ticket[mask], initial[mask])
    assert (ticket[~mask] == 0).all()
    with pytest.raises(ValueError, match="one shape"):
        rewind(initial, final, mask[:2])


def test_sensitivity_asks_once_for_each_pair():
    asked = []

    def evaluate(name, sparsity):
        asked.append((name, sparsity))
        return len(name) - sparsity

    assert sensitivity(evaluate, ["a", "bb"], iter([0.0, 0.5])) == {"a": [1.0, 0.5], "bb": [2.0, 1.5]}
    assert asked == [("a", 0.0), ("a", 0.5), ("bb", 0.0), ("bb", 0.5)]


@pytest.mark.parametrize("lot", [False, True])
def test_gradual_pruner_reaches_its_sparsity_and_never_revives_a_weight(lot):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 4))
    extra = {"choose": nested_random_masks(3)} if lot else {}
    pruner = GradualPruner(model, 0.9, end=0.5, every=3, **extra)
    gone = torch.zeros(20 * 30, dtype=torch.bool)
    for step in range(1, 41):
        with torch.no_grad():
            for p in model.parameters():
                p += 0.05 * torch.randn_like(p)
        pruner(step / 40)
        now = model[0].weight.flatten() == 0
        assert not (gone & ~now).any()
        gone = now
    assert sparsity_of(model) == pytest.approx(0.9, abs=0.5 / 720)
    assert sorted(prunable(model)) == ["0.weight", "2.weight"]


def test_mask_for_another_model_is_refused():
    with pytest.raises(ValueError, match=r"no weight '5\.weight'"):
        apply_masks(nn.Sequential(nn.Linear(2, 2)), {"5.weight": torch.ones(2, 2)})


def test_a_mask_of_as_many_weights_in_another_shape_is_refused_and_nothing_changed():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    before = model[0].weight.clone()
    with pytest.raises(ValueError, match=r"no weight '1\.weight' of shape \(3, 2\)"):
        apply_masks(model, {"0.weight": torch.zeros(3, 2), "1.weight": torch.zeros(3, 2)})
    assert torch.equal(model[0].weight, before)


@pytest.mark.parametrize("kind", [torch.Tensor.bool, torch.Tensor.float, lambda m: m.bool().numpy(), lambda m: m.numpy().astype(np.uint8)])
def test_masks_may_be_of_torch_or_numpy_of_truths_or_numbers(kind):
    model = nn.Sequential(nn.Linear(2, 2))
    mask = torch.tensor([[1, 0], [0, 1]])
    expected = model[0].weight.detach() * mask
    assert torch.equal(apply_masks(model, {"0.weight": kind(mask)})[0].weight, expected)


def test_a_layer_that_torch_masks_is_refused():
    """Its weight is made anew in each pass: a zero written into it would be gone."""
    model = nn.Sequential(nn.Linear(2, 2))
    prune.l1_unstructured(model[0], "weight", 0.5)
    with pytest.raises(ValueError, match=r"prune\.remove"):
        apply_masks(model, {"0.weight": torch.zeros(2, 2)})


def test_weights_of_all_layers_with_products_are_prunable_and_shared_ones_once():
    layers = nn.Sequential(nn.Conv1d(1, 1, 1), nn.Conv2d(1, 1, 1), nn.Conv3d(1, 1, 1), nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
    layers[5].weight = layers[3].weight
    assert list(prunable(layers)) == ["0.weight", "1.weight", "2.weight", "3.weight"]
    assert all(isinstance(weight, nn.Parameter) for weight in prunable(layers).values())
    assert list(prunable(nn.Linear(2, 2))) == ["weight"]


def test_a_model_without_weights_to_prune_has_no_sparsity():
    with pytest.raises(ValueError, match="no weights to prune"):
        sparsity_of(nn.BatchNorm1d(3))


@pytest.mark.parametrize("arguments", [{"sparsity": 1.0}, {"sparsity": -0.1}, {"begin": -0.1}, {"begin": 0.6}, {"end": 1.1}, {"every": 0}])
def test_an_impossible_plan_is_refused_before_training(arguments):
    with pytest.raises(ValueError, match=r"must lie in|need 0 <= begin"):
        GradualPruner(nn.Linear(2, 2), **{"sparsity": 0.5, "end": 0.5, **arguments})


def test_pruner_is_done_at_its_end_whatever_the_interval():
    model = nn.Linear(20, 20)
    pruner = GradualPruner(model, 0.9, end=0.5, every=1000)
    for step in range(1, 51):
        pruner(step / 100)
    assert sparsity_of(model) == pytest.approx(0.9)


def test_pruner_follows_any_schedule_in_any_kind_of_number():
    heard = []

    def schedule(step, begin, end, final_sparsity):
        heard.append((step, begin, end, final_sparsity))
        return torch.tensor(0.25)

    model = nn.Linear(20, 20)
    GradualPruner(model, 0.9, begin=0.1, end=0.5, schedule=schedule)(0.2)
    assert heard == [(0.2, 0.1, 0.5, 0.9)]
    assert sparsity_of(model) == 0.25


def test_a_pruner_goes_on_from_its_state():
    """Read by a reader that runs no code: masks, steps and all."""
    model = nn.Linear(20, 20)
    one, two = GradualPruner(model, 0.9, every=7), GradualPruner(model, 0.9, every=7)
    for step in range(1, 6):
        one(step / 100)
    file = io.BytesIO()
    torch.save(one.state_dict(), file)
    file.seek(0)
    two.load_state_dict(torch.load(file, weights_only=True))
    assert (two.steps, two.last) == (one.steps, one.last) == (5, one.last)
    assert torch.equal(one.masks["weight"], two.masks["weight"])


def test_whoever_chooses_gets_plain_tensors():
    """Does a function that calls view(-1) work too, although training lays weights out channels last?"""
    model = nn.Sequential(nn.Conv2d(4, 4, 3)).to(memory_format=torch.channels_last)
    seen = []

    def choose(weights, sparsity):
        seen.extend((weight.view(-1), weight.requires_grad) for weight in weights.values())
        return global_masks(weights, sparsity)

    GradualPruner(model, 0.5, end=0.5, choose=choose)(1.0)
    assert [wants for _, wants in seen] == [False]
    assert sparsity_of(model) == 0.5


def test_transposed_convolutions_are_pruned_and_counted():
    """An autoencoder's decoder has weights, too."""
    model = nn.Sequential(nn.Linear(1, 1), nn.ConvTranspose1d(1, 1, 1), nn.ConvTranspose2d(1, 1, 1), nn.ConvTranspose3d(1, 1, 1))
    assert list(prunable(model)) == ["0.weight", "1.weight", "2.weight", "3.weight"]
    for layer in model[1:]:
        nn.init.zeros_(layer.weight)
    assert sparsity_of(model) == 0.75
    two = nn.Sequential(nn.Linear(1, 1), nn.ConvTranspose1d(1, 1, 1))
    nn.init.zeros_(two[1].weight)
    assert sparsity_of(two) == 0.5


def test_a_layer_that_has_no_weight_yet_is_refused():
    with pytest.raises(ValueError, match="LazyLinear without a weight: give the model a first batch"):
        sparsity_of(nn.Sequential(nn.LazyLinear(3)))
