"""What the networks of lab 13 make of medical examinations: the recorded seeds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from course.bench.bench import Bench
from course.bench.table import Table
from utils.data import dermoscopy_ceiling
from utils.models import zoo

NETWORKS = {  # name -> which of its files, in words
    "dermoscopy_large": ("float32", "synthetic lesions: large, float32"),
    "dermoscopy_plain": ("float32", "control: the large network without augmentation"),
    "dermoscopy_tiny": ("int8", "synthetic lesions: small, int8"),
    "contours_large": ("float32", "outlines of bones: large, float32"),
    "contours_tiny": ("int8", "outlines of bones: small, int8"),
    "biopsies_large": ("float32", "biopsies: large, float32"),
    "biopsies_tiny": ("int8", "biopsies: small, int8"),
    "pneumonia_tiny": ("int8", "PneumoniaMNIST, validation split: small, int8"),
}
PAIRS = {"synthetic lesions": "dermoscopy", "outlines of bones": "contours", "biopsies": "biopsies"}
TONES = "dermoscopy"


def examinations(bench: Bench) -> Table:
    """AUC, sensitivity and calibration of each network, seed by seed."""
    rows = []
    for name, (kind, what) in NETWORKS.items():
        runs = _runs(name)
        size = max(run[kind].get("bytes", run["bytes"]) for run in runs)
        figures = [run[kind] for run in runs]
        shown = (
            _with_interval(figures, "auc", 3, 1),
            _with_interval(figures, "sensitivity", 1, 100),
            _each(figures, "ece", 1, 100),
            _with_interval(figures, "ece_scaled", 1, 100),
        )
        rows.append((what, *shown, f"{size:,}"))
    return Table(
        "Medical examinations",
        ("network", "AUC", "sensitivity (%)", "ECE (%)", "ECE after scaling (%)", "file (bytes)"),
        tuple(rows),
        "Each seed, and in brackets the 95 % bootstrap interval of the first one, drawn within each class. Sensitivity at the\n"
        "threshold that leaves 90 % of the healthy validation cases alone. ECE: expected calibration error of the probability of the\n"
        "finding, 15 bins of equal width, before and after the temperature that was fitted on validation data. Drawing cases again\n"
        "adds chance to each bin, so an ECE's interval lies too high and may leave the figure itself out. Synthetic lesions have\n"
        f"no clinical meaning; an ideal observer of what the generator drew reaches an AUC of {dermoscopy_ceiling():.3f}. PneumoniaMNIST:\n"
        "thresholds, temperatures and choices come from a held-out fifth of its training split; neither its data nor a network trained\n"
        "on it is part of the course.\n"
        "These networks are not medical devices.",
    )


def lost_by_compression(bench: Bench) -> Table:
    """What the small int8 network lost against the same seed of the large one, case by case, and what it lost by skin tone."""
    rows: list[tuple[str, ...]] = []
    for what, data in PAIRS.items():
        large, small = _runs(f"{data}_large"), _runs(f"{data}_tiny")
        lost = [run["lost_int8"] for run in small]
        times = min(run["bytes"] for run in large) / max(run["int8"]["bytes"] for run in small)
        rows.append((what, _with_interval(lost, "auc", 2, 1), _with_interval(lost, "sensitivity", 1, 1), f"{times:.0f}x"))
    large, small = _runs(f"{TONES}_large"), _runs(f"{TONES}_tiny")
    for tone in large[0]["float32"]["groups"]:
        columns = []
        for key, digits in (("auc", 2), ("sensitivity", 1)):
            pairs = zip(large, small, strict=True)
            gone = [100 * (one["float32"]["groups"][tone][key] - two["int8"]["groups"][tone][key]) for one, two in pairs]
            columns.append(" / ".join(f"{value:.{digits}f}" for value in gone) + f", mean {np.mean(gone):.{digits}f}")
        rows.append((f"synthetic lesions, {tone} skin only", *columns, "as above"))
    return Table(
        "What compression took from medical examinations",
        ("data", "AUC lost (points)", "sensitivity lost (points)", "file, times smaller"),
        tuple(rows),
        "Large in float32 against small in int8, both asked about the same test cases: each seed, and in brackets the 95 % bootstrap\n"
        "interval of the first one. A negative figure is a gain. The large file is the checkpoint, the small one the .onnx file.",
    )


def _with_interval(figures: list[dict[str, Any]], key: str, digits: int, factor: float) -> str:
    low, high = (f"{factor * bound:.{digits}f}" for bound in figures[0][f"{key}_interval"])
    return f"{_each(figures, key, digits, factor)} [{low}, {high}]"


def _each(figures: list[dict[str, Any]], key: str, digits: int, factor: float) -> str:
    return " / ".join(f"{factor * one[key]:.{digits}f}" for one in figures)


def _runs(name: str) -> list[dict]:
    files = [zoo.ZOO / name / f"seed{seed}.json" for seed in zoo.recipe(name)["seeds"]]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]
