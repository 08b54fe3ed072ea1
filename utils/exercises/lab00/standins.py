"""What lab 00 goes on with, where the library that has the function is not the course's own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor
from torch.utils.flop_counter import conv_flop_count


def torch_macs(in_channels: int, out_channels: int, kernel: int, out_h: int, out_w: int, groups: int = 1) -> int:
    """`conv_macs` by torch.utils.flop_counter, which counts two operations a MAC and checks nothing."""
    if in_channels % groups or out_channels % groups:
        raise ValueError(f"{groups} groups must divide {in_channels} inputs and {out_channels} outputs")
    weight = [out_channels, in_channels // groups, kernel, kernel]
    return conv_flop_count([1, in_channels, out_h, out_w], weight, [1, out_channels, out_h, out_w]) // 2


def numpy_peak(layer_shapes: Sequence[tuple[int, ...]], bits: int) -> int:
    """`peak_activation_bytes` by a running sum over neighbours."""
    if not layer_shapes:
        raise ValueError("there is no layer: give at least the shape of the input")
    sizes = np.array([math.ceil(math.prod(shape) * bits / 8) for shape in layer_shapes])
    return int(np.convolve(sizes, [1, 1], "valid" if len(sizes) > 1 else "same").max())


def numpy_percentiles(samples_ms: Tensor) -> tuple[float, float, float]:
    """`latency_percentiles` by numpy.percentile."""
    if not len(samples_ms):
        raise ValueError("there are no samples: time at least one run")
    p50, p95, p99 = np.percentile(samples_ms, (50, 95, 99))
    return float(p50), float(p95), float(p99)
