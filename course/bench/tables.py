"""The tables of the results. A new lab adds its own: a function that takes the bench and returns a table, and its name in TABLES."""

from __future__ import annotations

from collections.abc import Callable

import torch

from course.bench.bench import EAGER, LARGE, SLIM, Bench
from course.bench.compression import bits_of_weights, few_labels, int8_in_onnx_runtime, students
from course.bench.deployment import on_a_microcontroller, on_a_page, on_the_wrist, pruned_and_quantized
from course.bench.health import heartbeats, motion_in_int8
from course.bench.imaging import examinations, lost_by_compression
from course.bench.table import Table, each_seed
from utils.measure import Ratio, TorchRunnable, count_macs, csr_speedup, peak_activation_bytes
from utils.models import ResidualConfig, ResidualNet, zoo

ZEROS = "fashion_large_sparse95"
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
MIT = "MIT 6.5940 (fall 2023) lab 1, from the outputs of an executed copy"


def networks(bench: Bench) -> Table:
    """What is counted, not timed."""
    rows = []
    for name, model in bench.networks.items():
        run = zoo.record(name)
        shipped = TorchRunnable(model, bench.image, file=run.file)
        counts = (shipped.size_bytes, shipped.parameters, shipped.nonzero, count_macs(model, bench.image))
        rows.append(
            (name, each_seed(run.test), f"{run.mean_test:.2f}", *(f"{n:,}" for n in (*counts, peak_activation_bytes(model, bench.image))))
        )
    return Table(
        "The networks of the zoo",
        (
            "network",
            "test accuracy of each seed (%)",
            "mean (%)",
            "file (bytes)",
            "parameters",
            "not zero",
            "MACs an image",
            "peak activations (bytes)",
        ),
        tuple(rows),
        "Fashion-MNIST, 10,000 test images that no choice looked at; accuracies as recorded when each seed was trained. The file\n"
        "is the checkpoint that ships (the recipe's first seed), float32, a bit mask and values where that is smaller. MACs, and\n"
        "activations in float32, are counted for one image.",
    )


def in_onnx_runtime(bench: Bench) -> Table:
    """How much of what the MACs promise arrives."""
    macs = {name: count_macs(model, bench.image) for name, model in bench.shapes.items()}
    rows = [(name, f"{macs[LARGE] / count:.2f}x", _ratio(bench.timings.ratio(LARGE, name), name == LARGE)) for name, count in macs.items()]
    rows.append((EAGER, "1.00x", _ratio(bench.timings.ratio(LARGE, EAGER))))
    return Table(
        "Time in ONNX Runtime, against the large network",
        ("network", "MACs, times fewer", f"times faster than {LARGE} [95 % interval]"),
        tuple(rows),
        f"The first network of each shape; zeros and values change nothing here. One image, one thread, all rows interleaved,\n"
        f"{bench.timings.rounds:,} rounds in {bench.sessions} sessions, each a process\n"
        "of its own: the median over rounds of the ratio of two times, and its bootstrap interval over sessions and\n"
        "rounds. Below 1 is slower. The last row is the large network in torch: another runtime, so its ratio says nothing about\n"
        "compression.",
    )


def two_by_two(bench: Bench) -> Table:
    """Pairs whose time does not follow their arithmetic."""
    torch.manual_seed(0)
    odd, even = (ResidualNet(ResidualConfig.of(n, (2 * n, 2), (4 * n, 2))).eval() for n in (9, 12))
    pairs = {
        "95 % of the weights zero in dense tensors, against none": (bench.networks[LARGE], bench.networks[ZEROS]),
        "9-18-36 channels against 12-24-48": (even, odd),
    }
    rows = []
    for what, (first, second) in pairs.items():
        fewer = count_macs(first, bench.image) / count_macs(second, bench.image)
        faster = bench.time({"first": first, "second": second}).ratio("first", "second")
        rows.append((what, f"{fewer:.2f}x", _ratio(faster)))
    return Table(
        "Pairs that teach",
        ("pair", "MACs, times fewer", "times faster [95 % interval]"),
        tuple(rows),
        "ONNX Runtime, each pair interleaved by itself, in sessions as above. MACs count a zero like any other number.",
    )


