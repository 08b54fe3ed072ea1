"""Training of shared weights, and candidates judged by them."""

import pickle

import pytest
import torch
from hypothesis import given, settings

from tests.utils.compress.search.drawn import ARCHITECTURES, SPACE
from utils.compress.search import Budget, SharedWeights, recalibrated, sandwich, supernet_of
from utils.data import fashion_mnist
from utils.models import save_model
from utils.train import TrainConfig, accuracy, fit

DATA = fashion_mnist("train", 1000)
CONFIG = TrainConfig(epochs=4, lr=0.2, batch_size=50, augment=False)


@pytest.fixture(scope="module")
def trained():
    """A supernet after a few steps."""
    net = supernet_of(SPACE)
    fit(net, DATA, CONFIG, loss=sandwich(SPACE, 0))
    return net


def test_subnetworks_learn_with_the_largest(trained):
    held = fashion_mnist("validation", 500)
    small = recalibrated(trained, SPACE.smallest(), DATA.images[:200])
    assert accuracy(trained, held) > 50 and accuracy(small, held) > 35
    untrained = recalibrated(supernet_of(SPACE), SPACE.smallest(), DATA.images[:200])
    assert accuracy(small, held) > accuracy(untrained, held) + 10


def test_the_loss_is_the_mean_of_what_it_says():
    """Largest, smallest and two drawn ones, the others against the largest network's probabilities."""
    net, x, y = supernet_of(SPACE).train(), DATA.images[:50], DATA.labels[:50]
    asked = []
    forward = net.forward
    net.forward = lambda x, architecture=None: asked.append(architecture) or forward(x, architecture)
    value = sandwich(SPACE, 2, Budget(macs=300_000), seed=3)(net, x, y)
    assert asked[:2] == [None, SPACE.smallest()] and len(asked) == 4
    assert all(Budget(macs=300_000).allows(one) for one in asked[2:])
    soft = forward(x).softmax(1)
    parts = [-(soft * forward(x, one).log_softmax(1)).sum(1).mean() for one in asked[1:]]
    expected = (torch.nn.functional.cross_entropy(forward(x), y) + sum(parts)) / 4
    torch.testing.assert_close(value, expected)
    again = []
    net.forward = lambda x, architecture=None: again.append(architecture) or forward(x, architecture)
    sandwich(SPACE, 2, Budget(macs=300_000), seed=3)(net, x, y)
    assert again == asked


def test_no_gradient_returns_to_the_largest_network_from_those_that_learn_from_it():
    net, x, y = supernet_of(SPACE).train(), DATA.images[:20], DATA.labels[:20]
    sandwich(SPACE, 0, loss=lambda model, x, y: 0 * model(x).sum())(net, x, y).backward()
    outside = net.layers["s0b1_depthwise"].conv.weight.grad  # the smallest network has no such block
    assert outside.abs().sum() == 0 and net.layers["s0b0_depthwise"].conv.weight.grad.abs().sum() > 0


def test_fewer_than_no_networks_are_refused():
    with pytest.raises(ValueError, match="between must be 0 or more"):
        sandwich(SPACE, -1)


@given(architecture=ARCHITECTURES)
@settings(max_examples=5)
def test_recalibration_gives_the_statistics_of_the_images(trained, architecture):
    before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
    net = recalibrated(trained, architecture, DATA.images[:100])
    first = torch.nn.functional.conv2d(DATA.images[:100], net.layers["stem_plain"].conv.weight, None, architecture.stem.stride,
                                       architecture.stem.kernel // 2)  # fmt: skip
    torch.testing.assert_close(net.layers["stem_plain"].norm.running_mean, first.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)
    assert all(torch.equal(before[name], tensor) for name, tensor in trained.state_dict().items())


def test_a_candidate_has_the_same_accuracy_in_every_process(trained, tmp_path):
    save_model(trained, tmp_path / "supernet.safetensors")
    judge = SharedWeights(tmp_path / "supernet.safetensors", calibration=100, validation=200)
    found = judge(SPACE.smallest())
    assert pickle.loads(pickle.dumps(judge))(SPACE.smallest()) == found
    images, held = fashion_mnist("train", 100).images, fashion_mnist("validation", 200)
    assert found == accuracy(recalibrated(trained, SPACE.smallest(), images), held)


def test_without_calibration_the_statistics_are_the_largest_networks(trained, tmp_path):
    save_model(trained, tmp_path / "supernet.safetensors")
    found = SharedWeights(tmp_path / "supernet.safetensors", calibration=0, validation=200)(SPACE.smallest())
    assert found == accuracy(trained.subnet(SPACE.smallest()), fashion_mnist("validation", 200))


def test_another_network_than_a_supernet_is_refused():
    with pytest.raises(ValueError, match="fashion_nano is a ResidualNet and not a supernet"):
        SharedWeights("fashion_nano")(SPACE.smallest())
