"""Networks for the tests: seeded random ones in an int8 file, each of another build."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from utils.deploy import to_int8_onnx
from utils.deploy.mcu import to_c
from utils.models import MicroConfig, MicroNet, ResidualConfig, ResidualNet

SHAPE = (1, 12, 12)


class Branches(nn.Module):
    """Two additions of the same tensor, a shortcut that is read late, three channels in, oblong kernels, no bias."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, (3, 5), (2, 1), padding=(1, 2), bias=False)
        self.second, self.third = nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.Conv2d(6, 6, 1)
        self.head = nn.Linear(6 * 6 * 12, 5, bias=False)

    def forward(self, x):
        x = torch.relu(self.first(x))
        y = x + self.second(x)
        y = self.third(torch.relu(y)) + x
        return self.head((y + x).flatten(1))


def pooling():
    return nn.Sequential(
        nn.Conv2d(1, 5, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(5, 7, 3, padding=1), nn.ReLU6(),
        nn.AvgPool2d(2, 2, 1), nn.Flatten(), nn.Linear(7 * 4 * 4, 11), nn.ReLU(), nn.Linear(11, 4),
    )  # fmt: skip


def dead():
    """Channels without weights, and one whose weights are next to nothing, as training with decay leaves them."""
    model = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, groups=6), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with torch.no_grad():
        model[0].weight[2], model[0].bias[2] = 0, 0.7
        model[0].weight[3] *= 1e-9
        model[2].weight[1], model[2].bias[1] = 0, 0
    return nn.Sequential(*model, nn.Linear(6, 4))


class Sequence(nn.Module):
    """One dimension: convolutions over time, a depthwise one, pools, a mean over time."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(3, 8, 5, stride=2, padding=2), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 8, 3, padding=1, groups=8), nn.ReLU(),
            nn.AvgPool1d(2), nn.Conv1d(8, 6, 1), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.layers(x).mean(2))


BUILDS = {
    "sequence": Sequence,
    "residual": lambda: ResidualNet(ResidualConfig.of(4, (6, 2), (6, 1))),
    "micro": lambda: MicroNet(MicroConfig.of(6, (10, 1), (12, 2))),
    "pooling": pooling,
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(144, 12), nn.ReLU(), nn.Linear(12, 5)),
    "branches": Branches,
    "pictures": lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 1)),
    "dead": dead,
}


def inputs_for(name, count=40, seed=5):
    shape = {"branches": (3, *SHAPE[1:]), "sequence": (3, 40)}.get(name, SHAPE)
    return np.random.default_rng(seed).uniform(-1, 2, size=(count, *shape)).astype(np.float32)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """name -> path of an int8 file; weights and the statistics of normalisations are random, in a range as after training."""
    folder = tmp_path_factory.mktemp("files")
    for seed, (name, build) in enumerate(BUILDS.items()):
        torch.manual_seed(seed)
        model = build()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for tensor in (module.running_mean, module.running_var, module.weight.data, module.bias.data):
                    tensor.uniform_(0.2, 1.2)
        to_int8_onnx(model.eval(), None, folder / f"{name}.onnx", inputs_for(name, 64, seed=9))
    return {name: folder / f"{name}.onnx" for name in BUILDS}


@pytest.fixture(scope="session")
def programs(files, tmp_path_factory):
    """name -> its C code, which no test changes, so that it is compiled once."""
    return {name: to_c(path, tmp_path_factory.mktemp(f"c_{name}")) for name, path in files.items()}


@pytest.fixture(scope="session")
def inputs():
    """name of a build -> inputs for it, (n, ...) float32."""
    return inputs_for


@pytest.fixture(params=list(BUILDS))
def build(request):
    """Each build's name in turn."""
    return request.param
