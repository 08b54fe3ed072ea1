"""forgetting: how much of the earlier tasks is lost."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, from_numpy, full, tensor, zeros

from utils import adapt
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses


def best_of(matrix: np.ndarray, k: int) -> float:
    """Of task k, in the stages from its own to the last but one."""
    return max(float(matrix[t][k]) for t in range(k, len(matrix) - 1))


def forgotten(matrix: np.ndarray, best: Callable[[np.ndarray, int], float] = best_of) -> float:
    """Chaudhry et al. (2018): from the best since the task was learned to what is left, the mean over the earlier tasks."""
    last = len(matrix) - 1
    return float(np.mean([best(matrix, k) - matrix[last][k] for k in range(last)]))


def _best(best: Callable[[np.ndarray, int], float]) -> Callable[[np.ndarray], float]:
    return lambda matrix: forgotten(matrix, best)


def _of_column(matrix: np.ndarray, k: int) -> float:
    return float(matrix[:-1, k].max())


_TASK = (
    "Take one task. What was its best accuracy, and what is left?",
    "The largest of its column, from the row in which it was learned to the last but one; minus the last row.",
)
_LEARNED = (
    "When was a task known best?",
    "Not always right after it was learned: take the best of the stages from then on, without the last.",
)
_FIRST = ("When was a task known best?", "Not before it was learned: take the largest of its column from row k on, without the last row.")
_NOW = (
    "Can the last stage be the best one?",
    "Then no difference would be below 0. Take the best of the stages before it, and clamp nothing at 0.",
)
_BELOW = ("What if the last stage is the best?", "Then forgetting is below 0, and that is right: later tasks helped.")
_NAN = ("What is the maximum of NaN and 80?", "NaN in torch, and either in Python: leave out what is above the diagonal.")
_FEWER = ("How many tasks can have been forgotten?", "Those before the last: the mean is over T - 1 tasks.")
_MEAN = ("Is this a mean?", "Divide by the number of tasks that counted, T - 1.")
_SIGN = ("Is it forgetting when the number is below 0?", "Best minus last: what was lost is positive.")
_ROW = ("What is a row of the matrix, and what a column?", "matrix[t][k]: a row is a stage, a column a task. Go down a column.")
MISTAKES = (
    Mistake("divided by all tasks", lambda matrix: forgotten(matrix) * (len(matrix) - 1) / len(matrix), _FEWER),
    Mistake("the sum", lambda matrix: forgotten(matrix) * (len(matrix) - 1), _MEAN),
    Mistake("from the diagonal", _best(lambda matrix, k: matrix[k, k]), _LEARNED, "a task that was best later"),
    Mistake(
        "zeros above", lambda matrix: _best(_of_column)(matrix * np.tril(np.ones_like(matrix))), _NAN, "later tasks are not measured yet"
    ),
    Mistake("from the first stage", _best(lambda matrix, k: matrix[0, k]), _FIRST),
    Mistake("from any stage", _best(_of_column), _FIRST),
    Mistake("the other sign", lambda matrix: -forgotten(matrix), _SIGN),
    Mistake("along rows", lambda matrix: forgotten(matrix.T), _ROW),
    Mistake("never below 0", lambda matrix: max(0.0, forgotten(matrix)), _BELOW, "later tasks helped"),
    Mistake("the last stage too", _best(lambda matrix, k: matrix[k:, k].max()), _NOW, "one task helped, one hurt; later tasks helped"),
)
STEPS = (
    "Refuse fewer than two tasks; for each task k but the last take the largest of matrix[k:-1, k], minus matrix[-1, k]; return the mean."
)


def _stages(rng: Rng, count: int) -> Tensor:
    """Accuracies that fall from stage to stage, in percent: every task is known best when it was learned."""
    fall = np.abs(rng.normal(4, 1, size=(count, count))).cumsum(0)
    return from_numpy((95 - fall - np.triu(np.full((count, count), 40.0), 1)).astype(np.float32))


@exercise(
    adapt.forgetting, points=2, difficulty=1, minutes=10, core=False, judge=close_to(forgotten, atol=1e-4), mistakes=MISTAKES, steps=STEPS
)
def forgetting(rng: Rng) -> Cases:
    """forgetting(matrix) -> float."""
    yield Case("four tasks", (_stages(rng, 4),), weight=2, hints=_TASK)
    yield Case("two tasks", (_stages(rng, 2),), hints=_TASK)
    later, earlier, unmeasured = _stages(rng, 4), _stages(rng, 4), _stages(rng, 4)
    later[2, 0] = 99  # better than when it was learned
    yield Case("a task that was best later", (later,), hints=_LEARNED)
    earlier[0, 1] = 98  # better than when it was learned
    luck = ("Can a task be forgotten that was never learned?", "It can't: its column counts from row k on, where task k was learned.")
    yield Case("a task that was easy before it was learned", (earlier,), hints=luck)
    unmeasured[np.triu_indices(4, 1)] = torch.nan
    yield Case("later tasks are not measured yet", (unmeasured,), hints=_NAN)
    gains, mixed = _stages(rng, 3), _stages(rng, 3)
    gains[-1, :-1] = gains[:-1, :-1].max(0).values + tensor([2.0, 3.0])
    mixed[-1, 0] = mixed[0, 0] + 0.5
    yield Case("one task helped, one hurt", (mixed,), hints=_BELOW)
    yield Case("later tasks helped", (gains,), hints=_BELOW)
    yield Case("nothing is forgotten", (full((3, 3), float(rng.uniform(60, 90))),), hints=_TASK)
    yield refuses("a single task", (full((1, 1), float(rng.uniform(60, 90))),))
    yield refuses("no task", (zeros(0, 0),))
    yield keeps_inputs(_stages(rng, 3), name="leaves the matrix as it was")
