"""What the tests of the search share: a small space, networks that look trained, and accuracies that cost nothing."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from hypothesis import strategies as st

from utils.compress.search import Architecture, Space, Stage, counts
from utils.models import ChainNet

SPACE = Space(
    stem_widths=(4, 8),
    stem_strides=(1, 2),
    stages=(
        Stage((4, 8, 12), (1, 2), (1, 2), (3, 5), (1, 2, 3), ("separable", "plain")),
        Stage((8, 12, 16), (1, 2, 3), (1, 2), (3, 5), (1, 2), ("separable",)),
    ),
)
ARCHITECTURES = st.integers(0, 2**32 - 1).map(lambda seed: SPACE.draw(np.random.default_rng(seed)))


def looks_trained(architecture: Architecture, seed: int = 0) -> ChainNet:
    """A network whose batch norms differ from layer to layer, as those of a fresh one do not."""
    torch.manual_seed(seed)
    net = ChainNet(architecture).eval()
    for layer in net.layers.values():
        for tensor in (layer.norm.bias, layer.norm.running_mean):
            torch.nn.init.normal_(tensor, 0, 0.2)
        torch.nn.init.uniform_(layer.norm.weight, 0.5, 1.5)
    return net


@dataclass(frozen=True)
class Pretended:
    """An accuracy that more MACs and parameters raise, and a bit of noise that is always the same; a stand-in for training.

    wait_s: how long it takes. fatal: a file whose first finder ends its own process.
    """

    wait_s: float = 0.0
    fatal: Path | None = None

    def __call__(self, architecture: Architecture) -> float:
        time.sleep(self.wait_s)
        if self.fatal is not None and self.fatal.exists():
            self.fatal.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        found = counts(architecture)
        noise = found.parameters * 7919 % 100 / 100
        return 60 + 2 * float(np.log(found.macs)) + float(np.log(found.parameters)) + noise
