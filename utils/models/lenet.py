"""The two networks on which compression methods are compared: LeNet-300-100 and LeNet-5 (LeCun et al., 1998)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import cast

from torch import nn

from utils.models.residual import MAX_BLOCKS, MAX_CHANNELS, check_whole


@dataclass(frozen=True)
class PerceptronConfig:
    """hidden: units of each hidden layer; the default is LeNet-300-100. inputs: pixels of an image.

    Raises:
        ValueError: a number that is not an integer or out of bounds, no hidden layers or too many.
    """

    hidden: tuple[int, ...] = (300, 100)
    classes: int = 10
    inputs: int = 784

    def __post_init__(self) -> None:
        check_whole("the number of hidden layers", len(self.hidden), MAX_BLOCKS)
        for width in (*self.hidden, self.classes, self.inputs):
            check_whole("the width of a layer", width, MAX_CHANNELS)

    @classmethod
    def from_dict(cls, data: dict) -> PerceptronConfig:
        """The inverse of `to_dict`."""
        return cls(**{**data, "hidden": tuple(data["hidden"])})

    def to_dict(self) -> dict:
        """Plain dictionaries and lists, as JSON holds them."""
        return asdict(self)


class Perceptron(nn.Sequential):
    """Linear layers with a ReLU between them; as LeNet-300-100 it has 266,610 parameters.

    The input is (n, ...) with `inputs` values for each sample, the output (n, classes) logits.

    >>> sum(parameter.numel() for parameter in Perceptron().parameters())
    266610
    """

    def __init__(self, config: PerceptronConfig | None = None) -> None:
        config = config or PerceptronConfig()
        widths = (config.inputs, *config.hidden)
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in zip(widths, config.hidden, strict=False):
            layers += [nn.Linear(before, after), nn.ReLU()]
        super().__init__(*layers, nn.Linear(widths[-1], config.classes))

    @property
    def config(self) -> PerceptronConfig:
        """Read from the layers themselves."""
        layers = [module for module in self if isinstance(module, nn.Linear)]
        return PerceptronConfig(tuple(layer.out_features for layer in layers[:-1]), layers[-1].out_features, layers[0].in_features)


@dataclass(frozen=True)
class LeNetConfig:
    """first, second: channels of the two convolutions; hidden: units of the linear layer. The default is Caffe's LeNet-5.

    Raises:
        ValueError: a number that is not an integer or out of bounds.
    """

    first: int = 20
    second: int = 50
    hidden: int = 500
    classes: int = 10

    def __post_init__(self) -> None:
        for what, value in asdict(self).items():
            check_whole(what, value, MAX_CHANNELS)

    @classmethod
    def from_dict(cls, data: dict) -> LeNetConfig:
        """The inverse of `to_dict`."""
        return cls(**data)

    def to_dict(self) -> dict:
        """Plain dictionaries and lists, as JSON holds them."""
        return asdict(self)


class LeNet(nn.Sequential):
    """Two 5x5 convolutions with 2x2 maximum pooling, two linear layers; ReLU after all but the last.

    The widths are those of Caffe's example, on which the literature compares (431,080 parameters); Caffe has its only ReLU
    after the first linear layer. The input is (n, 1, 28, 28), the output (n, classes) logits.

    >>> sum(parameter.numel() for parameter in LeNet().parameters())
    431080
    """

    def __init__(self, config: LeNetConfig | None = None) -> None:
        config = config or LeNetConfig()
        super().__init__(
            nn.Conv2d(1, config.first, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(config.first, config.second, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * config.second, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.classes),
        )

    @property
    def config(self) -> LeNetConfig:
        """Read from the layers themselves."""
        first, second = (cast("nn.Conv2d", self[at]).out_channels for at in (0, 3))
        hidden, classes = (cast("nn.Linear", self[at]).out_features for at in (7, 9))
        return LeNetConfig(first, second, hidden, classes)
