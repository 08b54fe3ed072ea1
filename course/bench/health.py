"""What the networks of lab 11 find of heartbeats and movements: the recorded seeds."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from course.bench.bench import Bench
from course.bench.table import Table, each_seed
from utils.models import zoo

BEATS = {
    "ecg_large_plain": ("float32", "control: large, float32, each beat drawn once an epoch"),
    "ecg_large": ("float32", "large, float32, rare beats drawn more often"),
    "ecg_tiny_plain": ("int8", "control: small, int8, each beat drawn once an epoch"),
    "ecg_tiny": ("int8", "small, int8, rare beats drawn more often"),
}
BINARY = "ecg_binary"
MOTION = {"watch": "shoulder exercises, watch, 10 people", "hapt": "activities, phone, 30 people"}


def heartbeats(bench: Bench) -> Table:
    """Accuracy, balanced recall and the recall of rare beats on the official test split."""
    rows = [_of_beats(what, _runs(name), kind) for name, (kind, what) in BEATS.items()]
    runs = _runs(BINARY)
    size = max(run["int8"]["bytes"] for run in runs)
    rows.append(("normal or abnormal, int8", *_seeds(runs, lambda run: run["int8"]["accuracy"]), "two classes", "two classes", f"{size:,}"))
    return Table(
        "Heartbeats of one patient",
        ("network", "accuracy of each seed (%)", "mean (%)", "balanced recall (%)", "rare beats found (%)", "file (bytes)"),
        tuple(rows),
        "ECG5000, 500 beats to train, 4,500 to test, five classes, official split; 283 test beats of three rare classes. Recalls: each\n"
        "seed, then the mean. Anchor: InceptionTime (Ismail Fawaz et al., 2020) has an accuracy of 94.1 % and a balanced recall of\n"
        "57.6 % on this split. One patient: these figures say nothing about another heart.",
    )


def motion_in_int8(bench: Bench) -> Table:
    """Small networks for motion, judged by people whom they have never met."""
    rows = []
    for data, what in MOTION.items():
        large, small = _runs(f"motion_{data}"), _runs(f"motion_{data}_small")
        rows.append((f"{what}: large, float32", *_seeds(large, lambda run: run["test"]), f"{max(run['bytes'] for run in large):,}"))
        rows.append((f"{what}: small, float32", *_seeds(small, lambda run: run["test"]), f"{max(run['bytes'] for run in small):,}"))
        bytes_int8 = f"{max(run['int8_bytes'] for run in small):,}"
        rows.append((f"{what}: small, int8", *_seeds(small, lambda run: run["int8_test"]), bytes_int8))
    return Table(
        "Motion by unseen people in int8",
        ("network", "accuracy of each seed (%)", "mean (%)", "file (bytes)"),
        tuple(rows),
        "Five folds by person: everybody is tested once, by a network that was trained on others. The mean is over people.",
    )


def _of_beats(what: str, runs: list[dict], kind: str) -> tuple[str, ...]:
    size = max(run[kind].get("bytes", run["bytes"]) for run in runs)
    recalls = (", mean ".join(_of([run[kind][key] for run in runs])) for key in ("balanced", "rare"))
    return (what, *_seeds(runs, lambda run: run[kind]["accuracy"]), *recalls, f"{size:,}")


def _seeds(runs: list[dict], of: Callable[[dict], float]) -> tuple[str, str]:
    """A figure of each seed, and its mean."""
    return _of([of(run) for run in runs])


def _of(values: list[float]) -> tuple[str, str]:
    return each_seed(values), f"{np.mean(values):.2f}"


def _runs(name: str) -> list[dict]:
    files = [zoo.ZOO / name / f"seed{seed}.json" for seed in zoo.recipe(name)["seeds"]]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]
