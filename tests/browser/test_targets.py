"""One file, four ways to compute it: whole numbers in Python, C (here and on an emulated board), ONNX Runtime, the browser.

Six networks with random weights, none of them made for any of these ways.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, expect
from torch import nn

from utils.data import fashion_mnist
from utils.deploy import IntegerNetwork, OnnxRunnable, run_on_board, to_browser, to_c, to_int8_onnx
from utils.deploy.browser import serve
from utils.deploy.mcu import run_on_host
from utils.models import MicroConfig, MicroNet, ResidualConfig, ResidualNet

pytestmark = pytest.mark.slow

PHOTOS, ON_BOARD = 200, 3
CODES = 2  # by which a runtime that rescales in floats may differ from whole numbers, in the output


def pooled() -> nn.Module:
    """Max and average pooling, a hidden linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 9, 3, padding=1), nn.ReLU6(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(81, 20), nn.ReLU(), nn.Linear(20, 10),
    )  # fmt: skip


BUILDS = {
    "micro": lambda: MicroNet(MicroConfig.of(6, (12, 1), (10, 2))),
    "micro deep": lambda: MicroNet(MicroConfig.of(5, (7, 2), (9, 1), (11, 2), (8, 1))),
    "residual": lambda: ResidualNet(ResidualConfig.of(4, (6, 2), (6, 1))),
    "residual wide": lambda: ResidualNet(ResidualConfig.of(3, (10, 2), (12, 2), (12, 1))),
    "pooled": pooled,
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10)),
}


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    return fashion_mnist("validation", PHOTOS).images.numpy()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, calibration = tmp_path_factory.mktemp("targets"), fashion_mnist("train", 128).images
    paths = {name: folder / f"{name.replace(' ', '_')}.onnx" for name in BUILDS}
    for seed, (name, build) in enumerate(BUILDS.items()):
        torch.manual_seed(seed)
        model = build().train()
        for _ in range(30):  # the statistics of its normalisations, as training would leave them
            model(calibration)
        to_int8_onnx(model.eval(), None, paths[name], calibration)
    return paths


@pytest.fixture(scope="module")
def by_page(files: dict[str, Path], chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """name -> the browser's logits; a page shows four networks at most."""
    found: dict[str, np.ndarray] = {}
    for names in (list(BUILDS)[:3], list(BUILDS)[3:]):
        folder = to_browser({name: files[name] for name in names}, tmp_path_factory.mktemp("page"), fashion_mnist("validation", PHOTOS))
        with serve(folder) as server:
            page = chromium.new_page()
            page.goto(server.url)
            expect(page.locator("#all")).to_be_enabled(timeout=60_000)
            ask = "name => titans.predict(titans.settings.photos.flatMap(photo => [...photo.pixels]), name)"
            found |= {name: np.array(page.evaluate(ask, name)).reshape(PHOTOS, 10) for name in names}
            page.close()
    return found


@pytest.mark.needs("gcc")
@pytest.mark.parametrize("name", BUILDS)
def test_four_ways_agree(name: str, files: dict[str, Path], photos: np.ndarray, by_page: dict[str, np.ndarray], tmp_path: Path) -> None:
    """C and Python to the bit, browser and ONNX Runtime to the bit, and the two pairs to two codes of 256.

    Then the first choice is the same wherever it leads by more than twice that.
    """
    network = IntegerNetwork.from_onnx(files[name])
    codes = network.codes(photos)
    whole = network.run(codes)
    assert len(np.unique(whole)) > 20  # a network that says the same of every photo would agree with anything
    program = to_c(network, tmp_path / "c")
    np.testing.assert_array_equal(run_on_host(program, codes), whole)

    runtime = OnnxRunnable(files[name]).run(photos)
    np.testing.assert_array_equal(by_page[name], runtime)

    scale, zero = network.output.grid.scale, network.output.grid.zero_point
    theirs = np.rint(runtime / scale).astype(int) + zero
    assert np.abs(whole - theirs).max() <= CODES
    ranked = np.sort(theirs, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > 2 * CODES
    assert clear.mean() > 0.3
    np.testing.assert_array_equal(whole.argmax(1)[clear], theirs.argmax(1)[clear])


@pytest.mark.needs("gcc", "gcc-arm-none-eabi", "qemu-system-arm")
@pytest.mark.parametrize("name", BUILDS)
def test_the_board_agrees_to_the_bit(name: str, files: dict[str, Path], photos: np.ndarray, tmp_path: Path) -> None:
    network = IntegerNetwork.from_onnx(files[name])
    codes = network.codes(photos[:ON_BOARD])
    run = run_on_board(to_c(network, tmp_path / "c"), codes)
    np.testing.assert_array_equal(run.codes, network.run(codes))
    assert run.instructions_per_inference > network.macs
