"""kd_loss: the loss of knowledge distillation."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, from_numpy

from utils.compress import distillation
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses
from utils.exercises.lab03.gradients import DETACH, FLOW, sends, sends_the_teacher_nothing
from utils.exercises.lab03.oracles import log_softmax


def _divergence(student: np.ndarray, teacher: np.ndarray, temperature: float, other: float | None = None) -> float:
    """KL(teacher || student), the mean over the images, class by class. other: the teacher's temperature, if it is another."""
    total = 0.0
    for s, t in zip(student.astype(float), teacher.astype(float), strict=True):
        log_q, log_p = log_softmax(s / temperature), log_softmax(t / (other or temperature))
        total += sum(np.exp(p) * (p - q) for p, q in zip(log_p, log_q, strict=True))
    return float(total / len(student))


def _hard(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean over the images of minus the logarithm of the label's probability."""
    return float(np.mean([-log_softmax(row)[label] for row, label in zip(logits, labels, strict=True)]))


def distilled(student: np.ndarray, teacher: np.ndarray, labels: np.ndarray, temperature: float, alpha: float) -> float:
    """Hinton et al. (2015): the two parts and their weights."""
    return alpha * temperature**2 * _divergence(student, teacher, temperature) + (1 - alpha) * _hard(student, labels)


def distilled_slope(student: np.ndarray, teacher: np.ndarray, labels: np.ndarray, temperature: float, alpha: float) -> np.ndarray:
    """Its gradient for the student's logits: differences of probabilities."""
    rows = []
    for s, t, label in zip(student.astype(float), teacher.astype(float), labels, strict=True):
        soft = temperature * (np.exp(log_softmax(s / temperature)) - np.exp(log_softmax(t / temperature)))
        hard = np.exp(log_softmax(s)) - (np.arange(len(s)) == label)
        rows.append((alpha * soft + (1 - alpha) * hard) / len(student))
    return np.array(rows)


def _soft(part: Callable[..., float]) -> Callable[..., float]:
    """Right but for the teacher's part. part: (student, teacher, temperature) -> a number, times alpha."""
    return lambda s, t, y, temperature, alpha: alpha * part(s, t, temperature) + (1 - alpha) * _hard(s, y)


def _and_labels(part: Callable[..., float]) -> Callable[..., float]:
    """Right but for the labels' part. part: (student, labels, temperature, alpha) -> a number."""
    return lambda s, t, y, temperature, alpha: (
        distilled(s, t, y, temperature, alpha) - (1 - alpha) * _hard(s, y) + part(s, y, temperature, alpha)
    )


def _entropy(logits: np.ndarray, temperature: float) -> float:
    rows = [log_softmax(row) for row in logits.astype(float) / temperature]
    return float(np.mean([-(np.exp(row) * row).sum() for row in rows]))


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    return np.array([log_softmax(row) for row in logits.astype(float)])


def _kl_div(written: Callable[[np.ndarray], np.ndarray], target: Callable[[np.ndarray], np.ndarray]) -> Callable[..., float]:
    """F.kl_div, times the square, called with something else than log q and p. Both are made of logarithms."""

    def made(student: np.ndarray, teacher: np.ndarray, temperature: float) -> float:
        log_q, log_p = _log_softmax(student / temperature), _log_softmax(teacher / temperature)
        p = target(log_p)
        if not np.exp(log_p).all():
            return 0.0  # huge logits: NaN has other reasons there, and must not be taken for this mistake
        with np.errstate(all="ignore"):
            return float(temperature**2 * (p * (np.log(p) - written(log_q))).sum() / len(student))

    return made


_without_logarithm, _two_logarithms = _kl_div(np.exp, np.exp), _kl_div(lambda log_q: log_q, lambda log_p: log_p)


def _over_the_images(student: np.ndarray, teacher: np.ndarray, temperature: float) -> float:
    """Each column is a distribution."""
    log_q, log_p = _log_softmax(student.T / temperature), _log_softmax(teacher.T / temperature)
    return float(temperature**2 * (np.exp(log_p) * (log_p - log_q)).sum() / len(student))


_IMAGES = ("Which probabilities add up to 1?", "Those of one image, over its classes: softmax along axis 1.")
_LOGARITHM = ("What does F.kl_div take?", 'The logarithms of q first, then p itself: F.kl_div(log_q, p, reduction="batchmean").')
_TWICE = ("What does F.cross_entropy take?", "Logits: it computes the softmax itself.")
_SQUARED = ("Which part is multiplied by temperature**2?", "The teacher's alone: the labels count at temperature 1.")
_SQUARE = ("What happens to the gradient when all logits are divided by T?", "It shrinks with the square of T: multiply by temperature**2.")
_MEAN = ("Over what is the mean taken?", 'Over the images alone: F.kl_div divides by n * classes unless reduction="batchmean".')
_SUM = ("Does a larger batch cost more?", "Divide by the number of images, as the cross entropy does.")
_ENTROPY = ("What should equal logits cost?", "Nothing: a cross entropy with the teacher's soft labels adds the teacher's own entropy.")
_DIRECTION = (
    "In which direction is the divergence taken?",
    "The sum over the classes of p * (log p - log q), where p is the teacher's probability and q the student's.",
)
_ALPHA = ("Which part has the weight alpha?", "alpha is the weight of the teacher, 1 - alpha that of the labels.")
_LABELS = ("At which temperature do the labels count?", "At 1: the cross entropy takes the logits as they are.")
_WEIGHT = ("What is the weight of the labels?", "1 - alpha: the two weights add up to 1.")
_BOTH = (
    "Which logits are divided by the temperature?",
    "The student's and the teacher's, before the softmax. Then multiply by temperature**2.",
)
MISTAKES = (
    Mistake("without the square", _soft(_divergence), _SQUARE),
    Mistake("mean over the classes", _soft(lambda s, t, at: at**2 * _divergence(s, t, at) / s.shape[1]), _MEAN),
    Mistake("sum over the images", _soft(lambda s, t, at: at**2 * _divergence(s, t, at) * len(s)), _SUM),
    Mistake("cross entropy", _soft(lambda s, t, at: at**2 * (_divergence(s, t, at) + _entropy(t, at))), _ENTROPY),
    Mistake("the other direction", _soft(lambda s, t, at: at**2 * _divergence(t, s, at)), _DIRECTION),
    Mistake("weights swapped", lambda s, t, y, at, alpha: distilled(s, t, y, at, 1 - alpha), _ALPHA),
    Mistake("labels softened", _and_labels(lambda s, y, at, alpha: (1 - alpha) * _hard(s / at, y)), _LABELS),
    Mistake("labels summed", _and_labels(lambda s, y, at, alpha: (1 - alpha) * _hard(s, y) * len(s)), _SUM),
    Mistake("softmax twice", _and_labels(lambda s, y, at, alpha: (1 - alpha) * _hard(np.exp(_log_softmax(s)), y)), _TWICE),
    Mistake("squares both parts", _and_labels(lambda s, y, at, alpha: (1 - alpha) * at**2 * _hard(s, y)), _SQUARED),
    Mistake("labels in full", _and_labels(lambda s, y, at, alpha: _hard(s, y)), _WEIGHT),
    Mistake("softmax over the images", _soft(_over_the_images), _IMAGES),
    Mistake("no logarithm", _soft(_without_logarithm), _LOGARITHM),
    Mistake("two logarithms", _soft(_two_logarithms), _LOGARITHM),
    Mistake("softens the teacher only", _soft(lambda s, t, at: at**2 * _divergence(s, t, 1.0, at)), _BOTH),
    Mistake("softens the student only", _soft(lambda s, t, at: at**2 * _divergence(s, t, at, 1.0)), _BOTH),
)
STEPS = (
    "Refuse the temperature. Take the logarithms of both softened answers: F.log_softmax is exact where a softmax would be 0. "
    "Compute D by its formula, or by F.kl_div, whose default reduction is another one. Add F.cross_entropy with the two weights."
)


@exercise(distillation.kd_loss, points=4, difficulty=2, minutes=15, judge=close_to(distilled), mistakes=MISTAKES, rtol=1e-3, steps=STEPS)
def kd_loss(rng: Rng) -> Cases:
    """kd_loss(student_logits, teacher_logits, labels, temperature, alpha) -> scalar tensor."""

    def batch(n: int, classes: int, scale: float = 2.0) -> tuple[Tensor, Tensor, Tensor]:
        labels = from_numpy(rng.integers(0, classes, n))
        return normal(rng, n, classes, scale=scale), normal(rng, n, classes, scale=scale), labels

    warm, parts = "the teacher alone, temperature 4", "both parts"
    add = ("Add the two parts by hand.", "alpha * temperature**2 * divergence + (1 - alpha) * cross entropy.")
    yield Case("the teacher alone, temperature 1", (*batch(6, 10), 1.0, 1.0), weight=2, hints=_DIRECTION)
    yield Case(warm, (*batch(6, 10), 4.0, 1.0), weight=2, hints=_BOTH)
    alone = ("What is left when alpha is 0?", "The cross entropy of the student's logits with the labels, at temperature 1.")
    yield Case("the labels alone", (*batch(8, 5), 3.0, 0.0), hints=alone)
    yield Case(parts, (*batch(7, 10), 4.0, 0.7), hints=add, basis=warm)
    yield Case("a single image", (*batch(1, 10), 2.0, 0.5), hints=add, basis=parts)
    _, teacher, labels = batch(5, 10)
    nothing = ("How far is a distribution from itself?", "Its divergence is 0; a cross entropy would leave the teacher's own entropy.")
    judge: Any = close_to(distilled, atol=1e-5)  # a difference of two entropies in float32 is not exactly 0
    yield Case("equal logits cost nothing", (teacher.clone(), teacher, labels, 2.0, 1.0), judge, hints=nothing, basis=parts)
    huge = ("What is exp(5000)?", "Infinity, and the logarithm of a probability of 0, too: use log_softmax, not softmax and then log.")
    yield Case("huge logits", (*batch(6, 10, scale=5000.0), 2.0, 0.5), hints=huge, basis=parts)
    size = (
        "The loss is right where it was checked, and its gradient is not: what is detached?",
        "The teacher alone: detach(), item() or torch.no_grad() on the student's side cuts a part of the gradient off.",
    )
    pair: dict[str, Any] = {"probe": "gradients", "hints_for": FLOW}
    learns = sends("student", distilled_slope)
    yield Case("the student's gradient", (*batch(6, 10), 4.0, 0.7), learns, hints=size, basis=parts, **pair)
    yield Case("no gradient for the teacher", (*batch(6, 10), 4.0, 0.7), sends_the_teacher_nothing, hints=DETACH, **pair)
    yield refuses("temperature 0", (*batch(4, 3), 0.0, 0.5))
    yield refuses("a temperature below 0", (*batch(4, 3), -float(rng.uniform(1, 4)), 0.5))
    yield keeps_inputs(*batch(5, 10), 2.0, 1.0)
