"""A network as C99: its tables and the calls of its layers, beside the kernels of `runtime/`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.deploy.mcu.header import header
from utils.deploy.mcu.layers import Add, AveragePool, Conv, Dense, Flatten, Layer, MaxPool, Window
from utils.deploy.mcu.network import IntegerNetwork
from utils.files import write_atomically

RUNTIME = Path(__file__).with_name("runtime")
TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t"}
WIDTH = 120  # of a line of the tables


@dataclass(frozen=True)
class Program:
    """A network in C. folder: all its sources; network: what they compute; name: of the model's files and functions."""

    folder: Path
    network: IntegerNetwork
    name: str = "model"

    @property
    def sources(self) -> list[Path]:
        """The C files, the model's first."""
        kernels = sorted(path for path in self.folder.glob("*.c") if path.stem != self.name)
        return [self.folder / f"{self.name}.c", *kernels]


def weights_to_c(name: str, array: Any) -> str:
    """An array as a C definition, `static const int8_t name[24] = {...};`, its numbers row by row, however they lie in memory.

    array: int8, uint8, int16 or int32, of any shape.

    Raises:
        ValueError: a name that C does not take, another type, or no numbers.
    """
    numbers = np.asarray(array)
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ValueError(f"{name!r} is not a name in C: use letters, digits and _, a letter first")
    if numbers.dtype.name not in TYPES or not numbers.size:
        raise ValueError(f"{name} holds {numbers.size} numbers of type {numbers.dtype}: give some of {', '.join(TYPES)}")
    words = [str(number) for number in numbers.reshape(-1).tolist()]
    words = ["INT32_MIN" if word == str(-(2**31)) else word for word in words]  # C reads the number and its sign apart
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) + 2 > WIDTH:
            lines.append(line)
            line = "   "
        line += f" {word},"
    return f"static const {TYPES[numbers.dtype.name]} {name}[{numbers.size}] = {{\n" + "\n".join([*lines, line]) + "\n};\n"


def write_program(network: IntegerNetwork, folder: str | Path, name: str = "model") -> Program:
    """Write a network as C99 sources into a folder, files of the same names replaced; `utils.deploy.mcu.to_c` tries them, too.

    Raises:
        ValueError: a name that C does not take or that a kernel has, or a layer that is too large for the kernels.
    """
    taken = {path.stem for path in RUNTIME.iterdir()} | {"main", "startup", "bench"}
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or name in taken:
        raise ValueError(f"{name!r} can't be the model's name in C: use letters, digits and _, a letter first, and none of {sorted(taken)}")
    folder = Path(folder)
    texts = {f"{name}.c": _model(network, name), f"{name}.h": header(network, name)}
    texts |= {path.name: path.read_text(encoding="utf-8") for path in sorted(RUNTIME.iterdir()) if path.suffix in (".c", ".h")}
    for file, text in texts.items():
        write_atomically(folder / file, text)
    return Program(folder, network, name)


def _model(network: IntegerNetwork, name: str) -> str:
    offsets = network.arena.offsets
    permuted = _rows_of_pictures(network)
    tables, calls = [], []
    for layer in network.layers:
        if isinstance(layer, Flatten):
            continue
        shapes = " -> ".join("x".join(map(str, tensor.shape)) for tensor in (*layer.inputs[:1], layer.output))
        tables.append(f"/* {layer.name}: {shapes}, {layer.macs:,} multiply-accumulates */\n{_TABLES[type(layer)](layer, permuted)}")
        places = [f"arena + {offsets[tensor.name]}" for tensor in (*layer.inputs, layer.output)]
        calls.append(f"    {_KERNELS[type(layer)](layer)}(&{layer.name}, {', '.join(places)});")
    return f"""\
/* The tables of {network.name} and the order of its layers. Made by utils.deploy.mcu.to_c. */
#include "{name}.h"

#include "kernels.h"

/* All activations: two lie at the same place only if they are never needed at once. */
static uint8_t arena[{name.upper()}_ARENA_BYTES];

uint8_t *const {name}_input = arena + {offsets[network.input.name]};
const uint8_t *const {name}_output = arena + {offsets[network.output.name]};

{"".join(tables)}void {name}_run(void)
{{
{chr(10).join(calls)}
}}
"""


