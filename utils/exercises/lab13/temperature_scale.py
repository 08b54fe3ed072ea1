"""temperature_scale: one number that makes a network as sure as it is right (Guo et al., 2017)."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses


def softened(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, classes) at this temperature."""
    scaled = logits.astype(np.float64) / temperature
    exponents = np.exp(scaled - scaled.max(1, keepdims=True))
    return exponents / exponents.sum(1, keepdims=True)


def _root(falls_with: Callable[[float], float]) -> float:
    """Where a function of the temperature that falls from above 0 to below 0 crosses it, by halving the interval of log T."""
    low, high = np.log(1e-3), np.log(1e3)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falls_with(np.exp(middle)) > 0 else (low, middle)
    return float(np.exp((low + high) / 2))


def _of_label(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return values[np.arange(len(labels)), labels]


def best(logits: np.ndarray, labels: np.ndarray) -> float:
    """The oracle: the slope of the negative log-likelihood in 1 / T has one zero, since the function is convex."""
    reached = _of_label(logits, labels).mean(dtype=np.float64)
    return _root(lambda t: (softened(logits, t) * logits).sum(1).mean() - reached)


def as_sure_as_right(logits: np.ndarray, labels: np.ndarray) -> float:
    """A mistake: the mean of the largest probabilities equals the accuracy."""
    right = np.mean(logits.argmax(1) == labels)
    return _root(lambda t: softened(logits, t).max(1).mean() - right)


def squares(logits: np.ndarray, labels: np.ndarray) -> float:
    """A mistake: the smallest mean squared distance to the labels (Brier score), on a fine grid."""
    grid = np.geomspace(0.05, 50, 1500)
    target = np.eye(logits.shape[1])[labels]
    return float(grid[np.argmin([((softened(logits, t) - target) ** 2).sum(1).mean() for t in grid])])


_FIT = (
    "At which temperature are the right labels most probable?",
    "Find the T with the smallest cross entropy of logits / T: a fine grid of T, halving an interval, or an optimizer. "
    "Has the optimizer converged? Print the loss at 0.98 T, T and 1.02 T: the one in the middle must be the smallest. If one is NaN, "
    "exp has overflowed: use cross_entropy instead of a softmax of your own.",
)
_INVERSE = (
    "Does a T above 1 make the probabilities more equal?",
    "It does if you divide the logits by T. You multiply, or return 1 / T.",
)
_MATCH = (
    "Is the same mean enough?",
    "A mean confidence equal to the accuracy says nothing about single exams: minimize the cross entropy with the labels.",
)
_SQUARES = ("What is minimized?", "The cross entropy, with the logarithm of the label's probability, not the squared distance.")
_LOW = ("Can a network be too unsure?", "It can, and then T is below 1: search there, too.")
_HIGH = ("How large can T be?", "A network that is far too sure can need 10 or more: search up to 100, or check that T is not at the end.")
_NONE = (
    "Did you search at all?",
    "The answer differs from 1 unless the network is calibrated: change T until the cross entropy is smallest.",
)
_LOG = ("Did you search over log T?", "Then return exp of what you found.")
_LARGE = (
    "What is exp(1000) as a float?",
    "Infinite, and infinite / infinite is NaN: use cross_entropy, which first subtracts the largest logit.",
)
_RIGHT = (
    "What happens to the cross entropy as T goes to 0 when every exam is right?",
    "It falls without end, so there is no best T: raise ValueError.",
)
_WORSE = (
    "What happens as T grows when the label's logit is on average below the mean of the logits?",
    "The cross entropy falls without end, so there is no best T: raise ValueError.",
)
MISTAKES = (
    Mistake("the inverse", lambda *x: 1 / best(*x), _INVERSE),
    Mistake("the logarithm", lambda *x: float(np.log(best(*x))), _LOG),
    Mistake("as sure as right", as_sure_as_right, _MATCH),
    Mistake("squares", squares, _SQUARES),
    Mistake("never below 1", lambda *x: max(1.0, best(*x)), _LOW),
    Mistake("never above 5", lambda *x: min(5.0, best(*x)), _HIGH),
    Mistake("not a number", lambda *x: float("nan"), _LARGE),
    Mistake("no search", lambda *x: 1.0, _NONE),
)
STEPS = (
    "Refuse; for T in torch.logspace(-2, 2, 2001): cross_entropy(logits / T, labels); return the T of the smallest. Steps of 0.5 % "
    "are fine enough."
)


def scipy_temperature(logits: Tensor, labels: Tensor) -> float:
    """`temperature_scale` by SciPy's bounded search over log T."""
    from scipy.optimize import minimize_scalar
    from torch.nn.functional import cross_entropy

    z = logits.detach().double()
    if z.ndim != 2 or len(z) != len(labels) or not len(z) or not z.isfinite().all():
        raise ValueError(f"need finite logits (n, classes) and a label for each row, got {tuple(z.shape)} and {len(labels)}")
    own = z.gather(1, labels[:, None]).squeeze(1)
    if (own >= z.amax(1)).all() or own.mean() <= z.mean():
        raise ValueError("no temperature is best where every label has the largest logit or a logit below the mean: give other exams")
    found = minimize_scalar(lambda log: float(cross_entropy(z / np.exp(log), labels)), bounds=(-7, 7), options={"xatol": 1e-6})
    return float(np.exp(found.x))


@exercise(
    scipy_temperature,
    points=4,
    difficulty=3,
    minutes=20,
    judge=close_to(best, rtol=0.01),
    rtol=0.01,
    mistakes=MISTAKES,
    steps=STEPS,
)
def temperature_scale(rng: Rng) -> Cases:
    """temperature_scale(logits, labels) -> float."""

    def drawn(count: int, classes: int, temperature: float, scale: float = 1.5) -> tuple[Tensor, Tensor]:
        """Logits of a network that would be calibrated at about this temperature."""
        calibrated = scale * rng.normal(size=(count, classes))
        chances = softened(calibrated, 1.0).cumsum(1)
        labels = (rng.random(count)[:, None] > chances[:, :-1]).sum(1)
        return from_numpy((temperature * calibrated).astype(np.float32)), from_numpy(labels)

    yield Case("a network that is too sure", drawn(160, 2, float(rng.uniform(2.2, 3.5))), weight=2, hints=_FIT)
    yield Case("one that is not sure enough", drawn(160, 2, float(rng.uniform(0.25, 0.5))), hints=_LOW)
    yield Case("five kinds of exam", drawn(150, 5, float(rng.uniform(1.6, 2.2))), weight=2, hints=_FIT)
    yield Case("far too sure", drawn(140, 3, float(rng.uniform(11, 16))), hints=_HIGH)
    logits, labels = drawn(130, 3, float(rng.uniform(1.5, 2.0)))
    yield Case("logits above a thousand", (logits + 1000, labels), hints=_LARGE, hints_on_error=True)
    yield refuses("exams that are all right", (logits, logits.argmax(1)), hints=_RIGHT)
    yield refuses("labels that the logits speak against", (logits, logits.argmin(1)), hints=_WORSE)
    broken = logits.clone()
    broken[int(rng.integers(len(broken))), 1] = nan
    yield refuses("a logit of NaN", (broken, labels), weight=0.5)
    yield refuses("fewer labels than exams", (logits, labels[1:]), weight=0.25)
    yield refuses("no exam", (zeros(0, 2), zeros(0).long()), weight=0.25)
    yield keeps_inputs(*drawn(90, 2, 1.7), name="leaves logits and labels as they were")
