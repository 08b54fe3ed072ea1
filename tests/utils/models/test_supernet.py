"""Shared weights: each network of the space is a slice of them, and computes what that slice computes."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from safetensors.torch import load_file, save_file

from tests.utils.compress.search.drawn import ARCHITECTURES, SPACE
from utils.compress.search import Architecture, Block, supernet_of
from utils.models import Supernet, load_model, save_model

X = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def supernet():
    torch.manual_seed(0)
    net = supernet_of(SPACE)
    for layer in net.layers.values():
        for tensor in (layer.norm.bias, layer.norm.running_mean):
            torch.nn.init.normal_(tensor)
    return net


@given(architecture=ARCHITECTURES)
@settings(max_examples=25)
def test_a_subnetwork_equals_the_network_with_copied_weights(supernet, architecture):
    """In training mode and in evaluation mode, by slices and as a network of its own."""
    alone = supernet.subnet(architecture)
    assert alone.config == architecture and not alone.training
    with torch.no_grad():
        torch.testing.assert_close(supernet.eval()(X, architecture), alone(X))
        torch.testing.assert_close(supernet.train()(X, architecture), alone.train()(X), rtol=1e-4, atol=1e-4)


def test_the_middle_of_a_kernel_and_the_first_channels_are_shared(supernet):
    small = SPACE.smallest()
    layer, own = supernet.layers["s1b0_depthwise"], supernet.subnet(small).layers["s1b0_depthwise"]
    assert layer.conv.weight.shape == (24, 1, 5, 5) and own.conv.weight.shape == (4, 1, 3, 3)
    assert torch.equal(own.conv.weight, layer.conv.weight[:4, :, 1:4, 1:4])
    assert torch.equal(own.norm.running_mean, layer.norm.running_mean[:4])


def test_it_is_the_largest_network_as_long_as_nothing_else_is_asked(supernet):
    supernet.eval()
    torch.testing.assert_close(supernet(X), supernet.subnet(supernet.largest)(X))
    assert SPACE.contains(supernet.largest)


def test_only_the_largest_network_leaves_statistics(supernet):
    supernet.train()
    before = {name: buffer.clone() for name, buffer in supernet.named_buffers()}
    supernet(X, SPACE.draw(np.random.default_rng(0)))
    assert all(torch.equal(before[name], buffer) for name, buffer in supernet.named_buffers())
    supernet(X)
    assert not torch.equal(before["layers.stem_plain.norm.running_mean"], supernet.layers["stem_plain"].norm.running_mean)


def test_gradients_reach_the_slice_alone(supernet):
    supernet.train()
    supernet.zero_grad()
    supernet(X, SPACE.smallest()).sum().backward()
    gradient = supernet.layers["stem_plain"].conv.weight.grad
    assert gradient[:4, :, 1:4, 1:4].abs().sum() > 0
    assert gradient[4:].abs().sum() == 0 and gradient[:, :, 0].abs().sum() == 0


def test_a_checkpoint_comes_back(supernet, tmp_path):
    save_model(supernet.eval(), tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert type(again) is Supernet and again.config == supernet.config
    assert torch.equal(again(X), supernet(X))


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture(Block(16, stride=2, kind="plain"), SPACE.smallest().stages),  # wider
        Architecture(Block(8, 7, 2, "plain"), SPACE.smallest().stages),  # a larger kernel
        Architecture(Block(8, stride=2, kind="plain"), ((Block(8),), (Block(8, kind="plain"),))),  # another kind
    ],
)
def test_what_is_not_in_it_is_refused(supernet, architecture):
    with pytest.raises(ValueError, match="the supernet has no weights for"):
        supernet.subnet(architecture)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("stages", 0, "depth"), 10**12),
        (("stages", 0, "depth"), 2.0),
        (("stages", 0, "width"), 10**9),
        (("stages", 0, "kinds"), []),
        (("stages", 0, "kinds"), ["separable", "separable"]),
        (("stages", 0, "kinds"), ["round"]),
        (("stages", 0, "kinds"), 3),
        (("stages",), []),
        (("stages",), {}),
        (("stem", "kernel"), 4),
        (("stem",), None),
        (("classes",), True),
        (("more",), 1),
    ],
)
def test_a_file_with_an_impossible_configuration_is_refused(path, value, supernet, tmp_path):
    """At once and without much memory, whatever it asks for."""
    save_model(supernet.eval(), tmp_path / "m.safetensors")
    tensors, config = load_file(tmp_path / "m.safetensors"), supernet.config.to_dict()
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    save_file(tensors, tmp_path / "bad.safetensors", {"architecture": "Supernet", "config": json.dumps(config), "packed": "{}"})
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        load_model(tmp_path / "bad.safetensors")
