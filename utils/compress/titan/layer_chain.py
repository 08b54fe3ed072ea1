"""A network as a chain of plain layers, which is what a .titan file can describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torch import nn

from utils.compress.titan.titan_net import PositionMean, Shortcut
from utils.models import ChainNet, MicroNet, MotionNet, ResidualNet
from utils.models.residual import ResidualBlock

LEAVES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ReLU, nn.ReLU6, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten)
NOTHING = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d)  # in evaluation mode


def chain_of(model: nn.Module) -> nn.Sequential:
    """The layers of a model in their order, the same objects, without what does nothing in evaluation mode.

    Raises:
        ValueError: a model or a layer that no .titan file can describe.
    """
    return nn.Sequential(*_layers(model, ""))


def _layers(module: nn.Module, name: str) -> Iterator[nn.Module]:
    if isinstance(module, NOTHING):
        return
    if isinstance(module, (*LEAVES, PositionMean)):
        yield _plain(module, name)
    elif isinstance(module, Shortcut):
        yield Shortcut(nn.Sequential(*_layers(module.body, f"{name}.body")), nn.Sequential(*_layers(module.around, f"{name}.around")))
    elif isinstance(module, MicroNet | MotionNet):
        stem = [module.stem] if isinstance(module, MicroNet) else []
        yield from _all([*stem, module.blocks, PositionMean(), module.head], name)
    elif isinstance(module, ChainNet):
        yield from _all([*_blocks(module), PositionMean(), module.head], name)
    elif isinstance(module, ResidualNet):
        yield from _all([module.stem, module.bn, nn.ReLU(), *module.blocks, PositionMean(), module.head], name)
    elif isinstance(module, ResidualBlock):
        body = nn.Sequential(*_all([module.conv1, module.bn1, nn.ReLU(), module.conv2, module.bn2], name))
        yield Shortcut(body, nn.Sequential(*_layers(module.shortcut, f"{name}.shortcut")))
        yield nn.ReLU()
    elif isinstance(module, nn.Sequential):
        for key, child in module.named_children():
            yield from _layers(child, f"{name}.{key}".removeprefix("."))
    else:
        kinds = ", ".join(kind.__name__ for kind in LEAVES)
        where = f" at {name!r}" if name else ""
        raise ValueError(
            f"a .titan file can't hold a {type(module).__name__}{where}: build the network as nn.Sequential of {kinds}, "
            "and fold batch norms that follow a convolution or linear layer"
        )


def _blocks(net: ChainNet) -> Iterator[nn.Module]:
    """The blocks of a network that a search may find, each with its shortcut and its last relu."""
    block: list[nn.Module] = []
    for shape in net.config.convolutions():
        block.append(net.layers[shape.name])
        if shape.closes:
            whole = nn.Sequential(*block)
            yield Shortcut(whole, nn.Sequential()) if shape.skip else whole
            block = []
            yield nn.ReLU()
        else:
            block.append(nn.ReLU())


def _all(modules: Iterable[nn.Module], name: str) -> Iterator[nn.Module]:
    for module in modules:
        yield from _layers(module, name)


def _plain(module: nn.Module, name: str) -> nn.Module:
    """Refuse settings that a file has no place for."""
    strange = [
        what
        for what, usual in (("dilation", 1), ("padding_mode", "zeros"), ("ceil_mode", False), ("return_indices", False))
        if getattr(module, what, usual) not in (usual, (usual,), (usual, usual))
    ]
    if isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) != (1, -1):
        strange.append("start_dim")
    if isinstance(module, nn.AvgPool2d) and (not module.count_include_pad or module.divisor_override is not None):
        strange.append("count_include_pad")
    if isinstance(getattr(module, "padding", 0), str):
        strange.append("padding")
    if strange:
        raise ValueError(f"a .titan file has no place for the {strange[0]} of {type(module).__name__} {name!r}: use the usual value")
    return module
