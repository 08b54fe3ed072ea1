"""The description of a network's layers in a .titan file: a number for the kind of each layer, then its sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import nn

from utils.compress.titan.byte_stream import ByteReader, TitanError, unsigned
from utils.compress.titan.titan_net import PositionMean, Shortcut, TitanNet

MAX_LAYERS, MAX_DEPTH = 256, 3
MAX_WIDTH, MAX_KERNEL = 65_536, 64
MAX_PARAMETERS = 1 << 22
MAX_VALUES = 1 << 24  # of one result, for one input


def _pair(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _linear(layer: nn.Linear) -> list[int]:
    return [layer.in_features, layer.out_features, int(layer.bias is not None)]


def _convolution(layer: nn.Conv1d | nn.Conv2d) -> list[int]:
    shape = [*layer.kernel_size, *layer.stride, *cast("tuple[int, ...]", layer.padding)]
    return [layer.in_channels, layer.out_channels, *shape, layer.groups, int(layer.bias is not None)]


def _pool(layer: nn.MaxPool2d | nn.AvgPool2d) -> list[int]:
    return [*_pair(layer.kernel_size), *_pair(layer.stride), *_pair(layer.padding)]


def _read_linear(reader: ByteReader) -> nn.Module:
    return nn.Linear(reader.positive(MAX_WIDTH), reader.positive(MAX_WIDTH), bias=bool(reader.unsigned(1)))


def _read_convolution(kind: type, axes: int) -> Callable[[ByteReader], nn.Module]:
    def make(reader: ByteReader) -> nn.Module:
        inside, outside = reader.positive(MAX_WIDTH), reader.positive(MAX_WIDTH)
        shape = _read_window(reader, axes)
        groups, bias = reader.positive(MAX_WIDTH), reader.unsigned(1)
        return kind(inside, outside, *shape, groups=groups, bias=bool(bias))

    return make


def _read_pool(kind: type) -> Callable[[ByteReader], nn.Module]:
    return lambda reader: kind(*_read_window(reader, 2))


def _read_window(reader: ByteReader, axes: int) -> list[tuple[int, ...]]:
    """Kernel, stride and padding."""
    return [tuple(read(MAX_KERNEL) for _ in range(axes)) for read in (reader.positive, reader.positive, reader.unsigned)]


# number in the file -> class, its sizes, how it is made from them; numbers are never given to another kind
KINDS: dict[int, tuple[type[nn.Module], Callable[[Any], list[int]], Callable[[ByteReader], nn.Module]]] = {
    1: (nn.Linear, _linear, _read_linear),
    2: (nn.Conv2d, _convolution, _read_convolution(nn.Conv2d, 2)),
    3: (nn.Conv1d, _convolution, _read_convolution(nn.Conv1d, 1)),
    4: (nn.ReLU, lambda _: [], lambda _: nn.ReLU()),
    5: (nn.ReLU6, lambda _: [], lambda _: nn.ReLU6()),
    6: (nn.MaxPool2d, _pool, _read_pool(nn.MaxPool2d)),
    7: (nn.AvgPool2d, _pool, _read_pool(nn.AvgPool2d)),
    8: (nn.Flatten, lambda _: [], lambda _: nn.Flatten()),
    9: (PositionMean, lambda _: [], lambda _: PositionMean()),
}
SHORTCUT = 10


def describe(chain: nn.Sequential) -> bytes:
    """The bytes of a chain: how many layers, then each. A shortcut is followed by its two chains."""
    out = unsigned(len(chain))
    for layer in chain:
        if isinstance(layer, Shortcut):
            out += unsigned(SHORTCUT) + describe(layer.body) + describe(layer.around)
            continue
        number, sizes = next((number, sizes(layer)) for number, (kind, sizes, _) in KINDS.items() if type(layer) is kind)
        out += unsigned(number) + b"".join(map(unsigned, sizes))
    return out


def build(reader: ByteReader) -> TitanNet:
    """The network of a description, its tensors without memory.

    Raises:
        TitanError: a description that is not one, or of a network that is too large.
    """
    with torch.device("meta"):
        net = TitanNet(*_chain(reader, MAX_DEPTH, []))
    if (count := sum(parameter.numel() for parameter in net.parameters())) > MAX_PARAMETERS:
        raise TitanError(f"the network has {count} parameters where {MAX_PARAMETERS} are the most")
    return net.eval()


def _chain(reader: ByteReader, depth: int, numbers: list[int]) -> list[nn.Module]:
    """numbers: of the kinds of all layers so far, in this chain and around it."""
    if not depth:
        raise TitanError("shortcuts are nested too deeply")
    layers: list[nn.Module] = []
    for _ in range(reader.unsigned(MAX_LAYERS)):
        number = reader.unsigned()
        numbers.append(number)
        if len(numbers) > MAX_LAYERS:
            raise TitanError(f"the network has more than {MAX_LAYERS} layers")
        if number == SHORTCUT:
            body, around = (nn.Sequential(*_chain(reader, depth - 1, numbers)) for _ in range(2))
            layers.append(Shortcut(body, around))
        elif number not in KINDS:
            raise TitanError(f"layers of kind {number} are not known to version 1")
        else:
            try:
                layers.append(KINDS[number][2](reader))
            except (ArithmeticError, RuntimeError, TypeError, ValueError) as error:
                if isinstance(error, TitanError):
                    raise
                raise TitanError(f"a {KINDS[number][0].__name__} has impossible sizes") from error
    return layers


def check_shapes(net: nn.Module, input_shape: tuple[int, ...]) -> None:
    """Run a network without memory, on one input, to see that its layers fit each other.

    Raises:
        TitanError: they do not, a result is larger than a small device has memory, or the network gives no vector.
    """
    sizes: list[int] = []

    def note(_: nn.Module, __: Any, result: Any) -> None:
        if (count := result.numel()) > MAX_VALUES:
            raise TitanError(f"a layer makes {count} values of one input where {MAX_VALUES} are the most")
        sizes.append(count)

    handles = [module.register_forward_hook(note) for module in net.modules()]
    try:
        with torch.no_grad():
            result = net(torch.zeros(1, *input_shape, device="meta"))
    except (ArithmeticError, AssertionError, IndexError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, TitanError):
            raise
        raise TitanError(f"its layers do not fit each other or inputs of shape {input_shape}") from error
    finally:
        for handle in handles:
            handle.remove()
    if result.ndim != 2 or not result.numel():
        raise TitanError(f"the network makes an array of shape {tuple(result.shape)} where (n, classes) is expected")
