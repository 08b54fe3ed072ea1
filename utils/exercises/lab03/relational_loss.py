"""relational_loss: how differently two networks see which images are close."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import cat, zeros

from utils.compress import distillation
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, close_to, exercise, keeps_inputs
from utils.exercises.lab03.gradients import DETACH, FLOW, sends, sends_finite, sends_the_teacher_nothing
from utils.exercises.lab03.oracles import slope


def _all(embeddings: np.ndarray) -> np.ndarray:
    """Every distance, also of each image to itself: (n, n)."""
    return np.linalg.norm(embeddings[:, None].astype(float) - embeddings[None].astype(float), axis=2)


def _pairs(embeddings: np.ndarray) -> np.ndarray:
    return _all(embeddings)[np.triu_indices(len(embeddings), 1)]


def _half(embeddings: np.ndarray) -> np.ndarray:
    """The pairs, and each image with itself."""
    return _all(embeddings)[np.triu_indices(len(embeddings))]


def _mean_of_one(values: np.ndarray) -> np.ndarray:
    return values / (values.mean() or 1.0)


def _huber(student: np.ndarray, teacher: np.ndarray) -> float:
    """Delta 1, the mean over the pairs."""
    off = np.abs(student - teacher)
    return float(np.mean(np.where(off <= 1, off**2 / 2, off - 0.5)))


def _comparing(seen: Callable[[np.ndarray], np.ndarray], loss: Callable[..., float] = _huber) -> Callable[..., float]:
    """seen: embeddings -> what is compared."""
    return lambda student, teacher: loss(seen(student), seen(teacher))


def relational(student: np.ndarray, teacher: np.ndarray) -> float:
    """Park et al. (2019), distance-wise."""
    return _huber(_mean_of_one(_pairs(student)), _mean_of_one(_pairs(teacher)))


def _of_nonzero(embeddings: np.ndarray) -> np.ndarray:
    """Another reading: the distances are divided by the mean of those above zero."""
    return _pairs(embeddings) / _pairs(embeddings)[_pairs(embeddings) > 0].mean()


def lenient(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Either reading of the mean."""
    verdict = close_to(relational)(answer, inputs)
    also = close_to(_comparing(_of_nonzero))(answer, inputs).passed
    return Verdict(True, verdict.expected, verdict.expected) if also else verdict


_STEPS = (
    "Print the distances of three images, on paper and by your function.",
    "All pairs i < j; divide by their mean, for each network by its own; then Huber with delta 1, the mean over the pairs.",
)
_SCALE = ("What if one network's features are ten times larger?", "Divide its distances by their mean, each network's by its own.")
_SQUARES = ("Are these distances, or their squares?", "The Euclidean distance has a root.")
_DIAGONAL = (
    "How far is an image from itself?",
    "Only pairs of two different images count: leave the zeros of the diagonal out of both means.",
)
_MEAN = ("Do more images cost more?", "The loss is a mean over the pairs, not a sum.")
_HALF = ("What is the Huber loss below delta?", "Half of the square.")
_LARGEST = ("By what are the distances divided?", "By their mean, not by the largest.")
_HUBER = ("Which loss grows slower than the square?", "The Huber loss: half the square up to 1, then the difference minus one half.")
_FLOOR = (
    "All distances of one network are 0 here. What are yours, after the division?",
    "1: a small number under the root makes them equal and above 0. torch.pdist leaves a 0 as it is, with a finite slope.",
)
MISTAKES = (
    Mistake("not divided", _comparing(_pairs), _SCALE),
    Mistake("squared distances", _comparing(lambda points: _mean_of_one(_pairs(points) ** 2)), _SQUARES),
    Mistake("with the diagonal", _comparing(lambda points: _mean_of_one(_all(points))), _DIAGONAL),
    Mistake("with the diagonal in the last mean", lambda s, t: relational(s, t) * (len(s) - 1) / len(s), _DIAGONAL),
    Mistake("with each image once", lambda s, t: _comparing(lambda points: _mean_of_one(_half(points)))(s, t), _DIAGONAL),
    Mistake("a sum", lambda s, t: relational(s, t) * len(_pairs(s)), _MEAN),
    Mistake("the whole square", _comparing(lambda points: _mean_of_one(_pairs(points)), lambda s, t: float(np.mean((s - t) ** 2))), _HALF),
    Mistake("by the largest", _comparing(lambda points: _pairs(points) / (_pairs(points).max() or 1.0)), _LARGEST),
    Mistake("half the square", _comparing(lambda x: _mean_of_one(_pairs(x)), lambda s, t: float(np.mean((s - t) ** 2) / 2)), _HUBER),
    Mistake("a small number under the root", _comparing(lambda points: _mean_of_one(_pairs(points) + 1e-6)), _FLOOR),
)
STEPS = (
    "Distances of the pairs: torch.pdist gives each pair once and has a finite slope at 0. Divide by the mean, bounded from below. "
    "Then F.huber_loss."
)


