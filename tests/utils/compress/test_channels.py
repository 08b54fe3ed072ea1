"""Channel surgery: the ties are all found, the cut is exact, and Torch-Pruning cuts the same."""

import copy

import pytest
import torch
import torch.nn.functional as F
import torch_pruning
from torch import nn

from utils.compress.pruning import channel_groups, channel_importance, choose_channels, prune_channels, remove_channels
from utils.models import BlockConfig, ResidualConfig, ResidualNet

X = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def residual():
    torch.manual_seed(0)
    model = ResidualNet(ResidualConfig.of(8, (16, 2), (16, 1), (24, 2))).eval()
    for module in model.modules():  # as after training: no batch norm is the identity
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
    return model


class Mobile(nn.Module):
    """Depthwise separable, with a flattened map before the classifier."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, 2, 1)
        self.depthwise = nn.Conv2d(8, 8, 3, 2, 1, groups=8)
        self.norm = nn.BatchNorm2d(8)
        self.point = nn.Conv2d(8, 12, 1)
        self.head = nn.Linear(12 * 49, 10)

    def forward(self, x):
        x = F.relu6(self.norm(self.depthwise(self.first(x))))
        return self.head(torch.flatten(F.relu(self.point(x)), 1))


def zero_channels(model, group, index):
    """The same model with a group's other channels silenced where they are produced and normed."""
    silent = copy.deepcopy(model)
    gone = torch.ones(group.channels, dtype=torch.bool)
    gone[index] = False
    for name in (*group.producers, *group.followers):
        layer = silent.get_submodule(name)
        layer.weight.data[gone] = 0
        if layer.bias is not None:
            layer.bias.data[gone] = 0
    return silent


@pytest.mark.parametrize("make", [residual, Mobile])
def test_removing_a_group_equals_silencing_it(make):
    torch.manual_seed(0)
    model = make().eval()
    groups = channel_groups(model)
    assert groups
    for group in groups:
        index = torch.randperm(group.channels)[: group.channels // 2].sort().values
        small = prune_channels(model, {group.name: index})
        torch.testing.assert_close(small(X), zero_channels(model, group, index)(X))


def test_all_groups_cut_at_once_still_run_and_shrink():
    model = residual()
    small = prune_channels(model, choose_channels(model, 0.5, multiple=4))
    assert small(X).shape == (3, 10)
    assert small.config == ResidualConfig(4, (BlockConfig(8, 8, 2, True), BlockConfig(8, 8, 1, False), BlockConfig(12, 12, 2, True)))
    again = ResidualNet(small.config)
    again.load_state_dict(small.state_dict())


@pytest.mark.parametrize("make", [residual, Mobile])
def test_torch_pruning_finds_the_same_ties_and_cuts_the_same(make):
    torch.manual_seed(0)
    model = make().eval()
    for group in channel_groups(model):
        index = torch.arange(0, group.channels, 2)
        gone = [i for i in range(group.channels) if i % 2]
        theirs = copy.deepcopy(model)
        graph = torch_pruning.DependencyGraph().build_dependency(theirs, example_inputs=X)
        layer = theirs.get_submodule(group.producers[0])
        graph.get_pruning_group(layer, torch_pruning.prune_conv_out_channels, idxs=gone).prune()
        ours = prune_channels(model, {group.name: index}).state_dict()
        assert ours.keys() == theirs.state_dict().keys()
        for name, tensor in theirs.state_dict().items():
            assert torch.equal(ours[name], tensor), name


def test_model_is_not_changed():
    model = residual()
    before = copy.deepcopy(model.state_dict())
    prune_channels(model, choose_channels(model, 0.5))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_channels_that_are_zero_are_the_first_to_go():
    model = residual()
    group = next(g for g in channel_groups(model) if g.name == "blocks.0.conv1")
    silent = zero_channels(model, group, torch.tensor([1, 4, 7, 11]))
    for layer in map(silent.get_submodule, group.consumers):
        layer.weight.data[:, [i for i in range(16) if i not in (1, 4, 7, 11)]] = 0
    keep = choose_channels(silent, {"blocks.0.conv1": 0.25}, multiple=4)
    assert keep["blocks.0.conv1"].tolist() == [1, 4, 7, 11]
    torch.testing.assert_close(prune_channels(silent, keep)(X), silent(X))


def test_random_choice_follows_its_generator():
    model = residual()
    draw = lambda seed: choose_channels(model, 0.5, criterion="random", generator=torch.Generator().manual_seed(seed))  # noqa: E731
    assert all(torch.equal(draw(0)[k], draw(0)[k]) for k in draw(0))
    assert any(not torch.equal(draw(0)[k], draw(1)[k]) for k in draw(0))


def test_importance_is_the_norm_of_each_filter():
    weight = torch.tensor([[3.0, -4.0], [0.0, 1.0]]).view(2, 1, 1, 2)
    assert channel_importance(weight, "l1").tolist() == [7, 1]
    assert channel_importance(weight, "l2").tolist() == [5, 1]
    with pytest.raises(ValueError, match="criterion"):
        channel_importance(weight, "linf")


def test_surgery_on_a_pair_of_layers():
    one, two = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 4, 3)
    keep = torch.tensor([0, 2, 5])
    weight, bias, following = remove_channels(one.weight, one.bias, two.weight, keep)
    x = torch.randn(2, 3, 8, 8)
    silent = F.relu(one(x)) * torch.isin(torch.arange(6), keep).view(1, 6, 1, 1)
    torch.testing.assert_close(F.conv2d(F.relu(F.conv2d(x, weight, bias, padding=1)), following, two.bias), two(silent))
    assert remove_channels(one.weight, None, two.weight, keep)[1] is None


class Concat(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 4, 3)

    def forward(self, x):
        return torch.cat([self.one(x), self.one(x)], 1)


@pytest.mark.parametrize(
    ("model", "name"),
    [(Concat(), "cat"), (nn.Sequential(nn.Conv2d(4, 8, 3, groups=2)), "grouped"), (nn.Sequential(nn.LSTM(4, 4)), "LSTM")],
)
def test_what_cannot_be_followed_is_refused_by_name(model, name):
    with pytest.raises(ValueError, match=name):
        channel_groups(model)


@pytest.mark.parametrize("index", [[], [0, 0], [99], [-1]])
def test_impossible_indices_are_refused(index):
    with pytest.raises(ValueError, match="keep at least one channel"):
        prune_channels(residual(), {"stem": torch.tensor(index, dtype=torch.long)})


def test_unknown_group_and_fraction_are_refused():
    with pytest.raises(ValueError, match="no channel group"):
        prune_channels(residual(), {"head": torch.tensor([0])})
    with pytest.raises(ValueError, match="no channel group"):
        choose_channels(residual(), {"head": 0.5})
    with pytest.raises(ValueError, match="must lie in"):
        choose_channels(residual(), 0.0)
