"""What is right in lab 00, written slowly and from the definitions.

None of it calls `utils.measure`: an error there would be judged right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from torch.utils.flop_counter import conv_flop_count


def macs(in_channels: int, out_channels: int, kernel: int, out_h: int, out_w: int, groups: int = 1) -> int:
    """torch's own formula for a convolution; it counts a MAC as two operations."""
    weight = [out_channels, in_channels // groups, kernel, kernel]
    return conv_flop_count([1, in_channels, out_h, out_w], weight, [1, out_channels, out_h, out_w]) // 2


def largest_pair(layer_shapes: Sequence[tuple[int, ...]], bits: int) -> int:
    """Bit by bit: each tensor fills whole bytes, two neighbours are held at a time."""
    sizes = []
    for shape in layer_shapes:
        count = 1
        for side in shape:
            count *= side
        used = count * bits
        sizes.append(used // 8 + (1 if used % 8 else 0))
    pairs = [one + next_one for one, next_one in pairwise(sizes)]
    return max(pairs) if pairs else sizes[0]


def percentiles(samples_ms: np.ndarray) -> tuple[float, float, float]:
    """numpy's, interpolated between neighbours."""
    p50, p95, p99 = np.percentile(samples_ms.astype(float), (50, 95, 99))
    return float(p50), float(p95), float(p99)


def millijoules(macs: float, bytes_moved: Mapping[str, float], table: Mapping[str, float]) -> float:
    """In joules first: a picojoule is 1e-12 of one."""
    joules = macs * table["mac"] * 1e-12
    for place, count in bytes_moved.items():
        joules += count * table[place] * 1e-12
    return joules * 1e3


def rent(latency_s: float, price_per_hour: float, cores: int) -> float:
    """By how many inferences an hour the whole machine does."""
    an_hour = cores * 3600 / latency_s
    return price_per_hour * 1_000_000 / an_hour


def hours(capacity_mah: float, volts: float, energy_mj: float, rate_hz: float, idle_mw: float) -> float:
    """In joules and watts."""
    stored_j = capacity_mah / 1000 * 3600 * volts
    return stored_j / (idle_mw / 1000 + energy_mj / 1000 * rate_hz) / 3600


def grams(energy_mj: float, count: float, grid_g_per_kwh: float) -> float:
    """In joules, then kilowatt-hours of 1,000 W times 3,600 s."""
    return energy_mj / 1000 * count / (1000 * 3600) * grid_g_per_kwh