@exercise(
    distillation.relational_loss, points=4, difficulty=3, minutes=15, judge=close_to(relational), mistakes=MISTAKES, rtol=1e-3, steps=STEPS
)
def relational_loss(rng: Rng) -> Cases:
    """relational_loss(student_emb, teacher_emb) -> scalar tensor."""
    yield Case("pairs of five images", (normal(rng, 5, 16), normal(rng, 5, 16)), weight=2, hints=_STEPS)
    yield Case("spaces of other widths", (normal(rng, 6, 12), normal(rng, 6, 30)), hints=_STEPS)
    student = normal(rng, 6, 5)
    yield Case("equal up to scale costs nothing", (student, cat([zeros(6, 2), 50 * student + 3], 1)), hints=_SCALE)
    apart = normal(rng, 8, 4, scale=0.01)
    apart[int(rng.integers(8))] += 40
    yield Case("one far image counts linearly", (apart, normal(rng, 8, 16)), hints=_HUBER)
    pair = ("How many pairs are there of two images?", "One, and divided by their mean all distances are 1.")
    yield Case("two images", (normal(rng, 2, 3), normal(rng, 2, 4)), hints=pair)
    teacher, twins = normal(rng, 6, 16), normal(rng, 6, 16)
    teacher[1] = teacher[0] + 0.1 * teacher[1]
    twins[1] = twins[0]
    zero = ("How far apart are two equal embeddings?", "Their distance is 0, and that pair counts like any other.")
    yield Case("two equal embeddings", (twins, teacher), lenient, hints=zero)
    collapsed = ("What is the mean of distances that are all 0?", "0, and 0 / 0 is NaN: bound the mean from below before you divide.")
    same = float(rng.uniform(0.2, 0.8))
    yield Case("a student that sees all as one", (zeros(5, 8) + same, normal(rng, 5, 3)), hints=collapsed)
    yield Case("a teacher that sees all as one", (normal(rng, 5, 8), zeros(5, 3) - same), hints=collapsed)
    root = (
        "Is there NaN in your gradient? If not: is a part of the student's side detached?",
        "The slope of a square root is infinite at 0: take the root of pairs i < j only, or use torch.pdist. "
        "The mean of the distances depends on the student, too: no detach() there.",
    )
    equal = ("What is the slope of a square root at 0?", "Infinite: keep equal pairs out of it, or use torch.pdist, with a slope of 0.")
    both: dict[str, Any] = {"probe": "gradients", "hints_for": FLOW}
    networks = (normal(rng, 5, 8), normal(rng, 5, 12))
    yield Case("the student's gradient", networks, sends("student", lambda *x: slope(relational, x, 0)), hints=root, **both)
    yield Case("no gradient for the teacher", networks, sends_the_teacher_nothing, hints=DETACH, **both)
    yield Case("equal embeddings, finite gradient", (twins, teacher), sends_finite, hints=equal, **both)
    yield keeps_inputs(*networks)
