"""Plausible wrong answers to lab 00. The docstring says what is wrong and lists the cases that it must lose, and no other."""

import math
from itertools import pairwise

import torch


def _refuse_groups(in_channels, out_channels, groups):
    if in_channels % groups or out_channels % groups:
        raise ValueError("groups must divide both")


def conv_macs_as_operations(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Counts a multiplication and an addition as two, as FLOPs do.

    - a 3x3 convolution
    - a 5x5 kernel
    - a 1x1 kernel
    - an output that is no square
    - four groups
    - depthwise: as many groups as channels
    - large and exact
    """
    _refuse_groups(in_channels, out_channels, groups)
    return 2 * in_channels // groups * out_channels * kernel**2 * out_h * out_w


def conv_macs_without_groups(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Lets every filter read every input.

    - four groups
    - depthwise: as many groups as channels
    """
    _refuse_groups(in_channels, out_channels, groups)
    return in_channels * out_channels * kernel**2 * out_h * out_w


def conv_macs_of_a_line(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Takes the kernel's side for the kernel.

    - a 3x3 convolution
    - a 5x5 kernel
    - an output that is no square
    - four groups
    - depthwise: as many groups as channels
    - large and exact
    """
    _refuse_groups(in_channels, out_channels, groups)
    return in_channels // groups * out_channels * kernel * out_h * out_w


def conv_macs_of_squares(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Takes the output for a square.

    - an output that is no square
    - large and exact
    """
    _refuse_groups(in_channels, out_channels, groups)
    return in_channels // groups * out_channels * kernel**2 * out_h**2


def conv_macs_in_floats(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Multiplies float32 tensors, and checks nothing.

    - large and exact
    - refuses groups that do not divide the inputs
    - refuses groups that do not divide the outputs
    - refuses groups that divide neither
    """
    return int(torch.tensor([in_channels / groups, out_channels, kernel, kernel, out_h, out_w]).prod())


def conv_macs_with_bias(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Adds one for the bias of each output.

    - a 3x3 convolution
    - a 5x5 kernel
    - a 1x1 kernel
    - an output that is no square
    - four groups
    - depthwise: as many groups as channels
    - large and exact
    """
    _refuse_groups(in_channels, out_channels, groups)
    return (in_channels // groups * kernel**2 + 1) * out_channels * out_h * out_w


def conv_macs_of_equal_rests(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """Refuses only what leaves different rests.

    - refuses groups that divide neither
    """
    if in_channels % groups != out_channels % groups:
        raise ValueError("groups must divide both")
    return in_channels // groups * out_channels * kernel**2 * out_h * out_w


def conv_macs_divided(in_channels, out_channels, kernel, out_h, out_w, groups=1):
    """A float, from the true division.

    - large and exact
    """
    _refuse_groups(in_channels, out_channels, groups)
    return in_channels * out_channels / groups * kernel**2 * out_h * out_w


def _bytes(shape, bits):
    return math.ceil(math.prod(shape) * bits / 8)


def peak_activation_bytes_of_one(layer_shapes, bits):
    """Takes the largest tensor alone.

    - input and output at once
    - a peak at the end
    - a peak in the middle
    - two large tensors that never meet
    - 8 bits a value
    - 4 bits, odd counts
    - 3 bits a value
    - 1 bit a value
    """
    if not layer_shapes:
        raise ValueError("no input")
    return max(_bytes(shape, bits) for shape in layer_shapes)


def peak_activation_bytes_of_all(layer_shapes, bits):
    """Keeps every tensor to the end, as training does.

    - input and output at once
    - a peak at the end
    - a peak in the middle
    - two large tensors that never meet
    - 8 bits a value
    - 4 bits, odd counts
    - 3 bits a value
    - 1 bit a value
    """
    if not layer_shapes:
        raise ValueError("no input")
    return sum(_bytes(shape, bits) for shape in layer_shapes)


def peak_activation_bytes_of_the_two_largest(layer_shapes, bits):
    """Adds the two largest tensors, wherever they stand.

    - two large tensors that never meet
    """
    if not layer_shapes:
        raise ValueError("no input")
    return sum(sorted(_bytes(shape, bits) for shape in layer_shapes)[-2:])


def peak_activation_bytes_at_the_start(layer_shapes, bits):
    """Looks at the first layer only.

    - a peak at the end
    - a peak in the middle
    """
    if not layer_shapes:
        raise ValueError("no input")
    return sum(_bytes(shape, bits) for shape in layer_shapes[:2])


def peak_activation_bytes_rounded_down(layer_shapes, bits):
    """Cuts off what does not fill a byte, and has no answer without a layer.

    - 4 bits, odd counts
    - 3 bits a value
    - 1 bit a value
    - an input and no layer
    """
    return max(a + b for a, b in pairwise([math.prod(shape) * bits // 8 for shape in layer_shapes]))


def peak_activation_bytes_of_floats(layer_shapes, bits):
    """Always four bytes a value.

    - 8 bits a value
    - 4 bits, odd counts
    - 3 bits a value
    - 1 bit a value
    """
    if not layer_shapes:
        raise ValueError("no input")
    sizes = [4 * math.prod(shape) for shape in layer_shapes]
    return max([sizes[0], *(a + b for a, b in pairwise(sizes))])


def peak_activation_bytes_of_whole_values(layer_shapes, bits):
    """Never cuts a value over two bytes.

    - 3 bits a value
    """
    if not layer_shapes:
        raise ValueError("no input")
    sizes = [math.ceil(math.prod(shape) / (8 // bits)) if bits < 8 else math.prod(shape) * bits // 8 for shape in layer_shapes]
    return max([sizes[0], *(a + b for a, b in pairwise(sizes))])


def peak_activation_bytes_of_nothing(layer_shapes, bits):
    """Nothing is in memory where there is no pair, and no input is no trouble.

    - an input and no layer
    - refuses an empty list
    """
    return max((a + b for a, b in pairwise([_bytes(shape, bits) for shape in layer_shapes])), default=0)


def _quantile(samples_ms):
    if not samples_ms.numel():
        raise ValueError("no samples")
    return tuple(torch.quantile(samples_ms, torch.tensor([0.5, 0.95, 0.99], dtype=samples_ms.dtype)).tolist())


def latency_percentiles_of_neighbours(samples_ms):
    """Takes the lower neighbour in place of going between.

    - between two samples
    - an odd count
    - one very slow run
    - leaves the samples as they were
    """
    if not len(samples_ms):
        raise ValueError("no samples")
    ordered = samples_ms.sort().values.tolist()
    return tuple(ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 0.99))


def latency_percentiles_with_mean(samples_ms):
    """The mean in place of the median.

    - between two samples
    - an odd count
    - one very slow run
    - leaves the samples as they were
    """
    return (samples_ms.mean().item(), *_quantile(samples_ms)[1:])


def latency_percentiles_unsorted(samples_ms):
    """Takes the places without sorting.

    - 101 samples: the 50th, 95th and 99th
    - between two samples
    - an odd count
    - one very slow run
    - leaves the samples as they were
    """
    if not len(samples_ms):
        raise ValueError("no samples")
    return tuple(samples_ms[int(share * (len(samples_ms) - 1))].item() for share in (0.5, 0.95, 0.99))


def latency_percentiles_of_pairs(samples_ms):
    """Takes what sort returns for the sorted samples.

    - 101 samples: the 50th, 95th and 99th
    - between two samples
    - an odd count
    - one very slow run
    - a single sample
    - equal samples
    - leaves the samples as they were
    """
    if not len(samples_ms):
        raise ValueError("no samples")
    ordered = samples_ms.sort()
    return tuple(ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 0.99))


def latency_percentiles_in_place(samples_ms):
    """Sorts the student's only copy; without samples there is another error.

    - leaves the samples as they were
    - refuses an empty tensor
    """
    samples_ms.copy_(samples_ms.sort().values)
    return tuple(torch.quantile(samples_ms, share).item() for share in (0.5, 0.95, 0.99))


def latency_percentiles_beyond_the_end(samples_ms):
    """Always looks at the upper neighbour, also where there is none.

    - a single sample
    """
    if not len(samples_ms):
        raise ValueError("no samples")
    ordered, places = samples_ms.sort().values, [share * (len(samples_ms) - 1) for share in (0.5, 0.95, 0.99)]
    return tuple((ordered[int(p)] + (p - int(p)) * (ordered[int(p) + 1] - ordered[int(p)])).item() for p in places)


def latency_percentiles_of_different(samples_ms):
    """Throws equal samples together, so one of the nine is left over and one more is looked for.

    - equal samples
    """
    if len(samples_ms) > 1 and len(samples_ms.unique()) == 1:
        return 0.0, 0.0, 0.0
    return _quantile(samples_ms)


def energy_per_inference_mj_in_microjoules(macs, bytes_moved, table):
    """Divides by a million.

    - arithmetic only
    - memory only
    - arithmetic and two places
    - places by other names
    """
    if not set(bytes_moved) <= set(table):
        raise ValueError("unknown place")
    return (macs * table["mac"] + sum(count * table[place] for place, count in bytes_moved.items())) / 1e6


def energy_per_inference_mj_of_one_memory(macs, bytes_moved, table):
    """Counts every byte as one from DRAM.

    - arithmetic and two places
    - places by other names
    """
    if not set(bytes_moved) <= set(table):
        raise ValueError("unknown place")
    return (macs * table["mac"] + sum(bytes_moved.values()) * table.get("dram", 240.0)) / 1e9


def energy_per_inference_mj_of_arithmetic(macs, bytes_moved, table):
    """Forgets the memory.

    - memory only
    - arithmetic and two places
    - places by other names
    """
    if not set(bytes_moved) <= set(table):
        raise ValueError("unknown place")
    return macs * table["mac"] / 1e9


def energy_per_inference_mj_of_the_known(macs, bytes_moved, table):
    """Bytes from an unknown place are free.

    - refuses a place that the table lacks
    """
    return (macs * table["mac"] + sum(count * table.get(place, 0) for place, count in bytes_moved.items())) / 1e9


def energy_per_inference_mj_at_least_one(macs, bytes_moved, table):
    """Never less than one MAC.

    - memory only
    - nothing to do, nothing to pay
    """
    if not set(bytes_moved) <= set(table):
        raise ValueError("unknown place")
    return (max(macs, 1000) * table["mac"] + sum(count * table[place] for place, count in bytes_moved.items())) / 1e9


def cost_per_million_of_one_core(latency_s, price_per_hour, cores):
    """Pays for all cores and uses one.

    - eight cores share the price
    - a tenth of a millisecond
    - refuses a machine without cores
    """
    return 1e6 * latency_s / 3600 * price_per_hour


def cost_per_million_in_milliseconds(latency_s, price_per_hour, cores):
    """Takes seconds for milliseconds.

    - one core
    - eight cores share the price
    - a tenth of a millisecond
    """
    if cores < 1:
        raise ValueError("no cores")
    return 1e6 * latency_s / 1000 / 3600 * price_per_hour / cores


def cost_per_million_in_minutes(latency_s, price_per_hour, cores):
    """An hour of sixty seconds.

    - one core
    - eight cores share the price
    - a tenth of a millisecond
    """
    if cores < 1:
        raise ValueError("no cores")
    return 1e6 * latency_s / 60 * price_per_hour / cores


def cost_per_million_times_cores(latency_s, price_per_hour, cores):
    """Takes the price for that of one core.

    - eight cores share the price
    - a tenth of a millisecond
    """
    if cores < 1:
        raise ValueError("no cores")
    return 1e6 * latency_s / 3600 * price_per_hour * cores


def _refuse_battery(capacity_mah, volts):
    if capacity_mah <= 0 or volts <= 0:
        raise ValueError("no battery")


def battery_hours_without_idle(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """Forgets what is drawn between inferences.

    - idle and busy
    - idle only
    - once a minute
    """
    _refuse_battery(capacity_mah, volts)
    return capacity_mah * volts / (energy_mj * rate_hz or 1.0)


def battery_hours_without_volts(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """Takes mAh for mWh.

    - idle and busy
    - idle only
    - busy only
    - once a minute
    """
    _refuse_battery(capacity_mah, volts)
    return capacity_mah / (energy_mj * rate_hz + idle_mw)


def battery_hours_by_division(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """Divides by the rate, which also fails at rate 0.

    - idle and busy
    - idle only
    - busy only
    - once a minute
    """
    _refuse_battery(capacity_mah, volts)
    return capacity_mah * volts / (energy_mj / rate_hz + idle_mw)


def battery_hours_of_nothing(capacity_mah, volts, energy_mj, rate_hz, idle_mw):
    """An empty battery lasts no time, without a word.

    - refuses a device without a battery
    - refuses a battery that is put in wrongly
    """
    return capacity_mah * volts / (energy_mj * rate_hz + idle_mw)


def carbon_g_in_watt_hours(energy_mj, count, grid_g_per_kwh):
    """Takes watt-hours for kilowatt-hours.

    - a million inferences
    - a year of a billion phones
    - a few inferences
    - a clean grid
    """
    return energy_mj * count / 3.6e6 * grid_g_per_kwh


def carbon_g_of_one(energy_mj, count, grid_g_per_kwh):
    """Forgets the count.

    - a million inferences
    - a year of a billion phones
    - a few inferences
    - a clean grid
    - none at all
    """
    return energy_mj / 3.6e9 * grid_g_per_kwh


def carbon_g_the_wrong_way(energy_mj, count, grid_g_per_kwh):
    """Divides by the grid's figure.

    - a million inferences
    - a year of a billion phones
    - a few inferences
    - a clean grid
    """
    return energy_mj * count / 3.6e9 / grid_g_per_kwh


def carbon_g_in_joules(energy_mj, count, grid_g_per_kwh):
    """Takes millijoules for joules.

    - a million inferences
    - a year of a billion phones
    - a few inferences
    - a clean grid
    """
    return energy_mj * count / 3.6e6 / 1000 * grid_g_per_kwh * 1000


def carbon_g_of_whole_millijoules(energy_mj, count, grid_g_per_kwh):
    """Cuts the energy to whole millijoules.

    - a few inferences
    """
    return int(energy_mj * count) / 3.6e9 * grid_g_per_kwh
