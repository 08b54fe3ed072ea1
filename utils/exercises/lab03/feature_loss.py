"""feature_loss: how far the student's projected features are from the teacher's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.compress import distillation
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses
from utils.exercises.lab03.gradients import DETACH, FLOW, sends, sends_the_teacher_nothing
from utils.exercises.lab03.oracles import slope


def _project(feat: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(n, in, ...) -> (n, out, ...), as the probe's projector."""
    return np.moveaxis(np.moveaxis(feat.astype(float), 1, -1) @ matrix.astype(float), -1, 1)


def squared_error(student: np.ndarray, teacher: np.ndarray, matrix: np.ndarray) -> float:
    """FitNets: the mean over all numbers."""
    return float(np.mean((_project(student, matrix) - teacher) ** 2))


def _with_a_matrix(made: Callable[..., float]) -> Callable[..., Tensor]:
    """The projector's matrix is what it makes of the unit vectors."""

    def wrong(student_feat: Tensor, teacher_feat: Tensor, projector: Callable[[Tensor], Tensor]) -> Tensor:
        distillation.feature_loss(student_feat, teacher_feat, projector)  # refuses
        matrix = projector(torch.eye(student_feat.shape[1]))
        return torch.tensor(made(*(tensor.detach().numpy() for tensor in (student_feat, teacher_feat, matrix))))

    return wrong


def _unit(student: np.ndarray, teacher: np.ndarray, matrix: np.ndarray) -> float:
    projected = _project(student, matrix)
    return float(np.mean((projected / np.linalg.norm(projected, axis=1, keepdims=True) - teacher) ** 2))


def _without(student: np.ndarray, teacher: np.ndarray, matrix: np.ndarray) -> float:
    return squared_error(student, teacher, np.eye(student.shape[1]) if matrix.shape[0] == matrix.shape[1] else matrix)


_MEAN = (
    "The squared differences of what, and the mean over what?",
    "projector(student_feat) - teacher_feat, squared; the mean over all numbers.",
)
_WIDER = ("Does a wider layer cost more?", "Take the mean over all numbers, not their sum, nor the sum for each image.")
_CALL = ("Do you call the projector?", "Always, also where the widths are equal.")
_LENGTH = ("Is anything divided by a length?", "No: compare the projected features as they are.")
MISTAKES = (
    Mistake("sum for each image", lambda s, t, matrix: squared_error(s, t, matrix) * t.size / len(t), _WIDER),
    Mistake("sum over all", lambda s, t, matrix: squared_error(s, t, matrix) * t.size, _WIDER),
    Mistake("root", lambda *given: squared_error(*given) ** 0.5, ("Is there a root in the docstring?", "No: the mean of the squares.")),
    Mistake(
        "magnitudes",
        lambda s, t, matrix: float(np.abs(_project(s, matrix) - t).mean()),
        ("Are these squares?", "Mean squared error: square the differences, do not take their magnitudes."),
    ),
    Mistake("unit length", _unit, _LENGTH),
    Mistake(
        "projects other widths only",
        _without,
        _CALL,
        "all but vectors of another width; feature maps; a perfect copy costs nothing; "
        "a single image; refuses another number of images; refuses another width; refuses as many numbers in another shape; "
        "leaves its inputs as they were",
    ),
)
JUDGE = close_to(squared_error)
STEPS = "Call the projector with the student's features. Compare the two shapes and refuse. Then F.mse_loss with teacher_feat.detach()."


@exercise(
    distillation.feature_loss, points=2, difficulty=2, judge=JUDGE, mistakes=MISTAKES, rtol=1e-3, answer_of=_with_a_matrix, steps=STEPS
)
def feature_loss(rng: Rng) -> Cases:
    """feature_loss(student_feat, teacher_feat, projector) -> scalar tensor."""

    def layers(n: int, narrow: int, wide: int, *place: int) -> tuple[Tensor, Tensor, Tensor]:
        return normal(rng, n, narrow, *place), normal(rng, n, wide, *place), normal(rng, narrow, wide, scale=0.5)

    whose = ("Whose features does the projector take?", "The student's: it gives them the teacher's shape, so that both can be compared.")
    called: dict[str, Any] = {"probe": "projected"}
    yield Case("vectors of another width", layers(6, 3, 5), weight=2, hints=_MEAN, hints_for={"error": whose}, **called)
    yield Case("feature maps", layers(2, 3, 4, 5, 6), hints=_MEAN, hints_for={"error": whose}, **called)
    yield Case("equal widths are projected too", layers(5, 4, 4), hints=_CALL, **called)
    student, _, matrix = layers(4, 3, 5)
    yield Case("a perfect copy costs nothing", (student, student @ matrix, matrix), hints=_MEAN, **called)
    yield Case("a single image", layers(1, 3, 5), hints=_MEAN, **called)
    way = ("Which way does the student's gradient go?", "Through the projector: no detach() and no no_grad() on that side.")
    pair: dict[str, Any] = {"probe": "projected_gradients", "hints_for": FLOW}
    yield Case("the student's gradient", layers(4, 3, 5), sends("student", lambda *x: slope(squared_error, x, 0)), hints=way, **pair)
    yield Case("the projector learns", layers(4, 3, 5), sends("matrix", lambda *x: slope(squared_error, x, 2)), hints=way, **pair)
    yield Case("no gradient for the teacher", layers(4, 3, 5), sends_the_teacher_nothing, hints=DETACH, **pair)
    n = int(rng.integers(4, 8))
    rows = (
        "What does (6, 5) minus (1, 5) give?",
        "Six rows minus the same row: torch broadcasts. Compare the two shapes and raise ValueError.",
    )
    columns = ("What does (6, 5) minus (6, 1) give?", "Each row minus one number: torch broadcasts. Compare the whole shapes.")
    numbers = (
        "What does (6, 1) minus (1, 6) give?",
        "A table of (6, 6): torch broadcasts. Compare the shapes, not how many numbers there are.",
    )
    one_image = (normal(rng, n, 3), normal(rng, 1, 5), normal(rng, 3, 5))
    yield refuses("another number of images", one_image, hints=rows, **called)
    yield refuses("another width", (normal(rng, n, 3), normal(rng, n, 1), normal(rng, 3, 5)), hints=columns, **called)
    turned = (normal(rng, n, 3), normal(rng, 1, n), normal(rng, 3, 1))
    yield refuses("as many numbers in another shape", turned, hints=numbers, **called)
    yield keeps_inputs(*layers(4, 3, 5), **called)
