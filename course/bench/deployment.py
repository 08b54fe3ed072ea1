"""What one file does on each target: ONNX Runtime, C on a microcontroller, a web page; and what a watch learns. Labs 06 to 08."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from course.bench.bench import LARGE, SLIM, Bench
from course.bench.table import Table, each_seed
from utils.data import fashion_mnist
from utils.deploy import run_on_board, to_browser, to_c, to_int8_onnx, to_onnx
from utils.deploy.mcu import BOARDS, missing_tools
from utils.models import zoo
from utils.show import gain

WATCH = "motion_watch"
LEARNT = {
    "before": "nothing of them",
    "after": "60 s of their own, with rehearsal",
    "buffer_only": "control: the same steps on rehearsal alone",
    "stranger": "control: 60 s of another new person",
    "shuffled": "control: 60 s of their own, labels shuffled",
}
MICRO = "fashion_micro"
ON_BOARD = ("fashion_nano", "fashion_tiny", MICRO)
CALIBRATION, PHOTOS = 512, 1000  # of the training split, as the recipes have it; of the validation split


def _int8(bench: Bench, name: str, path: str | Path) -> Path:
    """The network of this name in static int8, in a file."""
    to_int8_onnx(bench.networks[name], None, path, fashion_mnist("train", CALIBRATION).images)
    return Path(path)


def pruned_and_quantized(bench: Bench) -> Table:
    """Two techniques, one file, against the large network in float32."""
    dense = zoo.record(LARGE)
    with tempfile.TemporaryDirectory(prefix="titans-bench-") as folder:
        files = {"dense": str(Path(folder) / "dense.onnx")}
        to_onnx(bench.networks[LARGE], bench.image, files["dense"])
        files |= {f"{name}_int8": str(_int8(bench, name, f"{folder}/{name}.onnx")) for name in (SLIM, MICRO)}
        timings = bench.time_files(files)
    rows = [(f"{LARGE}, float32", each_seed(dense.test), f"{dense.mean_test:.2f}", "reference", "1x", "1 (reference)")]
    for name in (f"{SLIM}_int8", f"{MICRO}_int8"):
        run = zoo.record(name)
        smaller = f"{dense.size_bytes[0] / run.size_bytes[0]:.1f}x"
        points = f"{run.mean_test - dense.mean_test:+.2f}"
        rows.append((name, each_seed(run.test), f"{run.mean_test:.2f}", points, smaller, str(timings.ratio("dense", name))))
    return Table(
        "Pruned, or small from the start, and quantized",
        ("network", "test accuracy of each seed (%)", "mean (%)", "points", "file, times smaller", "times faster [95 % interval]"),
        tuple(rows),
        "ONNX Runtime on both sides, one image, one thread, interleaved, in sessions as above; 10,000 test images. Below some ten\n"
        "microseconds the runtime's own work for each operation is most of the time, so the ratio grows less than the MACs fall.",
    )


def on_a_microcontroller(bench: Bench) -> Table:
    """The same files as C on an emulated Cortex-M4."""
    if missing := missing_tools():
        return Table(
            "On a Cortex-M4", ("network", "result"), tuple((name, "not measured") for name in ON_BOARD), " ".join(missing), left=(0, 1)
        )
    board, photos = BOARDS["cortex-m4"], fashion_mnist("validation", 20).images.numpy()
    rows = []
    for name in (name for name in ON_BOARD if name in bench.networks):
        with tempfile.TemporaryDirectory(prefix="titans-bench-") as folder:
            program = to_c(_int8(bench, name, f"{folder}/{name}.onnx"), f"{folder}/c")
            codes = program.network.codes(photos)
            run = run_on_board(program, codes)
            same = int((run.codes == program.network.run(codes)).all(axis=1).sum())
            macs, least, most = program.network.macs, *run.latency_ms
            figures = (run.sizes.flash_bytes, run.sizes.ram_bytes, macs, run.instructions_per_inference)
            rows.append(
                (
                    name,
                    *(f"{figure:,}" for figure in figures),
                    f"{run.instructions_per_inference / macs:.1f}",
                    f"{least:.0f} to {most:.0f}",
                    f"{same} of {len(codes)}",
                )
            )
    return Table(
        "On a Cortex-M4",
        (
            "network",
            "flash (bytes)",
            "RAM (bytes)",
            "MACs",
            "instructions",
            "instructions a MAC",
            "modelled time (ms)",
            "equal to Python, all codes",
        ),
        tuple(rows),
        "Integer C99, -O2, linked for the Cortex-M4 and run in an emulator (QEMU). Flash: weights, tables and code; RAM: arena and\n"
        "stack; both read from the linked image. Instructions are counted, not clocks: the milliseconds are a model, 1 to 2\n"
        f"clocks an instruction at {board.clock_hz / 1e6:.0f} MHz, both assumed.",
    )


def on_a_page(bench: Bench) -> Table:
    """The same files in a browser."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="titans-bench-") as folder:
        for name in (name for name in (SLIM, "fashion_small", MICRO) if name in bench.networks):
            to_onnx(bench.networks[name], bench.image, f"{folder}/float32.onnx")
            models = {"float32": Path(folder) / "float32.onnx", "int8": _int8(bench, name, f"{folder}/int8.onnx")}
            first, rates = bench.page(to_browser(models, f"{folder}/page", fashion_mnist("validation", PHOTOS)))
            rows += [(name, kind, f"{first:.0f}", f"{one.rate:.0f}", f"{one.median_ms:.2f}") for kind, one in rates.items()]
    return Table(
        "On a web page",
        ("network", "kind", "first answer after the request (ms)", "images a second", "median of the network alone (ms)"),
        tuple(rows),
        f"onnxruntime-web in headless Chromium, one thread, the page served from this machine, {PHOTOS:,} photos one by one; one visit\n"
        "a network. These are times on this machine, not ratios: a phone has others.",
        left=(0, 1),
    )


def on_the_wrist(bench: Bench) -> Table:
    """What sixty seconds of a person are worth, by the recorded folds."""
    files = [zoo.ZOO / WATCH / f"seed{seed}.json" for seed in zoo.recipe(WATCH)["seeds"]]
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    rows = []
    for key, what in LEARNT.items():
        seeds = [float(np.mean([person[key] for person in _people(run)])) for run in runs]
        gained = "reference" if key == "before" else str(gain(_by_person(runs, key), _by_person(runs, "before")))
        rows.append((what, each_seed(seeds), f"{np.mean(seeds):.2f}", gained))
    return Table(
        "People whom the network has never met",
        ("before the test", "accuracy of each seed (%)", "mean (%)", "points gained [95 % interval over people]"),
        tuple(rows),
        "Shoulder exercises from a smartwatch, ten people, five folds by person; every person is tested by networks that never met\n"
        "them. The last layer learns from 60 seconds of each. Interval: Student's, over the ten people, each averaged over seeds.",
    )


def _people(run: dict) -> list[dict]:
    return [person for fold in run["folds"] for person in fold["people"]]


def _by_person(runs: list[dict], key: str) -> list[float]:
    """A figure of each person, the mean over the seeds, in the order of the people."""
    people = [person for run in runs for person in _people(run)]
    names = sorted({person["person"] for person in people})
    return [float(np.mean([one[key] for one in people if one["person"] == name])) for name in names]