def sparse_format(bench: Bench) -> Table:
    """Where compressed sparse rows begin to pay."""
    sessions = [csr_speedup(1024, LEVELS, budget_s=bench.seconds / bench.sessions, seed=at) for at in range(bench.sessions)]
    found = {level: _widest([session[level] for session in sessions]) for level in LEVELS}
    pays = [level for level in LEVELS if all(found[above].low > 1 for above in LEVELS if above >= level)]
    certain = f"from {100 * pays[0]:.0f} % zeros on" if pays else "for none of these shares of zeros"
    return Table(
        "Sparse rows (CSR) against dense",
        ("zeros in the matrix", "times faster [range of all 95 % intervals]"),
        tuple((f"{100 * level:.0f} %", _ratio(ratio)) for level, ratio in found.items()),
        "A 1024 x 1024 matrix times a vector in torch, float32, 32-bit positions, one thread, interleaved; the median of\n"
        f"{bench.sessions} sessions, each with another matrix, all in one process: another process moves these\n"
        f"ratios by more than their range says, so the break-even is a region. Here the range lies above 1 {certain}.",
    )


def anchors(bench: Bench) -> Table:
    """What others report for the same kind of step."""
    large, zeros, slim = (zoo.record(name) for name in (LARGE, ZEROS, SLIM))
    smaller = 100 * (1 - zeros.size_bytes[0] / large.size_bytes[0])
    gone = 100 * (1 - TorchRunnable(bench.networks[ZEROS], bench.image, file=zeros.file).nonzero / _parameters(bench))
    macs = count_macs(bench.networks[LARGE], bench.image) / count_macs(bench.networks[SLIM], bench.image)
    faster = bench.timings.ratio(LARGE, SLIM)
    return Table(
        "Anchors from the literature",
        ("step", "here", "there", "source of what is there"),
        (
            (
                "single weights removed, fine-tuned",
                f"{gone:.1f} % of the parameters zero, file {smaller:.1f} % smaller, {zeros.mean_test - large.mean_test:+.2f} points",
                "76.7 % smaller, -0.12 points",
                MIT,
            ),
            (
                "whole channels removed, fine-tuned",
                f"{macs:.2f}x fewer MACs, {_ratio(faster)} faster, {slim.mean_test - large.mean_test:+.2f} points",
                "2.0x fewer MACs, 1.6x faster, -0.73 points",
                MIT,
            ),
        ),
        "Not the same experiment. There: VGG on CIFAR-10 (32 x 32 color images, 9.23 M parameters, accuracy 92.95 %), five epochs of\n"
        "fine-tuning, one run, time on a CPU, size counted as the weights that are not zero, without their positions. Here: Fashion-MNIST\n"
        "(28 x 28, grey), the mean of the recorded seeds, a teacher while fine-tuning, the bytes of the file. Easier data and a network\n"
        "that is generous for them can lose more: their figures give the scale, this is not a competition.",
        left=(0, 1, 2, 3),
    )


def lab_times(bench: Bench) -> Table:
    """What a student waits for."""
    paths = sorted(bench.labs.glob("[0-9][0-9]_*.ipynb"))
    runs = {path.stem: bench.run(path) for path in paths}
    load = f"{now[0]:.1f}" if (now := bench.load()) else "unknown"
    memory = {lab: f"{run.peak_bytes / 1e6:,.0f}" if run.peak_bytes else "not measured" for lab, run in runs.items()}
    return Table(
        "The labs from top to bottom",
        ("lab, nothing solved", "seconds on this machine", "peak memory of the kernel (MB)", "longest cell (s)", "which"),
        tuple((lab, f"{run.seconds:.0f}", memory[lab], f"{run.longest_s:.1f}", run.longest) for lab, run in runs.items()),
        "Each lab once, headless, one thread, the start of the kernel included. Seconds on this machine, with a load average of\n"
        f"{load} over the last minute when the last one ended (a lab is 1 of it): not a claim about other machines.",
        left=(0, 4),
    )


def _widest(ratios: list[Ratio]) -> Ratio:
    """The middle one of several sessions, with the range that holds all their intervals."""
    middle = sorted(ratio.median for ratio in ratios)[len(ratios) // 2]
    return Ratio(middle, min(ratio.low for ratio in ratios), max(ratio.high for ratio in ratios))


def _ratio(ratio: Ratio, same: bool = False) -> str:
    return "1 (reference)" if same else str(ratio)


def _parameters(bench: Bench) -> int:
    return sum(p.numel() for p in bench.networks[LARGE].parameters())


TABLES: list[Callable[[Bench], Table]] = [
    networks,
    in_onnx_runtime,
    two_by_two,
    sparse_format,
    bits_of_weights,
    int8_in_onnx_runtime,
    students,
    few_labels,
    pruned_and_quantized,
    on_a_page,
    on_a_microcontroller,
    on_the_wrist,
    heartbeats,
    motion_in_int8,
    examinations,
    lost_by_compression,
    anchors,
    lab_times,
]
