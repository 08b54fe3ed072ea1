"""What usual mistakes of lab 03 give: a judge that recognises one shows the hint that helps.

Each is a function of an exercise's inputs, by the name that a verdict is then about.
"""

from __future__ import annotations

import numpy as np

from utils.exercises.lab03.oracles import (
    attention,
    compared,
    cross_entropy,
    distilled,
    divergence,
    log_softmax,
    project,
    share_agreed,
    squared_error,
)


def _entropy(logits: np.ndarray, temperature: float) -> float:
    rows = [log_softmax(row) for row in logits.astype(float) / temperature]
    return float(np.mean([-(np.exp(row) * row).sum() for row in rows]))


DISTILLED = {
    "squared": lambda s, t, y, temperature, alpha: alpha * divergence(s, t, temperature) + (1 - alpha) * cross_entropy(s, y),
    "mean": lambda s, t, y, temperature, alpha: (
        alpha * temperature**2 * divergence(s, t, temperature) / s.shape[1] + (1 - alpha) * cross_entropy(s, y)
    ),
    "sum": lambda s, t, y, temperature, alpha: (
        alpha * temperature**2 * divergence(s, t, temperature) * len(s) + (1 - alpha) * cross_entropy(s, y)
    ),
    "entropy": lambda s, t, y, temperature, alpha: (
        distilled(s, t, y, temperature, alpha) + alpha * temperature**2 * _entropy(t, temperature)
    ),
    "direction": lambda s, t, y, temperature, alpha: (
        alpha * temperature**2 * divergence(t, s, temperature) + (1 - alpha) * cross_entropy(s, y)
    ),
    "swapped": lambda s, t, y, temperature, alpha: distilled(s, t, y, temperature, 1 - alpha),
    "hard": lambda s, t, y, temperature, alpha: (
        alpha * temperature**2 * divergence(s, t, temperature) + (1 - alpha) * cross_entropy(s / temperature, y)
    ),
    "weighted": lambda s, t, y, temperature, alpha: alpha * temperature**2 * divergence(s, t, temperature) + cross_entropy(s, y),
}

SQUARED = {
    "sum": lambda s, t, matrix: squared_error(s, t, matrix) * t.size / len(t),
    "root": lambda s, t, matrix: squared_error(s, t, matrix) ** 0.5,
    "magnitude": lambda s, t, matrix: float(np.abs(project(s, matrix) - t).mean()),
}


def _all(embeddings: np.ndarray) -> np.ndarray:
    """Every distance, also of each image to itself: (n, n)."""
    return np.linalg.norm(embeddings[:, None].astype(float) - embeddings[None].astype(float), axis=2)


def _pairs(embeddings: np.ndarray) -> np.ndarray:
    return _all(embeddings)[np.triu_indices(len(embeddings), 1)]


def _mean_of_one(values: np.ndarray) -> np.ndarray:
    return values / (values.mean() or 1.0)


RELATIONAL = {
    "scale": lambda s, t: compared(_pairs(s), _pairs(t)),
    "squares": lambda s, t: compared(_mean_of_one(_pairs(s) ** 2), _mean_of_one(_pairs(t) ** 2)),
    "diagonal": lambda s, t: compared(_mean_of_one(_all(s)), _mean_of_one(_all(t))),
    "twice": lambda s, t: float(np.mean((_mean_of_one(_pairs(s)) - _mean_of_one(_pairs(t))) ** 2)),
    "largest": lambda s, t: compared(_pairs(s) / (_pairs(s).max() or 1.0), _pairs(t) / (_pairs(t).max() or 1.0)),
}
FLOORED = {"floor": lambda s, t: compared(_mean_of_one(_pairs(s) + 1e-6), _mean_of_one(_pairs(t) + 1e-6))}


def _energies(feat: np.ndarray) -> np.ndarray:
    return (feat.astype(float) ** 2).sum(1).reshape(len(feat), -1)


ATTENTION = {
    "raw": _energies,
    "sum": lambda feat: _energies(feat) / np.maximum(_energies(feat).sum(1, keepdims=True), 1e-12),
    "batch": lambda feat: _energies(feat) / np.linalg.norm(_energies(feat)),
    "shape": lambda feat: attention(feat).reshape(len(feat), *feat.shape[2:]),
}

SHARE = {
    "percent": lambda s, t: 100 * share_agreed(s, t),
    "count": lambda s, t: len(s) * share_agreed(s, t),
}
