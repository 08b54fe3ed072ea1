"""A supernet contains all networks of a search space: each network is a slice of the shared weights.

Narrower layers take the first channels, smaller kernels the middle of the larger one, shallower stages the first blocks
(Yu et al., BigNAS, 2020; Cai et al., Once-for-All, 2020).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.chain import KINDS, Architecture, Block, ChainNet, Convolution, NormedConvolution, run_chain
from utils.models.residual import MAX_BLOCKS, check_whole


@dataclass(frozen=True)
class StageSize:
    """Largest sizes of a stage. width, depth, kernel, expansion: as of `Block`, depth in blocks; stride: of the largest network.

    kinds: of blocks that there are weights for.

    Raises:
        ValueError: a depth that is not an integer or out of bounds, no kinds or unknown ones.
    """

    width: int
    depth: int
    stride: int = 1
    kernel: int = 3
    expansion: int = 1
    kinds: tuple[str, ...] = ("separable",)

    def __post_init__(self) -> None:
        check_whole("the depth of a stage", self.depth, MAX_BLOCKS)
        if not self.kinds or not set(self.kinds) <= set(KINDS) or len(set(self.kinds)) < len(self.kinds):
            raise ValueError(f"the kinds of a stage must be some of {', '.join(KINDS)}, each once, got {self.kinds}: choose one or both")


@dataclass(frozen=True)
class SupernetConfig:
    """Largest sizes of all networks in a supernet. stem: a plain block.

    Raises:
        ValueError: what `Architecture` and `Block` refuse of the largest network.
    """

    stem: Block
    stages: tuple[StageSize, ...]
    classes: int = 10
    in_channels: int = 1

    def __post_init__(self) -> None:
        for kind in KINDS:
            self._of(kind)

    def _of(self, kind: str) -> Architecture:
        """The largest network with blocks of one kind, where a stage has that kind."""
        stages, before = [], self.stem.width
        for stage in self.stages:
            chosen = kind if kind in stage.kinds else stage.kinds[0]
            expansion = 1 if chosen == "plain" else stage.expansion
            blocks = []
            for place in range(stage.depth):
                stride = 1 if place else stage.stride
                blocks.append(Block(stage.width, stage.kernel, stride, chosen, expansion, skip=stride == 1 and before == stage.width))
                before = stage.width
            stages.append(tuple(blocks))
        return Architecture(self.stem, tuple(stages), self.classes, self.in_channels)

    @property
    def largest(self) -> Architecture:
        """The network with the largest of everything, of the first kind that each stage names."""
        return self._of("")

    def weights(self) -> dict[str, Convolution]:
        """Name of a layer -> the largest convolution that it computes."""
        kinds = [kind for stage in self.stages for kind in stage.kinds]
        return {shape.name: shape for kind in dict.fromkeys(kinds) for shape in self._of(kind).convolutions()}

    @classmethod
    def from_dict(cls, data: dict) -> SupernetConfig:
        """The inverse of `to_dict`."""
        stages = tuple(StageSize(**{**stage, "kinds": tuple(stage["kinds"])}) for stage in data["stages"])
        return cls(**{**data, "stem": Block(**data["stem"]), "stages": stages})

    def to_dict(self) -> dict:
        """Plain dictionaries and lists, as JSON holds them."""
        return asdict(self)


def _slice(weight: Tensor, shape: Convolution) -> Tensor:
    """(outputs, inputs / groups, kernel, kernel): the first channels, the middle of the kernel."""
    edge = (weight.shape[-1] - shape.kernel) // 2
    inner = slice(edge, edge + shape.kernel)
    return weight[: shape.outputs, : shape.inputs // shape.groups, inner, inner]


class Supernet(nn.Module):
    """Shared weights for every architecture that is nowhere larger than `config`.

    As a network it computes the largest one. While another one is trained, its batch norms use the statistics of the
    batch and leave the stored ones, which are the largest network's.
    """

    def __init__(self, config: SupernetConfig) -> None:
        super().__init__()
        self.config, self.largest = config, config.largest
        self.layers = nn.ModuleDict({name: NormedConvolution(shape) for name, shape in config.weights().items()})
        self.head = nn.Linear(self.largest.features, config.classes)

    def forward(self, x: Tensor, architecture: Architecture | None = None) -> Tensor:
        """x: (n, in_channels, size, size) normalized images -> (n, classes) logits.

        architecture: the largest one unless given. In evaluation mode another one's stored statistics are not right:
        use `subnet` and recalibrate.
        """
        if architecture is None:
            return self.head(run_chain(x, self.largest, lambda x, shape: self.layers[shape.name](x)))
        features = run_chain(x, architecture, self._sliced)
        return F.linear(features, self.head.weight[:, : architecture.features], self.head.bias)

    def _sliced(self, x: Tensor, shape: Convolution) -> Tensor:
        layer = cast("NormedConvolution", self.layers[shape.name])
        x = F.conv2d(x, _slice(layer.conv.weight, shape), None, shape.stride, shape.kernel // 2, groups=shape.groups)
        norm, kept = layer.norm, slice(shape.outputs)
        mean, variance = (None, None) if self.training else (norm.running_mean[kept], norm.running_var[kept])  # type: ignore[index]
        return F.batch_norm(x, mean, variance, norm.weight[kept], norm.bias[kept], self.training, eps=norm.eps)

    @torch.no_grad()
    def subnet(self, architecture: Architecture) -> ChainNet:
        """Return an ordinary network with a copy of the weights of one architecture, in evaluation mode.

        Raises:
            ValueError: an architecture that is larger than the shared weights somewhere.
        """
        net = ChainNet(architecture)
        for shape in architecture.convolutions():
            layer = cast("NormedConvolution", self.layers[shape.name]) if shape.name in self.layers else None
            if layer is None or _slice(layer.conv.weight, shape).shape != net.layers[shape.name].conv.weight.shape:  # type: ignore[union-attr]
                raise ValueError(f"the supernet has no weights for {shape.name} of {shape.outputs} channels: draw from its own space")
            own = cast("NormedConvolution", net.layers[shape.name])
            own.conv.weight.copy_(_slice(layer.conv.weight, shape))
            stored = layer.norm.state_dict()
            for name, mine in own.norm.state_dict().items():
                mine.copy_(stored[name][: shape.outputs] if mine.ndim else stored[name])
        net.head.weight.copy_(self.head.weight[:, : architecture.features])
        net.head.bias.copy_(self.head.bias)
        return net.eval()
