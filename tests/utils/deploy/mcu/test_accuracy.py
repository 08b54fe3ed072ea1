"""The integer network on all 10,000 validation photos, and what lab 07 says of it: its controls take more than a minute."""

from unittest import mock

import numpy as np
import pytest

from utils.data import fashion_mnist
from utils.deploy import to_int8_onnx
from utils.deploy.mcu import IntegerNetwork, layers
from utils.models import zoo

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    file = tmp_path_factory.mktemp("lab07") / "micro.onnx"
    to_int8_onnx(zoo.load("fashion_micro"), None, file, fashion_mnist("train", 512).images)
    return IntegerNetwork.from_onnx(file)


@pytest.fixture(scope="module")
def photos(network):
    """Codes and labels."""
    validation = fashion_mnist("validation")
    return network.codes(validation.images.numpy()), validation.labels.numpy()


def accuracy(network, photos):
    codes, labels = photos
    return 100 * (network.run(codes).argmax(1) == labels).mean()


@pytest.fixture(scope="module")
def rounded(network, photos):
    """The accuracy of the network as it is."""
    return accuracy(network, photos)


def test_the_pixel_is_the_code(network, photos):
    pixels = (fashion_mnist("validation").images.numpy() * 0.3530 + 0.2860) * 255
    assert np.array_equal(photos[0], pixels.round()) and network.input.grid.zero_point == 73


def test_whole_numbers_are_as_good_as_the_record_says(rounded):
    assert rounded == pytest.approx(zoo.record("fashion_micro_int8").validation[0], abs=0.05)


def test_rounding_down_costs_a_third_of_a_point(network, photos, rounded):
    def rounding_down(sums, multiplier, shift, zero_point):
        wide = sums.astype(np.int64) * np.asarray(multiplier, dtype=np.int64)
        return np.clip((wide >> np.asarray(shift, dtype=np.int64)) + zero_point, 0, 255).astype(np.uint8)

    with mock.patch("utils.deploy.mcu.layers.requantize", rounding_down):
        assert 0.2 < rounded - accuracy(network, photos) < 0.5


@pytest.mark.parametrize(("code", "low", "high"), [(0, -0.1, 0.2), (128, 50, 75)])
def test_a_wrong_border_is_harmless_in_one_format_and_ruin_in_the_other(network, photos, rounded, code, low, high):
    views = layers.Window.views
    with mock.patch.object(layers.Window, "views", lambda self, x, _: views(self, x, code)):
        assert low < rounded - accuracy(network, photos) < high
