"""Right answers to lab 00, each written another way. The name begins with the exercise's; all must get full marks."""

import math
from collections import namedtuple
from fractions import Fraction
from itertools import pairwise

import numpy as np
import torch

from tests.utils.exercises.right_answers import refuse_if


def conv_macs_from_the_output(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    refuse_if(in_channels % groups != 0 or out_channels % groups != 0)
    return out_h * out_w * out_channels * (in_channels // groups) * kernel**2


def conv_macs_group_by_group(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    inputs, rest = divmod(in_channels, groups)
    outputs, more = divmod(out_channels, groups)
    refuse_if(rest or more)
    return sum(inputs * outputs * kernel * kernel * out_h * out_w for _ in range(groups))


def peak_activation_bytes_by_pairs(layer_shapes, bits):
    refuse_if(not layer_shapes)
    sizes = [-(-math.prod(shape) * bits // 8) for shape in layer_shapes]
    return max([sizes[0], *(a + b for a, b in pairwise(sizes))])


def peak_activation_bytes_as_tensor(layer_shapes, bits):
    refuse_if(len(layer_shapes) == 0)
    sizes = torch.tensor([math.ceil(Fraction(math.prod(shape) * bits, 8)) for shape in layer_shapes])
    return (sizes[:-1] + sizes[1:]).max() if len(sizes) > 1 else sizes[0]


def latency_percentiles_by_torch(samples_ms):
    refuse_if(samples_ms.numel() == 0)
    return torch.quantile(samples_ms, torch.tensor([0.5, 0.95, 0.99])).tolist()


def latency_percentiles_with_names(samples_ms):
    refuse_if(not len(samples_ms))
    return namedtuple("Tail", "p50 p95 p99")(*np.percentile(samples_ms.numpy(), (50, 95, 99)))


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
    refuse_if(not cores)
    return price_per_hour / (3600 / latency_s * cores) * 1_000_000


def cost_per_million_in_seconds(latency_s, price_per_hour, cores):
    refuse_if(cores < 1)
    return 1_000_000 * latency_s / cores * (price_per_hour / 3600)


def battery_hours_in_joules(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    refuse_if(capacity_mah <= 0 or volts <= 0)
    return capacity_mah * 3.6 * volts / ((idle_mw + energy_mj * rate_hz) / 1000) / 3600


def battery_hours_in_milliwatts(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    stored = capacity_mah * volts
    refuse_if(not (stored > 0 and volts > 0))
    return torch.tensor(stored / (rate_hz * energy_mj + idle_mw), dtype=torch.float64)


def carbon_g_in_kilowatt_hours(energy_mj, count, grid_g_per_kwh):
    return grid_g_per_kwh * energy_mj * count / 3.6e9


def carbon_g_step_by_step(energy_mj, count, grid_g_per_kwh):
    watt_hours = energy_mj * 1e-3 * count / 3600
    return watt_hours / 1000 * grid_g_per_kwh
