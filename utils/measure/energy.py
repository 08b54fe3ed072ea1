"""Energy of one inference: by the processor's own counter where it can be read, else by a declared model.

The model adds up arithmetic and memory (Horowitz 2014, figures in `constants.toml`):

    energy = MACs x energy of a MAC + bytes moved x energy of a byte

It leaves out fetching and decoding instructions, leakage and everything beside the processor, so on a
general-purpose core it is a lower bound; between two networks its ratio says more than its value. Where
the bytes lie is not known, so a modelled value always comes with a range. A model is never shown as a
measurement: the method travels with the value.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.measure.constants import constants
from utils.measure.latency import first_sample
from utils.measure.rapl import Counter, CounterError, find_counter
from utils.measure.runnable import Runnable, Traffic, check_runnable, ready
from utils.measure.state import no_collection, one_thread

MODEL = "model"
COUNTER = "counter"
PJ_PER_MJ = 1e9
BLOCK_S = 0.1  # the counter advances about once in a millisecond: a block sees a hundred steps
BLOCKS = 5


@dataclass(frozen=True)
class Energy:
    """Millijoules of one inference, with what they may lie between and how they were found.

    method: "model" or "counter"; detail: in a few words, which model or which counter.
    """

    value_mj: float
    low_mj: float
    high_mj: float
    method: str
    detail: str


def energy_mj(macs: float, bytes_moved: Mapping[str, float], table: Mapping[str, float]) -> float:
    """Millijoules of one inference, from what it computes and what it moves.

    bytes_moved: place -> bytes. table: "mac" -> picojoules of one MAC, place -> picojoules of one byte.

    Raises:
        ValueError: a place that the table does not know, or a count that is negative or no number.
    """
    if unknown := sorted({"mac", *bytes_moved} - set(table)):
        raise ValueError(f"the table has no energy for {unknown[0]!r}: it knows {', '.join(sorted(table))}")
    counts = (macs, *bytes_moved.values(), *table.values())
    if not all(math.isfinite(count) and count >= 0 for count in counts):
        raise ValueError(
            f"MACs, bytes and their energies must be 0 or more, got {', '.join(map(str, counts))}: check how they were counted"
        )
    return (macs * table["mac"] + sum(count * table[place] for place, count in bytes_moved.items())) / PJ_PER_MJ


def modelled(macs: int, traffic: Traffic, number_format: str) -> Energy:
    """The energy of an inference by the model, with its range.

    Likely: weights in on-chip memory of 1 MB if they fit, else in DRAM; activations on the chip. Low: what
    is on the chip lies in 8 kB of it. High: every byte comes from DRAM.

    Raises:
        ValueError: a number format whose arithmetic the table does not list.
    """
    said = constants()["operations"]
    if number_format not in said["mac_pj"]:
        raise ValueError(f"the energy of {number_format} arithmetic is not listed: it knows {', '.join(said['mac_pj'])}")
    mac, byte = said["mac_pj"][number_format], said["byte_pj"]
    on_chip = traffic.weights <= said["on_chip_bytes"]

    def total(weights: float, activations: float) -> float:
        moved = {"weights": traffic.weights, "activations": traffic.activations}
        return energy_mj(macs, moved, {"mac": mac, "weights": weights, "activations": activations})

    return Energy(
        value_mj=total(byte["sram_1mb"] if on_chip else byte["dram"], byte["sram_1mb"]),
        low_mj=total(byte["sram_8kb"] if on_chip else byte["dram_low"], byte["sram_8kb"]),
        high_mj=total(byte["dram_high"], byte["dram_high"]),
        method=MODEL,
        detail=said["name"],
    )


def model_energy(runnable: Runnable) -> Energy | None:
    """The modelled energy of a runnable; None where its work, its traffic or its number format can't be told."""
    # read first what is cheap: the others run the network
    number_format = runnable.number_format
    if number_format not in constants()["operations"]["mac_pj"]:
        return None
    macs, traffic = runnable.macs, runnable.traffic
    return None if macs is None or traffic is None else modelled(macs, traffic, str(number_format))


def measured(
    contestants: Mapping[str, Runnable],
    example: Any,
    counter: Counter,
    *,
    block_s: float = BLOCK_S,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Energy]:
    """Millijoules of one inference of each contestant, idle power included: the median of five blocks and their extremes.

    Blocks of the contestants take turns. example: a batch (n, ...) of which the first sample is used.

    Raises:
        CounterError: the counter could not be read, stood still during a block, or was set back.
        ValueError: an example that is no batch.
    """
    batch = first_sample(example)
    spent: dict[str, list[float]] = {name: [] for name in contestants}
    with ExitStack() as stack:
        stack.enter_context(one_thread())
        for runnable in {id(r): r for r in contestants.values()}.values():
            stack.enter_context(ready(runnable))
            runnable.run(batch)
        stack.enter_context(no_collection())
        for _ in range(BLOCKS):
            for name, runnable in contestants.items():
                runs, before, begin = 0, counter.read_uj(), clock()
                while clock() - begin < block_s:
                    runnable.run(batch)
                    runs += 1
                spent[name].append(counter.spent_mj(before, counter.read_uj()) / max(runs, 1))
    if min(map(min, spent.values())) <= 0:
        raise CounterError("the energy counter stood still while networks ran")
    detail = "RAPL, whole processor, idle power included"
    return {name: Energy(float(np.median(values)), min(values), max(values), COUNTER, detail) for name, values in spent.items()}


def energy(contestants: Mapping[str, Runnable], example: Any) -> dict[str, Energy | None]:
    """The energy of each contestant by one and the same method: the counter if this computer lets us read it, else the model.

    example: a batch (n, ...) of which the first sample is used.

    Raises:
        ValueError: nobody to measure, or an example that is no batch.
    """
    if not contestants:
        raise ValueError("need a contestant whose energy is asked, got none")
    for contestant in contestants.values():
        check_runnable(contestant)
    first_sample(example)
    if counter := find_counter():
        try:
            return dict(measured(contestants, example, counter))
        except CounterError:  # it could be opened, but not read to the end: better one method for all
            pass
    return {name: model_energy(runnable) for name, runnable in contestants.items()}
