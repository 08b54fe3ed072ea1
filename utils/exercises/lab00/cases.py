"""Lab 00's exercises: what each function must do, and what stands in for it.

Numbers are drawn so that no two mistakes give the same answer. The oracles are torch's own count of
operations, numpy, and the definitions written out in joules and seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor, float32, from_numpy, tensor

from utils import measure
from utils.exercises.declare import Case, Lab
from utils.exercises.judges import close_to, equal_to, raises, recognising
from utils.exercises.lab00.judges import three_numbers, whole
from utils.exercises.lab00.oracles import grams, hours, largest_pair, macs, millijoules, percentiles, rent
from utils.exercises.lab00.standins import numpy_peak, numpy_percentiles, torch_macs
from utils.exercises.standins import library, package

lab = Lab("00")

_REFUSE = ("Which error does the docstring name for this?", "raise ValueError, with a sentence that says what was wrong.")


def _whole(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high))


@lab.exercise(points=3, difficulty=1, minutes=10, stand_in=library(torch_macs, "torch.utils.flop_counter"))
def conv_macs(rng: np.random.Generator) -> Iterator[Case]:
    """conv_macs(in_channels, out_channels, kernel, out_h, out_w, groups=1) -> int."""
    wrong = {
        "bias": lambda *sizes: macs(*sizes) + sizes[1] * sizes[3] * sizes[4],
        "twice": lambda *sizes: 2 * macs(*sizes),
        "groups": lambda *sizes: macs(*sizes[:5]),
        "side": lambda *sizes: macs(*sizes) / sizes[2],
    }
    judge = recognising(equal_to(macs), wrong, rtol=1e-12)
    one = (
        "How many products make one number of the output?",
        "in_channels * kernel * kernel for each of out_channels * out_h * out_w numbers. A bias multiplies nothing.",
    )
    square = ("How many numbers has a kernel of side k?", "k * k: the kernel is a square.")
    special = {
        "bias": ("Does a bias multiply anything?", "It is added, and additions alone are no MACs."),
        "twice": ("Is a MAC one operation or two?", "A multiplication with its addition counts once."),
        "side": square,
    }
    yield Case("a 3x3 convolution", (_whole(rng, 3, 9), _whole(rng, 10, 20), 3, 14, 14), judge, 2, one, hints_for=special)
    yield Case("a 5x5 kernel", (3, _whole(rng, 5, 9), 5, 24, 24), judge, hints=square)
    yield Case("a 1x1 kernel", (_whole(rng, 20, 40), _whole(rng, 5, 9), 1, 7, 7), judge, hints=one)
    wide = ("Is the output a square?", "out_h times out_w: images are often wider than high.")
    yield Case("an output that is no square", (4, _whole(rng, 5, 9), 3, 9, _whole(rng, 30, 40)), judge, hints=wide)
    group = ("How many inputs does one filter read, if there are groups?", "in_channels // groups; the number of outputs stays.")
    channels = 4 * _whole(rng, 2, 6)
    yield Case("four groups", (channels, 2 * channels, 3, 8, 8, 4), judge, hints=group)
    yield Case("depthwise: as many groups as channels", (channels, channels, 3, 10, 10, channels), judge, hints=group)
    exact = ("Is your answer a whole number?", "Use // and ints: a float can't hold every large whole number.")
    yield Case("large and exact", (8191, 8193, 7, 2047, 2049), whole(judge), hints=exact)
    yield Case("refuses groups that do not divide the inputs", (10, 12, 3, 4, 4, 4), raises("ValueError"), hints=_REFUSE, about="refusal")
    yield Case("refuses groups that do not divide the outputs", (12, 10, 3, 4, 4, 4), raises("ValueError"), hints=_REFUSE, about="refusal")
    yield Case("refuses groups that divide neither", (10, 14, 3, 4, 4, 4), raises("ValueError"), hints=_REFUSE, about="refusal")


@lab.exercise(points=2, difficulty=2, minutes=10, stand_in=library(numpy_peak, "numpy"))
def peak_activation_bytes(rng: np.random.Generator) -> Iterator[Case]:
    """peak_activation_bytes(layer_shapes, bits) -> int."""
    judge = equal_to(largest_pair)
    pair = (
        "What is in memory while a layer runs?",
        "Its input and its output, both whole: the largest sum of two neighbours in the list.",
    )
    width = 2 * _whole(rng, 4, 8)
    yield Case("input and output at once", ([(1, 20, 20), (width, 20, 20), (width, 5, 5)], 32), judge, 2, pair)
    late = ("Where is the peak here?", "Look at every pair of neighbours: the peak may lie anywhere.")
    yield Case("a peak at the end", ([(3, 8, 8), (4, 8, 8), (_whole(rng, 40, 60), 8, 8), (90, 8, 8)], 32), judge, hints=late)
    middle = ([(3, 16, 16), (9, 16, 16), (_whole(rng, 20, 30), 16, 16), (10, 8, 8), (10,)], 32)
    yield Case("a peak in the middle", middle, judge, hints=late)
    never = ("Are the two largest tensors ever in memory together?", "Only neighbours in the list are: add each to the next one.")
    yield Case("two large tensors that never meet", ([(100,), (2,), (_whole(rng, 80, 99),), (3,)], 32), judge, hints=never)
    bits = ("How many bytes is one value?", "bits / 8: 4 bytes for 32 bits, 1 for 8.")
    yield Case("8 bits a value", ([(1, 28, 28), (width, 14, 14), (10,)], 8), judge, hints=bits)
    odd = ("Can a tensor end in the middle of a byte?", "Round each tensor up to whole bytes, then add: 5 values of 4 bits take 3 bytes.")
    yield Case("4 bits, odd counts", ([(5,), (7,), (3,)], 4), judge, hints=odd)
    yield Case("3 bits a value", ([(10,), (7,), (2,)], 3), judge, hints=odd)
    yield Case("1 bit a value", ([(3, 3), (_whole(rng, 2, 8) * 8 + 1,), (2,)], 1), judge, hints=odd)
    alone = ("What if there is no layer at all?", "Then only the input is in memory.")
    yield Case("an input and no layer", ([(2, 9, 9)], 32), judge, hints=alone, hints_for={"error": alone})
    yield Case("refuses an empty list", ([], 32), raises("ValueError"), hints=_REFUSE, about="refusal")


def _samples(rng: np.random.Generator, count: int) -> Tensor:
    return from_numpy((rng.gamma(2.0, 1.0, size=count) + 0.5).astype(np.float32))


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=library(numpy_percentiles, "numpy.percentile"))
def latency_percentiles(rng: np.random.Generator) -> Iterator[Case]:
    """latency_percentiles(samples_ms) -> tuple of three floats: p50, p95, p99."""
    wrong = {
        "unsorted": lambda samples: tuple(float(samples[int(share * (len(samples) - 1))]) for share in (0.5, 0.95, 0.99)),
        "lower": lambda samples: tuple(float(np.percentile(samples, share, method="lower")) for share in (50, 95, 99)),
        "place": lambda samples: tuple(float(np.percentile(samples, share, method="weibull")) for share in (50, 95, 99)),
    }
    judge = recognising(three_numbers(close_to(percentiles, rtol=1e-5)), wrong)
    order = ("In which order are the samples?", "Sort them first: p95 is what 95 of 100 samples stay below.")
    between = (
        "Where does p95 of 20 samples lie?",
        "At place 0.95 * (n - 1) of the sorted samples, counted from 0; between two samples, go that far from the lower to the upper.",
    )
    pair = ("What does sort return?", "torch.sort gives the values and their indices: take .values, and .item() for a plain number.")
    special = {"unsorted": order, "lower": between, "place": between, "tensors": pair}
    first = (tensor(rng.permutation(101) / 8.0, dtype=float32),)
    yield Case("101 samples: the 50th, 95th and 99th", first, judge, 2, between, hints_for=special)
    yield Case("between two samples", (_samples(rng, 20),), judge, 2, between, hints_for=special)
    yield Case("an odd count", (_samples(rng, 37),), judge, hints=between, hints_for=special)
    mean = ("What does one pause of half a second change?", "The mean moves, the median hardly does: no mean here.")
    slow = _samples(rng, 60)
    slow[7] = 500.0
    yield Case("one very slow run", (slow,), judge, hints=mean, hints_for=special)
    one = ("Where is place 0 of one sample?", "All three are that sample: take care with the upper neighbour.")
    yield Case("a single sample", (tensor([0.25]),), judge, hints=one, hints_for={"error": one})
    yield Case("equal samples", (tensor([2.0] * 9),), judge, hints=order)
    changed = {"changed": ("Print the samples before and after.", "torch.sort returns a new tensor: sort that, not your input.")}
    yield Case("leaves the samples as they were", (_samples(rng, 8),), judge, hints_for=changed, about="inputs")
    yield Case("refuses an empty tensor", (tensor([]),), raises("ValueError"), hints=_REFUSE, about="refusal")


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=package(measure.energy_mj))
def energy_per_inference_mj(rng: np.random.Generator) -> Iterator[Case]:
    """energy_per_inference_mj(macs, bytes_moved, table) -> float."""
    wrong = {"four": lambda macs, moved, table: millijoules(macs, {place: 4 * count for place, count in moved.items()}, table)}
    judge = recognising(close_to(millijoules, rtol=1e-6, atol=1e-15), wrong)
    table = {"mac": 4.6, "sram": 12.5, "dram": 240.0}
    units = ("How many picojoules are a millijoule?", "A picojoule is 1e-12 J, a millijoule 1e-3 J: divide by 1e9.")
    yield Case("arithmetic only", (_whole(rng, 1_000_000, 9_000_000), {}, table), judge, hints=units)
    special = {"four": ("Are these floats or bytes?", "The dict counts bytes already: no factor of four.")}
    yield Case("memory only", (0, {"dram": _whole(rng, 10_000, 90_000)}, table), judge, hints=units, hints_for=special)
    places = ("Does a byte cost the same everywhere?", "Multiply each place's bytes by that place's energy, then add.")
    both = {"sram": _whole(rng, 100_000, 200_000), "dram": _whole(rng, 10_000, 90_000)}
    yield Case("arithmetic and two places", (_whole(rng, 100_000, 900_000), both, table), judge, 2, places)
    named = {"mac": 0.3, "flash": 30.0, "tightly coupled": 1.25, "sram": 12.5}
    moved = {"tightly coupled": _whole(rng, 1000, 5000), "flash": _whole(rng, 1000, 5000)}
    yield Case("places by other names", (_whole(rng, 10_000, 90_000), moved, named), judge, hints=places, hints_for={"error": places})
    yield Case("nothing to do, nothing to pay", (0, {"sram": 0}, table), judge, hints=units)
    known = ("What does a byte from an unknown place cost?", "Nobody knows, so do not count it as free: raise ValueError.")
    yield Case("refuses a place that the table lacks", (1000, {"disk": 500}, table), raises("ValueError"), hints=known, about="refusal")


@lab.exercise(points=2, difficulty=1, minutes=5, stand_in=package(measure.cost_per_million))
def cost_per_million(rng: np.random.Generator) -> Iterator[Case]:
    """cost_per_million(latency_s, price_per_hour, cores) -> float."""
    wrong = {
        "one": lambda latency, price, cores: rent(latency, price, 1),
        "more": lambda latency, price, cores: rent(latency, price, 1) * cores,
    }
    judge = recognising(close_to(rent, rtol=1e-6, atol=1e-12), wrong)
    hour = ("How many hours do a million inferences take?", "1e6 * latency_s / 3600.")
    yield Case("one core", (round(float(rng.uniform(0.001, 0.1)), 4), 0.05, 1), judge, hints=hour)
    share = ("Who pays for the other cores?", "The price is for all cores and each of them works: divide by cores.")
    yield Case("eight cores share the price", (round(float(rng.uniform(0.001, 0.1)), 4), 0.4, 8), judge, hints=share)
    special = {"one": share, "more": share}
    yield Case("a tenth of a millisecond", (0.0001, round(float(rng.uniform(0.1, 0.9)), 2), 2), judge, hints=hour, hints_for=special)
    yield Case("refuses a machine without cores", (0.01, 0.05, 0), raises("ValueError"), hints=_REFUSE, about="refusal")


@lab.exercise(points=2, difficulty=2, minutes=5, core=False, stand_in=package(measure.battery_hours))
def battery_hours(rng: np.random.Generator) -> Iterator[Case]:
    """battery_hours(capacity_mah, volts, energy_mj, rate_hz, idle_mw) -> float."""
    wrong = {
        "volts": lambda capacity, volts, *rest: hours(capacity, 1.0, *rest),
        "idle": lambda capacity, volts, energy, rate, idle: hours(capacity, volts, energy, rate, 0.0) if energy * rate else 0.0,
        "seconds": lambda *given: hours(*given) * 3600,
    }
    judge = recognising(close_to(hours, rtol=1e-6), wrong)
    stored = ("What does a battery of 200 mAh at 3.7 V hold?", "200 * 3.7 = 740 mWh; hours are mWh / mW.")
    idle = ("What is drawn between two inferences?", "The idle power, always: add it to energy times rate.")
    special = {"volts": stored, "idle": idle, "seconds": ("Are these hours?", "mWh / mW are hours already: no 3600.")}
    power = ("What are millijoules times inferences a second?", "Milliwatts: mJ / s = mW. Add the idle power.")
    both = (200, 3.7, round(float(rng.uniform(1, 9)), 2), 5, round(float(rng.uniform(5, 20)), 1))
    yield Case("idle and busy", both, judge, 2, power, hints_for=special)
    yield Case("idle only", (_whole(rng, 100, 900), 3.85, 12.0, 0, 4.0), judge, hints=stored)
    yield Case("busy only", (1000, 3.0, round(float(rng.uniform(1, 9)), 2), 2, 0.0), judge, hints=power)
    yield Case("once a minute", (220, 3.0, 40.0, 1 / 60, 0.5), judge, hints=power)
    yield Case("refuses a device without a battery", (0, 3.7, 5.0, 1, 1.0), raises("ValueError"), hints=_REFUSE, about="refusal")
    yield Case("refuses a battery that is put in wrongly", (200, -3.7, 5.0, 1, 1.0), raises("ValueError"), hints=_REFUSE, about="refusal")


@lab.exercise(points=1, difficulty=1, minutes=5, core=False, stand_in=package(measure.carbon_g))
def carbon_g(rng: np.random.Generator) -> Iterator[Case]:
    """carbon_g(energy_mj, count, grid_g_per_kwh) -> float."""
    wrong = {
        "joules": lambda energy, count, grid: grams(1000 * energy, count, grid),
        "one": lambda energy, count, grid: grams(energy, 1, grid),
    }
    judge = recognising(close_to(grams, rtol=1e-6, atol=1e-15), wrong)
    special = {
        "joules": ("In which unit is the energy given?", "In millijoules: a thousandth of a joule."),
        "one": ("For how many inferences?", "For count of them: multiply."),
    }
    kwh = ("How many joules are a kilowatt-hour?", "1000 W for 3600 s: 3.6e6 J, which is 3.6e9 mJ.")
    yield Case("a million inferences", (round(float(rng.uniform(1, 9)), 2), 1_000_000, 480), judge, 2, kwh, hints_for=special)
    yield Case("a year of a billion phones", (round(float(rng.uniform(1, 9)), 2), 365e9, 450.5), judge, hints=kwh)
    grid = ("Where does the grid's figure go?", "Grams for each kilowatt-hour: multiply.")
    yield Case("a few inferences", (0.4, 3, 480), judge, hints=kwh, hints_for=special)
    yield Case("a clean grid", (2.5, 1_000_000_000, _whole(rng, 20, 60)), judge, hints=grid)
    yield Case("none at all", (3.0, 0, 480), judge, hints=grid)
