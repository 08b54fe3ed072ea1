"""Right answers to lab 00, each written another way. The name begins with the exercise's; all must get full marks."""

import math
from collections import namedtuple
from fractions import Fraction
from itertools import pairwise

import numpy as np
import torch


def conv_macs_from_the_output(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    if in_channels % groups != 0 or out_channels % groups != 0:
        raise ValueError("groups must divide both")
    return out_h * out_w * out_channels * (in_channels // groups) * kernel**2


def conv_macs_group_by_group(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    inputs, rest = divmod(in_channels, groups)
    outputs, more = divmod(out_channels, groups)
    if rest or more:
        raise ValueError("groups must divide both")
    return sum(inputs * outputs * kernel * kernel * out_h * out_w for _ in range(groups))


def peak_activation_bytes_by_pairs(layer_shapes, bits):
    if not layer_shapes:
        raise ValueError("give at least the input")
    sizes = [-(-math.prod(shape) * bits // 8) for shape in layer_shapes]
    return max([sizes[0], *(a + b for a, b in pairwise(sizes))])


def peak_activation_bytes_as_tensor(layer_shapes, bits):
    if len(layer_shapes) == 0:
        raise ValueError("give at least the input")
    sizes = torch.tensor([math.ceil(Fraction(math.prod(shape) * bits, 8)) for shape in layer_shapes])
    return (sizes[:-1] + sizes[1:]).max() if len(sizes) > 1 else sizes[0]


def latency_percentiles_by_torch(samples_ms):
    if samples_ms.numel() == 0:
        raise ValueError("no samples")
    return torch.quantile(samples_ms, torch.tensor([0.5, 0.95, 0.99])).tolist()


def latency_percentiles_with_names(samples_ms):
    if not len(samples_ms):
        raise ValueError("no samples")
    return namedtuple("Tail", "p50 p95 p99")(*np.percentile(samples_ms.numpy(), (50, 95, 99)))


def latency_percentiles_by_hand(samples_ms):
    ordered = sorted(samples_ms.tolist())
    if not ordered:
        raise ValueError("no samples")

    def at(share):
        place = share * (len(ordered) - 1)
        lower = int(place)
        upper = min(lower + 1, len(ordered) - 1)
        return ordered[lower] * (1 - (place - lower)) + ordered[upper] * (place - lower)

    return at(0.5), at(0.95), at(0.99)


def energy_per_inference_mj_in_joules(macs, bytes_moved, table):
    joules = macs * table["mac"] / 1e12
    for place in bytes_moved:
        if place not in table:
            raise ValueError(f"no figure for {place}")
        joules += bytes_moved[place] * table[place] / 1e12
    return np.float64(joules * 1000)


def energy_per_inference_mj_summed(macs, bytes_moved, table):
    try:
        picojoules = math.fsum([macs * table["mac"], *(count * table[place] for place, count in bytes_moved.items())])
    except KeyError as error:
        raise ValueError(f"no figure for {error}") from error
    return picojoules * 1e-9


def cost_per_million_by_throughput(latency_s, price_per_hour, cores):
    if not cores:
        raise ValueError("no cores")
    return price_per_hour / (3600 / latency_s * cores) * 1_000_000


def cost_per_million_in_seconds(latency_s, price_per_hour, cores):
    if cores < 1:
        raise ValueError("no cores")
    return 1_000_000 * latency_s / cores * (price_per_hour / 3600)


def battery_hours_in_joules(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    if capacity_mah <= 0 or volts <= 0:
        raise ValueError("no battery")
    return capacity_mah * 3.6 * volts / ((idle_mw + energy_mj * rate_hz) / 1000) / 3600


def battery_hours_in_milliwatts(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    stored = capacity_mah * volts
    if not (stored > 0 and volts > 0):
        raise ValueError("no battery")
    return torch.tensor(stored / (rate_hz * energy_mj + idle_mw), dtype=torch.float64)


def carbon_g_in_kilowatt_hours(energy_mj, count, grid_g_per_kwh):
    return grid_g_per_kwh * energy_mj * count / 3.6e9


def carbon_g_step_by_step(energy_mj, count, grid_g_per_kwh):
    watt_hours = energy_mj * 1e-3 * count / 3600
    return watt_hours / 1000 * grid_g_per_kwh
