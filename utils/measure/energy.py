"""Energy of one inference: by the processor's own counter where it can be read, else by a declared model.

The model adds up arithmetic and memory (Horowitz 2014, figures in `figures.toml`):

    energy = MACs x energy of a MAC + bytes moved x energy of a byte

It leaves out fetching and decoding instructions, leakage and everything beside the processor, so on a
general-purpose core it is a lower bound; between two networks its ratio says more than its value. Where
the bytes lie is not known, so a modelled value always comes with a range. A model is never shown as a
measurement: the method travels with the value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from utils.measure.figures import figures
from utils.measure.runnable import Runnable, Traffic

MODEL = "model"
COUNTER = "counter"
PJ_PER_MJ = 1e9


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
    said = figures()["operations"]
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
    if number_format not in figures()["operations"]["mac_pj"]:
        return None
    macs, traffic = runnable.macs, runnable.traffic
    return None if macs is None or traffic is None else modelled(macs, traffic, str(number_format))


def energy(contestants: Mapping[str, Runnable], example: Any) -> dict[str, Energy | None]:
    """The energy of each contestant by one and the same method: the counter if this computer lets us read it, else the model.

    example: a batch (n, ...) of which the first sample is used.

    Raises:
        ValueError: nobody to measure, or an example that is no batch.
    """
    from utils.measure.counter import CounterError, find_counter, measured
    from utils.measure.latency import first_sample

    if not contestants:
        raise ValueError("need a contestant whose energy is asked, got none")
    first_sample(example)
    if counter := find_counter():
        try:
            return dict(measured(contestants, example, counter))
        except CounterError:  # it could be opened, but not read to the end: better one method for all
            pass
    return {name: model_energy(runnable) for name, runnable in contestants.items()}
