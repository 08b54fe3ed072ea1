"""Channel surgery: the ties are all found, the cut is exact, and Torch-Pruning cuts the same."""

import copy
import warnings

import pytest
import torch
import torch.nn.functional as F
import torch_pruning
from torch import nn
from torch.nn.utils import prune

from utils.compress.pruning import channel_groups, channel_importance, choose_channels, group_importance, prune_channels, remove_channels
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


@pytest.mark.parametrize("make", [residual, Mobile])
def test_layers_know_their_new_widths_and_stay_frozen(make):
    """Does every layer say what its tensors are, and does a layer that was not to learn still not learn?"""
    model = make()
    frozen = next(model.children())
    frozen.requires_grad_(False)
    small = prune_channels(model, choose_channels(model, 0.5, multiple=4))
    assert [p.requires_grad for p in small.parameters()] == [p.requires_grad for p in model.parameters()]
    for layer in small.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.num_features == len(layer.weight) == len(layer.running_mean)
        elif isinstance(layer, nn.Conv2d):
            assert (layer.out_channels, layer.in_channels // layer.groups) == layer.weight.shape[:2]
        elif isinstance(layer, nn.Linear):
            assert (layer.out_features, layer.in_features) == layer.weight.shape


def test_a_pruned_depthwise_layer_has_one_group_for_each_channel():
    small = prune_channels(Mobile(), {"first": torch.tensor([1, 5, 6])})
    layer = small.depthwise
    assert (layer.in_channels, layer.out_channels, layer.groups) == (3, 3, 3)


def test_importance_adds_filters_and_their_readers_each_over_its_mean():
    """By hand: filters 1, 2, 3; what reads them has norms 5, 0, 1 in columns (the rows would say otherwise)."""
    model = nn.Sequential(nn.Conv2d(1, 3, 1), nn.Conv2d(3, 2, 1))
    model[0].weight.data = torch.tensor([1.0, -2.0, 3.0]).view(3, 1, 1, 1)
    model[1].weight.data = torch.tensor([[3.0, 0.0, 0.0], [4.0, 0.0, 1.0]]).view(2, 3, 1, 1)
    (group,) = channel_groups(model)
    torch.testing.assert_close(group_importance(model, group), torch.tensor([1 / 2 + 5 / 2, 1.0, 3 / 2 + 1 / 2]))


class Around(nn.Module):
    """A convolution and a shortcut around it, added in either order."""

    def __init__(self, swapped):
        super().__init__()
        self.conv, self.swapped = nn.Conv2d(4, 4, 3, padding=1), swapped

    def forward(self, x):
        return (self.conv(x) + x if self.swapped else x + self.conv(x)).relu().flatten(1)


@pytest.mark.parametrize("swapped", [False, True])
def test_what_is_tied_to_the_input_or_the_output_is_no_group(swapped):
    assert channel_groups(Around(swapped)) == []
    assert [g.name for g in channel_groups(nn.Sequential(Around(swapped), nn.Linear(64, 5), nn.ReLU(), nn.Linear(5, 2)))] == ["1"]
    tail = nn.Sequential(nn.Conv2d(1, 4, 1), Around(swapped))
    assert channel_groups(tail) == []


@pytest.mark.parametrize(
    ("width", "share", "multiple", "left"),
    [(12, 1.0, 8, 12), (12, 0.99, 8, 8), (24, 0.01, 8, 8), (24, 0.4, 8, 8), (24, 0.6, 8, 16), (24, 0.5, 1, 12)],
)
def test_widths_are_rounded_to_the_multiple_but_a_share_of_one_keeps_all(width, share, multiple, left):
    model = nn.Sequential(nn.Conv2d(1, width, 1), nn.ReLU(), nn.Conv2d(width, 2, 1))
    assert len(choose_channels(model, share, multiple=multiple)["0"]) == left


class Net(nn.Module):
    """Layers and what is done with them, for the cases below."""

    def __init__(self, forward, **layers):
        super().__init__()
        self.body = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.body(self, x)


def conv(inputs=1, outputs=4):
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def one_parameter_in_two():
    one, two = conv(4, 4), conv(4, 4)
    two.weight = one.weight
    return nn.Sequential(conv(), one, two)


def masked_by_torch():
    model = nn.Sequential(conv(), conv(4, 2))
    prune.l1_unstructured(model[0], "weight", 0.5)
    return model


def weight_normed():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(conv())


REFUSED = {
    "concatenation": (Net(lambda m, x: torch.cat([m.a(x), m.b(x)], 1), a=conv(), b=conv()), "cat"),
    "grouped convolution": (nn.Sequential(nn.Conv2d(4, 8, 3, groups=2)), "grouped"),
    "unknown layer": (nn.Sequential(nn.LSTM(4, 4)), "LSTM"),
    "a layer called twice": (Net(lambda m, x: m.b(m.b(m.a(x))), a=conv(), b=conv(4, 4)), "'b'.*called twice"),
    "a norm called twice": (Net(lambda m, x: m.n(m.b(m.n(m.a(x)))), a=conv(), b=conv(4, 4), n=nn.BatchNorm2d(4)), "'n'.*called twice"),
    "one parameter in two layers": (one_parameter_in_two(), "'1.weight' and '2.weight' are one parameter"),
    "a mask of torch's": (masked_by_torch(), "computed in each pass"),
    "an addition that broadcasts": (Net(lambda m, x: m.c(m.a(x) + m.b(x)), a=conv(), b=conv(1, 1), c=conv(4, 2)), "addition of 4 .* and 1"),
    "a map plus a vector": (Net(lambda m, x: m.a(x) + m.b(x).mean((2, 3)), a=conv(), b=conv()), "addition"),
    "an addition of flattened maps": (
        Net(lambda m, x: m.c(m.a(x).flatten(1) + m.b(x).flatten(1)), a=conv(), b=conv(), c=nn.Linear(64, 2)),
        "addition",
    ),
    "flatten from 0": (Net(lambda m, x: m.c(torch.flatten(m.a(x))), a=conv(), c=nn.Linear(64, 2)), "flatten"),
    "flatten from 2": (nn.Sequential(conv(), nn.Flatten(2), nn.Linear(16, 2)), "flatten"),
    "mean over channels": (Net(lambda m, x: m.b(m.a(x).mean(1, keepdim=True)), a=conv(), b=conv(1, 2)), "mean"),
    "mean over all": (Net(lambda m, x: m.a(x).mean(), a=conv()), "mean"),
    "mean over a vector": (Net(lambda m, x: m.b(m.a(x)).mean(1), a=nn.Linear(4, 4), b=nn.Linear(4, 4)), "mean"),
    "norm of a flattened map": (nn.Sequential(conv(), nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 2)), "'2'.*64 features"),
    "pooling of a flattened map": (nn.Sequential(conv(), nn.Flatten(), nn.MaxPool2d(2)), "flat"),
    "linear on the width of a map": (nn.Sequential(conv(), nn.Linear(4, 4)), "Linear"),
    "linear on more than the channels": (Net(lambda m, x: m.b(m.a(x).mean((2, 3))), a=conv(), b=nn.Linear(8, 2)), "Linear"),
    "an older weight_norm": (nn.Sequential(weight_normed(), nn.ReLU(), conv(4, 2)), "'0'.*computed in each pass"),
    "a newer weight_norm": (nn.Sequential(nn.utils.parametrizations.weight_norm(conv())), "'0'.*computed in each pass"),
    "an older spectral_norm": (nn.Sequential(nn.utils.spectral_norm(conv())), "'0'.*computed in each pass"),
    "the length of a batch": (Net(lambda m, x: m.a(x) * len(x), a=conv()), "Net decides by its data.*can't be followed"),
    "a condition": (Net(lambda m, x: m.a(x) if x.sum() > 0 else m.a(-x), a=conv()), "Net decides by its data.*can't be followed"),
    "what was compiled": (torch.compile(nn.Sequential(conv())), "torch.compile made: give the model itself"),
    "a constant that is added": (Net(lambda m, x: m.b(m.a(x) + 1.0), a=conv(), b=conv(4, 2)), "constant"),
    "a clamp above zero": (Net(lambda m, x: m.b(m.a(x).clamp(0.5, 1)), a=conv(), b=conv(4, 2)), "clamp"),
    "a bare parameter": (Net(lambda m, x: m.a(x) + m.w, a=conv(), w=nn.Parameter(torch.ones(4, 1, 1))), "no layer made"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_followed_is_refused_by_name(what):
    model, name = REFUSED[what]
    with pytest.raises(ValueError, match=name):
        channel_groups(model)


ACCEPTED = {
    "norm behind a global pooling": nn.Sequential(conv(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(4), nn.Linear(4, 2)),
    "a network of linear layers": nn.Sequential(nn.Flatten(), nn.Linear(784, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2)),
    "mean that keeps the map": Net(lambda m, x: m.b(m.a(x).mean((-1, -2), keepdim=True)), a=conv(), b=nn.Conv2d(4, 2, 1)),
    "one activation for two layers": Net(lambda m, x: m.b(m.r(m.b0(m.r(m.a(x))))), a=conv(), b0=conv(4, 6), b=conv(6, 2), r=nn.ReLU()),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_can_be_followed_is_cut_exactly(what):
    model = ACCEPTED[what].eval()
    groups = channel_groups(model)
    assert groups
    for group in groups:
        index = torch.arange(0, group.channels, 2)
        torch.testing.assert_close(prune_channels(model, {group.name: index})(X), zero_channels(model, group, index)(X))


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


def test_a_share_that_removes_nothing_is_said():
    """Half of eight channels is four, though widths are multiples of eight in wide groups; what can't be cut so is told."""
    eight, wide = (nn.Sequential(nn.Conv2d(1, width, 3), nn.ReLU(), nn.Conv2d(width, 2, 3)) for width in (8, 64))
    assert len(choose_channels(eight, 0.5)["0"]) == 4
    assert len(choose_channels(wide, 0.5)["0"]) == 32
    with pytest.warns(UserWarning, match="0 keeps all its 64 channels, a share of 0.97 rounded to a multiple of 8: give multiple=1"):
        assert len(choose_channels(wide, 0.97)["0"]) == 64
    with pytest.warns(UserWarning, match="0 keeps all its 8 channels"):
        choose_channels(eight, 0.5, multiple=8)
    with pytest.raises(ValueError, match="multiple must be 1 or more, got 0"):
        choose_channels(eight, 0.5, multiple=0)


def test_a_group_that_rounding_leaves_whole_is_no_reason_to_warn_where_others_are_cut(recwarn):
    network = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 64, 3), nn.ReLU(), nn.Conv2d(64, 2, 3))
    assert {name: len(kept) for name, kept in choose_channels(network, 0.9).items()} == {"0": 16, "2": 56}
    assert not recwarn.list
