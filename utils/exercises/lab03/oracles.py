"""What is right in lab 03, written slowly and from the definitions, in double precision.

None of it calls `utils.compress`: an error there would be judged right.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Of one image: the largest logit is taken off first, so that nothing overflows."""
    shifted = np.asarray(logits, dtype=float) - np.max(logits)
    return shifted - np.log(np.exp(shifted).sum())


def divergence(student: np.ndarray, teacher: np.ndarray, temperature: float) -> float:
    """KL(teacher || student) at a temperature, the mean over the images, class by class."""
    total = 0.0
    for s, t in zip(student.astype(float), teacher.astype(float), strict=True):
        log_q, log_p = log_softmax(s / temperature), log_softmax(t / temperature)
        total += sum(np.exp(p) * (p - q) for p, q in zip(log_p, log_q, strict=True))
    return float(total / len(student))


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean over the images of minus the logarithm of the label's probability."""
    return float(np.mean([-log_softmax(row)[label] for row, label in zip(logits, labels, strict=True)]))


def distilled(student: np.ndarray, teacher: np.ndarray, labels: np.ndarray, temperature: float, alpha: float) -> float:
    """Hinton et al. (2015): the two parts and their weights."""
    return alpha * temperature**2 * divergence(student, teacher, temperature) + (1 - alpha) * cross_entropy(student, labels)


def distilled_slope(student: np.ndarray, teacher: np.ndarray, labels: np.ndarray, temperature: float, alpha: float) -> np.ndarray:
    """Its gradient for the student's logits: differences of probabilities."""
    rows = []
    for s, t, label in zip(student.astype(float), teacher.astype(float), labels, strict=True):
        soft = temperature * (np.exp(log_softmax(s / temperature)) - np.exp(log_softmax(t / temperature)))
        hard = np.exp(log_softmax(s)) - (np.arange(len(s)) == label)
        rows.append((alpha * soft + (1 - alpha) * hard) / len(student))
    return np.array(rows)


def project(feat: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(n, in, ...) -> (n, out, ...), as the probe's projector."""
    return np.moveaxis(np.moveaxis(feat.astype(float), 1, -1) @ matrix.astype(float), -1, 1)


def squared_error(student: np.ndarray, teacher: np.ndarray, matrix: np.ndarray) -> float:
    """FitNets: the mean over all numbers."""
    return float(np.mean((project(student, matrix) - teacher) ** 2))


def _distances(embeddings: np.ndarray) -> np.ndarray:
    return np.array([np.sqrt(((a - b) ** 2).sum()) for a, b in combinations(embeddings.astype(float), 2)])


def compared(student: np.ndarray, teacher: np.ndarray) -> float:
    """Huber's loss with delta 1, the mean over the pairs."""
    off = np.abs(student - teacher)
    return float(np.mean(np.where(off <= 1, off**2 / 2, off - 0.5)))


def relational(student: np.ndarray, teacher: np.ndarray) -> float:
    """Park et al. (2019), distance-wise, pair by pair."""
    seen = [_distances(embeddings) for embeddings in (student, teacher)]
    return compared(*(distances / (distances.mean() or 1.0) for distances in seen))


def relational_of_nonzero(student: np.ndarray, teacher: np.ndarray) -> float:
    """Another reading: the distances are divided by the mean of those above zero."""
    seen = [_distances(embeddings) for embeddings in (student, teacher)]
    return compared(*(distances / distances[distances > 0].mean() for distances in seen))


def slope(loss: Callable[..., float], inputs: tuple[Any, ...], at: int, step: float = 1e-5) -> np.ndarray:
    """The gradient of a loss for its input number `at`, by central differences."""
    value = inputs[at].astype(float)
    found = np.zeros(value.shape)
    for place in np.ndindex(value.shape):
        moved = []
        for sign in (step, -step):
            other = value.copy()
            other[place] += sign
            moved.append(loss(*inputs[:at], other, *inputs[at + 1 :]))
        found[place] = (moved[0] - moved[1]) / (2 * step)
    return found


def attention(feat: np.ndarray) -> np.ndarray:
    """Place by place; a map of zeros has no direction and stays."""
    n, _, height, width = feat.shape
    maps = np.array([[(image[:, i, j].astype(float) ** 2).sum() for i in range(height) for j in range(width)] for image in feat])
    lengths = [np.sqrt((one**2).sum()) or 1.0 for one in maps]
    return (maps / np.reshape(lengths, (n, 1))).reshape(n, height * width)


def share_agreed(student: np.ndarray, teacher: np.ndarray) -> float:
    """Image by image."""
    return sum(int(np.argmax(s)) == int(np.argmax(t)) for s, t in zip(student, teacher, strict=True)) / len(student)
