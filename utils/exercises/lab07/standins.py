"""What lab 07 goes on with, where the course's package has no such function of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from utils.compress.quantization import requantize

DOT = """#include <stdint.h>

int32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += (x[i] - x_zero_point) * w[i];
    return sum;
}
"""


def torch_conv2d(x: Tensor, w: Tensor, b: Tensor, params: Mapping[str, Any]) -> Tensor:
    """`int8_conv2d`: torch convolves whole numbers too, and lab 02's function rescales each channel."""
    values = x.to(torch.int32) - params["x_zero_point"]  # so that the zeros of the padding are zeros
    acc = conv2d(values, w.to(torch.int32), b.to(torch.int32), params["stride"], params["padding"])
    factors = zip(params["multipliers"].tolist(), params["shifts"].tolist(), strict=True)
    codes = [requantize(channel, *factor, params["y_zero_point"]) for channel, factor in zip(acc.unbind(1), factors, strict=True)]
    return torch.stack(codes, 1)


def sections(sizes: Mapping[str, int], device: Mapping[str, int]) -> dict[str, Any]:
    """`fits_flash_and_ram`: as a linker counts its sections."""
    used = {"flash": sizes["text"] + sizes["data"], "ram": sizes["data"] + sizes["bss"] + sizes["stack"]}
    over = {name: used[name] - device[f"{name}_bytes"] for name in used}
    share = {name: used[name] / device[f"{name}_bytes"] for name in used}
    first = max(used, key=lambda name: (over[name] > 0, share[name]))
    broken = over[first] > 0
    return {**used, "fits": not broken, "breaks": first if broken else None, "excess": over[first] if broken else 0}


def dot_source() -> str:
    """`dot_in_c`: the loop as one writes it first."""
    return DOT
