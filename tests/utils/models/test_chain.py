"""Networks of an architecture search: an architecture says all, and what can't be built is refused in a sentence."""

import pytest
import torch
from torch import nn

from utils.models import Architecture, Block, ChainNet, load_model, save_model

STEM = Block(8, stride=2, kind="plain")
SMALL = Architecture(STEM, ((Block(16), Block(16, 5, expansion=2, skip=True)), (Block(16, kind="plain", skip=True),)))


def test_layers_are_those_of_the_architecture():
    net = ChainNet(SMALL)
    names = ["stem_plain", "s0b0_depthwise", "s0b0_project", "s0b1_expand", "s0b1_depthwise", "s0b1_project", "s1b0_plain"]
    assert list(net.layers) == names == [shape.name for shape in SMALL.convolutions()]
    assert [tuple(layer.conv.weight.shape) for layer in net.layers.values()] == [
        (8, 1, 3, 3), (8, 1, 3, 3), (16, 8, 1, 1), (32, 16, 1, 1), (32, 1, 5, 5), (16, 32, 1, 1), (16, 16, 3, 3),
    ]  # fmt: skip


def test_answers_are_those_of_torch_layers():
    """The same network written down layer by layer."""
    torch.manual_seed(0)
    net = ChainNet(SMALL).eval()
    stem, depthwise, project, expand, inner, narrow, plain = net.layers.values()
    x = torch.randn(2, 1, 28, 28)
    y = stem(x).relu()
    y = project(depthwise(y).relu()).relu()
    y = (narrow(inner(expand(y).relu()).relu()) + y).relu()
    y = (plain(y) + y).relu()
    assert y.shape == (2, 16, 14, 14)
    assert torch.equal(net(x), nn.functional.linear(y.mean((2, 3)), net.head.weight, net.head.bias))


def test_a_checkpoint_comes_back(tmp_path):
    net = ChainNet(SMALL).eval()
    save_model(net, tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert type(again) is ChainNet and again.config == SMALL
    x = torch.randn(2, 1, 28, 28)
    assert torch.equal(again(x), net(x))


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"width": 0}, "width of a block"),
        ({"width": 8, "kernel": 4}, "must be odd"),
        ({"width": 8, "kernel": 3.0}, "kernel of a block"),
        ({"width": 8, "stride": 0}, "stride of a block"),
        ({"width": 8, "kind": "round"}, "kind of a block"),
        ({"width": 8, "kind": "plain", "expansion": 2}, "nothing to expand"),
        ({"width": 8, "stride": 2, "skip": True}, "false with a stride"),
        ({"width": 8, "skip": 1}, "must be true or false"),
    ],
)
def test_impossible_blocks_are_refused(numbers, said):
    with pytest.raises(ValueError, match=said):
        Block(**numbers)


@pytest.mark.parametrize(
    ("stem", "stages", "said"),
    [
        (Block(8), ((Block(8),),), "stem must be a plain block"),
        (STEM, (), "number of stages"),
        (STEM, ((),), "number of blocks"),
        (STEM, ((Block(8),), ()), "stage 1 has no block"),
        (STEM, ((Block(8),) * 40, (Block(8),) * 25), r"number of blocks must be an integer in 1\.\.64"),
        (STEM, ((Block(8), Block(16)),), "must have width 8"),
        (STEM, ((Block(8), Block(8, stride=2)),), "stride 1"),
        (STEM, ((Block(16, skip=True),),), "turns 8 channels into 16"),
    ],
)
def test_impossible_architectures_are_refused(stem, stages, said):
    with pytest.raises(ValueError, match=said):
        Architecture(stem, stages)