def _rows_of_pictures(network: IntegerNetwork) -> dict[str, tuple[int, ...]]:
    """Name of a flat tensor -> the shape (c, h, w) that it was: in C its codes lie pixel by pixel.

    Raises:
        ValueError: such a row is read by something other than a linear layer, which alone can have its weights in that order.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in network.layers:
        before = layer.inputs[0]
        if isinstance(layer, Flatten) and len(before.shape) == 3 and before.shape[0] > 1 and before.shape[1:] != (1, 1):
            shapes[layer.name] = before.shape
        elif isinstance(layer, Flatten) and before.name in shapes:
            shapes[layer.name] = shapes[before.name]
        elif not isinstance(layer, Dense) and any(tensor.name in shapes for tensor in layer.inputs):
            raise ValueError(f"{layer.name} reads a flattened picture: only a linear layer can, put it behind the linear layer")
    if network.output.name in shapes:
        raise ValueError(f"{network.output.name} is a flattened picture and the output: leave the flattening out")
    return shapes


def _struct(kind: str, name: str, fields: list[str]) -> str:
    return f"static const {kind} {name} = {{\n" + "".join(f"    {field},\n" for field in fields) + "};\n\n"


def _window(window: Window, layer: Layer) -> str:
    """The window's place in a layer's struct.

    Raises:
        ValueError: a number that is too large for its place.
    """
    (channels, height, width), output = layer.inputs[0].shape, layer.output.shape
    out = output[1:] if len(output) == 3 else (1, 1)
    small = (*window.kernel, *window.stride, *window.pads[:2])
    if max(channels, height, width, output[0]) > 65535 or max(small) > 255:
        raise ValueError(f"{layer.name} has a picture over 65,535 or a kernel, stride or padding over 255: make it smaller")
    return (
        f".window = {{.in_height = {height}, .in_width = {width}, .channels = {channels}, .out_height = {out[0]}, .out_width = {out[1]},\n"
        f"               .kernel_height = {small[0]}, .kernel_width = {small[1]}, .stride_y = {small[2]}, .stride_x = {small[3]},"
        f" .pad_top = {small[4]}, .pad_left = {small[5]}}}"
    )


def _scales(layer: Conv | Dense) -> str:
    name, zeros = layer.name, (layer.inputs[0].grid.zero_point, layer.output.grid.zero_point)
    return (
        f".scales = {{.bias = {name}_bias, .multiplier = {name}_multiplier, .shift = {name}_shift,"
        f" .in_zero = {zeros[0]}, .out_zero = {zeros[1]}}}"
    )


def _arrays(layer: Conv | Dense, weight: np.ndarray) -> str:
    arrays = {"weight": weight, "bias": layer.folded_bias, "multiplier": layer.multiplier, "shift": layer.shift}
    return "".join(weights_to_c(f"{layer.name}_{what}", array) for what, array in arrays.items())


def _is_pointwise(layer: Conv) -> bool:
    """Whether each output depends on one pixel only, the one at its place: then it is a linear layer on each pixel."""
    return layer.window == Window((1, 1)) and not layer.depthwise


def _conv(layer: Conv, permuted: dict) -> str:
    if _is_pointwise(layer):
        return _dense(layer, permuted)
    weight = layer.weight.transpose((1, 2, 3, 0) if layer.depthwise else (0, 2, 3, 1))
    fields = [_window(layer.window, layer), f".out_channels = {len(layer.weight)}", f".weight = {layer.name}_weight", _scales(layer)]
    return _arrays(layer, weight) + _struct("conv2d_t", layer.name, fields)


def _dense(layer: Dense | Conv, permuted: dict) -> str:
    weight = layer.weight.reshape(len(layer.weight), -1)
    rows = layer.output.size_bytes // len(weight)
    if max(rows, *weight.shape) > 65535:
        raise ValueError(f"{layer.name} has {rows} rows and {weight.shape} weights, over 65,535 a side: make it smaller")
    if shape := permuted.get(layer.inputs[0].name):
        weight = weight.reshape(len(weight), *shape).transpose(0, 2, 3, 1)
    sizes = f".rows = {rows}, .in_features = {layer.weight[0].size}, .out_features = {len(weight)}"
    return _arrays(layer, weight) + _struct("dense_t", layer.name, [sizes, f".weight = {layer.name}_weight", _scales(layer)])


def _max_pool(layer: MaxPool, permuted: dict) -> str:
    return _struct("pool_t", layer.name, [_window(layer.window, layer)])


def _average_pool(layer: AveragePool, permuted: dict) -> str:
    zeros = f".in_zero = {layer.inputs[0].grid.zero_point}, .out_zero = {layer.output.grid.zero_point}"
    return _struct("pool_t", layer.name, [_window(layer.window, layer), f".multiplier = {layer.multiplier}, .shift = {layer.shift}", zeros])


def _add(layer: Add, permuted: dict) -> str:
    (a, b), zeros = layer.multipliers, [tensor.grid.zero_point for tensor in (*layer.inputs, layer.output)]
    fields = [
        f".count = {layer.output.size_bytes}", f".a_multiplier = {a}, .b_multiplier = {b}, .shift = {layer.shift}",
        f".a_zero = {zeros[0]}, .b_zero = {zeros[1]}, .out_zero = {zeros[2]}",
    ]  # fmt: skip
    return _struct("add_t", layer.name, fields)


_TABLES: dict[type[Layer], Callable[[Any, dict], str]] = {
    Conv: _conv,
    Dense: _dense,
    MaxPool: _max_pool,
    AveragePool: _average_pool,
    Add: _add,
}
_KERNELS: dict[type[Layer], Callable[[Any], str]] = {
    Conv: lambda layer: "dense" if _is_pointwise(layer) else "depthwise_conv2d" if layer.depthwise else "conv2d",
    Dense: lambda layer: "dense",
    MaxPool: lambda layer: "max_pool",
    AveragePool: lambda layer: "average_pool",
    Add: lambda layer: "add",
}
