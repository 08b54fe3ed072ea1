"""agreement: how often two networks predict the same class."""

import numpy as np
from torch import Tensor, from_numpy

from utils.compress import distillation
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs


def fraction_agreed(student: np.ndarray, teacher: np.ndarray) -> float:
    """Image by image."""
    return sum(int(np.argmax(s)) == int(np.argmax(t)) for s, t in zip(student, teacher, strict=True)) / len(student)


def _along_the_images(student: np.ndarray, teacher: np.ndarray) -> float:
    return float((student.argmax(0) == teacher.argmax(0)).mean())


_FIRST = ("Which class does a network predict?", "The one of the largest logit: argmax along axis 1. Compare, then take the mean.")
_OTHER = (
    "Do the logits have to be equal?",
    "Only the predicted class: the scale and the other logits may differ. And // cuts a fraction to 0.",
)
MISTAKES = (
    Mistake("in percent", lambda s, t: 100 * fraction_agreed(s, t), ("Between which numbers is a fraction?", "0 and 1: no factor of 100.")),
    Mistake("a count", lambda s, t: len(s) * fraction_agreed(s, t), ("Is this a fraction?", "Divide by the number of images.")),
    Mistake(
        "disagreement",
        lambda s, t: 1 - fraction_agreed(s, t),
        ("Is this agreement?", "Count where the classes are equal: ==, argmax of both."),
    ),
    Mistake("equal logits", lambda s, t: float(np.isclose(s, t).min(axis=1).mean()), _OTHER),
    Mistake("along the images", _along_the_images, _FIRST),
)
JUDGE = close_to(fraction_agreed, atol=1e-6)
STEPS = "argmax along axis 1 for both, compare, and take the mean of the comparison as float."


@exercise(distillation.agreement, points=1, minutes=5, core=False, judge=JUDGE, mistakes=MISTAKES, steps=STEPS)
def agreement(rng: Rng) -> Cases:
    """agreement(student_logits, teacher_logits) -> float between 0 and 1."""

    def choosing(*classes: int) -> Tensor:
        return normal(rng, len(classes), 4) + from_numpy(20 * np.eye(4, dtype=np.float32)[list(classes)])

    yield Case("three of five agree", (choosing(0, 3, 1, 2, 2), choosing(0, 3, 1, 1, 0)), weight=2, hints=_FIRST)
    teacher = choosing(*rng.integers(0, 4, 37))
    yield Case("the same choices, other logits", (3 * teacher + 1, teacher), hints=_OTHER)
    yield Case("never the same", (choosing(0, 1, 2, 3), choosing(1, 2, 3, 0)), hints=_FIRST)
    yield Case("a single image", (choosing(2), choosing(1)), hints=_FIRST)
    yield keeps_inputs(choosing(0, 1, 2, 3), choosing(0, 1, 3, 2))
