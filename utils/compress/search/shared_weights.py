"""Accuracy of a candidate without training: its slice of the shared weights, recalibrated, on validation images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from utils.adapt import adapt_batch_norm
from utils.data import Images, fashion_mnist
from utils.models import ChainNet, Supernet, load_model, zoo
from utils.models.chain import Architecture
from utils.train import accuracy


def recalibrated(supernet: Supernet, architecture: Architecture, images: Tensor) -> ChainNet:
    """Return a network with the shared weights of an architecture and the batch norm statistics of these images.

    The stored statistics belong to the largest network; another one's accuracy without its own is near chance (Guo et al.,
    2020). images: (n, channels, size, size) normalized, of the training split, some hundred.

    Raises:
        ValueError: fewer than two images, or an architecture that the supernet does not contain.
    """
    net = adapt_batch_norm(supernet.subnet(architecture).to(memory_format=torch.channels_last), images)
    assert isinstance(net, ChainNet)
    return net


@dataclass(frozen=True)
class SharedWeights:
    """`SharedWeights(...)(architecture)` is a candidate's accuracy in percent; picklable, and the same in every process.

    supernet: name in the zoo, or the path of a checkpoint. calibration: images of the training split that give the statistics;
    0 keeps those of the largest network, as a control. validation: images of the validation split, the first ones.
    """

    supernet: str | Path = "fashion_supernet"
    calibration: int = 256
    validation: int = 1000

    def __call__(self, architecture: Architecture) -> float:
        """Return the accuracy in percent of an architecture of the supernet's space."""
        supernet, images, validation = _loaded(self)
        net = recalibrated(supernet, architecture, images) if self.calibration else supernet.subnet(architecture)
        return accuracy(net, validation)


@lru_cache(maxsize=2)
def _loaded(how: SharedWeights) -> tuple[Supernet, Tensor, Images]:
    """Return the supernet, the images for statistics and those for the accuracy; each process reads them once."""
    model = zoo.load(how.supernet) if isinstance(how.supernet, str) else load_model(how.supernet)
    if not isinstance(model, Supernet):
        raise ValueError(f"{how.supernet} is a {type(model).__name__} and not a supernet: train one with the loss sandwich(space)")
    images = fashion_mnist("train", how.calibration or 1).images.contiguous(memory_format=torch.channels_last)
    return model, images, fashion_mnist("validation", how.validation)
