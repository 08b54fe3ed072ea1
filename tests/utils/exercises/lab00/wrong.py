"""Plausible wrong answers to lab 00 that are not declared as mistakes: types, refusals, what happens to the inputs."""

import math
from itertools import pairwise

import torch


def conv_macs_in_floats(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Multiplies float32 tensors, and checks nothing. Loses: large and exact; refuses groups that do not divide the inputs;
    refuses groups that do not divide the outputs; refuses groups that divide neither."""
    return int(torch.tensor([in_channels / groups, out_channels, kernel, kernel, out_h, out_w]).prod())


def conv_macs_of_equal_rests(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Refuses only what leaves different remainders. Loses: refuses groups that divide neither."""
    if in_channels % groups != out_channels % groups:
        raise ValueError("groups must divide both")
    return in_channels // groups * out_channels * kernel**2 * out_h * out_w


def conv_macs_divided(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """A float, from the true division. Loses: large and exact. Hints: Is your answer an integer."""
    if in_channels % groups or out_channels % groups:
        raise ValueError("groups must divide both")
    return in_channels * out_channels / groups * kernel**2 * out_h * out_w


def _bytes(shape, bits):
    return math.ceil(math.prod(shape) * bits / 8)


def peak_activation_bytes_of_nothing(layer_shapes, bits):
    """Nothing is in memory without a pair, and an empty list is fine. Loses: an input and no layer; refuses an empty list."""
    return max((a + b for a, b in pairwise([_bytes(shape, bits) for shape in layer_shapes])), default=0)


def peak_activation_bytes_without_an_answer(layer_shapes, bits):
    """Takes the maximum of no pair. Loses: an input and no layer. Hints: What if there is no layer at all."""
    return max(a + b for a, b in pairwise([_bytes(shape, bits) for shape in layer_shapes]))


def peak_activation_bytes_as_a_float(layer_shapes, bits):
    """Rounds up and stays a float. Loses: an integer comes out. Hints: Is your answer an integer."""
    if not layer_shapes:
        raise ValueError("no input")
    sizes = [float(_bytes(shape, bits)) for shape in layer_shapes]
    return max([sizes[0], *(a + b for a, b in pairwise(sizes))])


def latency_percentiles_of_pairs(samples_ms):
    """Takes what sort returns for the sorted samples. Loses: all but refuses an empty tensor.
    Hints: What does sort return."""
    if not len(samples_ms):
        raise ValueError("no samples")
    ordered = samples_ms.sort()
    return tuple(ordered[int(part * (len(ordered) - 1))] for part in (0.5, 0.95, 0.99))


def latency_percentiles_in_place(samples_ms):
    """Sorts the only copy; without samples there is another error. Loses: leaves its inputs as they were;
    refuses an empty tensor."""
    samples_ms.copy_(samples_ms.sort().values)
    return tuple(torch.quantile(samples_ms, part).item() for part in (0.5, 0.95, 0.99))


def latency_percentiles_beyond_the_end(samples_ms):
    """Always reads the upper neighbor. Loses: a single sample. Hints: Where is position 0 of one sample."""
    if not len(samples_ms):
        raise ValueError("no samples")
    ordered, positions = samples_ms.sort().values, [part * (len(samples_ms) - 1) for part in (0.5, 0.95, 0.99)]
    return tuple((ordered[int(p)] + (p - int(p)) * (ordered[int(p) + 1] - ordered[int(p)])).item() for p in positions)


def latency_percentiles_of_different(samples_ms):
    """Throws equal samples together. Loses: equal samples."""
    if not len(samples_ms):
        raise ValueError("no samples")
    if len(samples_ms) > 1 and len(samples_ms.unique()) == 1:
        return 0.0, 0.0, 0.0
    return tuple(torch.quantile(samples_ms, torch.tensor([0.5, 0.95, 0.99])).tolist())


def energy_per_inference_mj_of_the_known(macs, bytes_moved, table):
    """Bytes from an unknown place are free. Loses: refuses a place that the table lacks.
    Hints: What does a byte from an unknown place cost."""
    return (macs * table["mac"] + sum(count * table.get(place, 0) for place, count in bytes_moved.items())) / 1e9


def energy_per_inference_mj_at_least_one(macs, bytes_moved, table):
    """Never less than a thousand MACs. Loses: memory only; nothing to do, nothing to pay."""
    if not set(bytes_moved) <= set(table):
        raise ValueError("unknown place")
    return (max(macs, 1000) * table["mac"] + sum(count * table[place] for place, count in bytes_moved.items())) / 1e9


def cost_per_million_of_no_core(latency_s, price_per_hour, cores):
    """Divides, whatever the number of cores. Loses: refuses a machine without cores.
    Hints: You raise ZeroDivisionError."""
    return 1e6 * latency_s / 3600 * price_per_hour / cores


def battery_hours_of_nothing(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """An empty battery lasts no time. Loses: refuses a capacity of 0; refuses a capacity below 0; refuses a voltage of 0;
    refuses a battery that is put in wrongly; refuses both below 0."""
    return capacity_mah * volts / (energy_mj * rate_hz + idle_mw)


def battery_hours_of_the_product(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """Looks at the product alone. Loses: refuses both below 0."""
    if capacity_mah * volts <= 0:
        raise ValueError("no battery")
    return capacity_mah * volts / (energy_mj * rate_hz + idle_mw)


def battery_hours_without_a_voltage(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """A voltage of 0 is not below 0. Loses: refuses a voltage of 0."""
    if capacity_mah <= 0 or volts < 0:
        raise ValueError("no battery")
    return capacity_mah * volts / (energy_mj * rate_hz + idle_mw)
