"""calibration_error: how far the probabilities that a network gives are from how often the thing happens (ECE)."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, bucketize, from_numpy, linspace, nan, tensor, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses


def _of_bin(probability: np.ndarray, bins: int) -> np.ndarray:
    """The bin of each value. The last one includes 1."""
    return np.minimum((probability.astype(np.float64) * bins).astype(int), bins - 1)


def _groups(probability: np.ndarray, labels: np.ndarray, bins: int) -> list[tuple[float, float, float]]:
    """(fraction of all, mean probability, fraction of findings) of each bin that has a value."""
    at = _of_bin(probability, bins)
    return [
        (float(np.mean(at == one)), float(probability[at == one].mean()), float(labels[at == one].mean()))
        for one in sorted(set(at.tolist()))
    ]


def expected_error(probability: np.ndarray, labels: np.ndarray, bins: int) -> float:
    """The oracle: bin by bin, the difference weighted with the fraction of the exams in it."""
    return sum(share * abs(sure - hit) for share, sure, hit in _groups(probability, labels, bins))


def _over(combine: Callable[[np.ndarray, np.ndarray], float]) -> Callable[..., float]:
    """combine: (shares, signed differences) -> another summary of the bins."""
    return lambda *given: float(combine(*np.array([(share, sure - hit) for share, sure, hit in _groups(*given)]).T))


def _center(probability: np.ndarray, labels: np.ndarray, bins: int) -> float:
    at = _of_bin(probability, bins)
    return expected_error((at + 0.5) / bins, labels, bins)


def _drops_one(probability: np.ndarray, labels: np.ndarray, bins: int) -> float:
    kept = probability < 1
    return expected_error(probability[kept], labels[kept], bins) * kept.mean() if kept.any() else 0.0


def _top_label(probability: np.ndarray, labels: np.ndarray, bins: int) -> float:
    """Bins of the larger of the two probabilities, against how often the more probable class is right."""
    says = probability >= 0.5
    return expected_error(np.where(says, probability, 1 - probability), (says == labels).astype(float), bins)


def _equal_mass(probability: np.ndarray, labels: np.ndarray, bins: int) -> float:
    """Bins of equally many exams, from the least probable finding to the most probable one."""
    order = np.argsort(probability, kind="stable")
    groups = [one for one in np.array_split(order, bins) if len(one)]
    return float(sum(len(one) * abs(probability[one].mean() - labels[one].mean()) for one in groups) / len(order))


_BIN = (
    "Within one bin: which probability does the network give on average, and how frequent is the finding?",
    "The error of a bin is the absolute difference of these two; the answer is their mean, weighted with the exams in each bin.",
)
_WEIGHT = ("Does a bin with one exam count as much as one with a hundred?", "No: weigh each bin with its fraction of the exams.")
_SIGN = (
    "Does a bin that is too high make up for one that is too low?",
    "It does not: take the absolute difference in each bin, before you add.",
)
_WORST = ("Is the worst bin asked for?", "The mean over the bins is, weighted with the exams in each. The worst one is called MCE.")
_MEAN = ("Which probability stands for a bin?", "The mean of the values in it, which need not be the middle of the bin.")
_SQUARE = ("Is the difference squared?", "It is not: the mean of the absolute differences has the unit of a probability.")
_LAST = ("In which bin is a probability of exactly 1?", "In the last one: an index of `bins` has no bin, so clamp it to bins - 1.")
_EVENT = ("Of which event is it the probability?", "Of the finding, not of the answer being right: use probability and labels as they are.")
_WIDTH = ("Is a bin an interval of probabilities or a number of exams?", "Bins have equal width, not equally many exams.")
_PERCENT = ("Is the answer in percent?", "It is a fraction, as the probabilities are.")
_RANGE = ("Can a probability be 1.2 or NaN?", "It can't: such values are logits, or an error upstream. Raise ValueError.")
MISTAKES = (
    Mistake("bins count alike", _over(lambda share, off: np.abs(off).mean()), _WEIGHT),
    Mistake("signs cancel", _over(lambda share, off: abs((share * off).sum())), _SIGN),
    Mistake("the worst bin", _over(lambda share, off: np.abs(off).max()), _WORST),
    Mistake("middle of the bin", _center, _MEAN),
    Mistake("squared", _over(lambda share, off: (share * off**2).sum()), _SQUARE),
    Mistake("root of the squares", _over(lambda share, off: np.sqrt((share * off**2).sum())), _SQUARE),
    Mistake("without those at 1", _drops_one, _LAST),
    Mistake("the sum over bins", _over(lambda share, off: np.abs(off).sum()), _WEIGHT),
    Mistake("the answer's probability", _top_label, _EVENT),
    Mistake("equally many exams", _equal_mass, _WIDTH),
    Mistake("in percent", lambda *x: 100 * expected_error(*x), _PERCENT),
)
STEPS = (
    "Refuse; the bin of each exam is (probability * bins).long().clamp(max=bins - 1); for each bin with an exam: its fraction of all "
    "times abs(mean probability - mean of labels); add these."
)


def torch_calibration_error(probability: Tensor, labels: Tensor, bins: int) -> float:
    """`calibration_error` by bucketize and bincount of PyTorch."""
    sure, hit = probability.detach().double(), labels.double()
    if sure.shape != hit.shape or not len(sure) or bins < 1 or not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError(f"need probabilities, a label for each and a bin, got {len(sure)}, {len(hit)} and {bins}")
    at = bucketize(sure, linspace(0, 1, bins + 1).double()[1:-1], right=True)
    return float((at.bincount(sure, bins) - at.bincount(hit, bins)).abs().sum() / len(sure))


@exercise(
    torch_calibration_error,
    points=2,
    difficulty=2,
    minutes=10,
    core=False,
    judge=close_to(expected_error),
    mistakes=MISTAKES,
    steps=STEPS,
)
def calibration_error(rng: Rng) -> Cases:
    """calibration_error(probability, labels, bins) -> float between 0 and 1."""

    def drawn(count: int, bins: int, power: float, low: float = 0.0) -> tuple[Tensor, Tensor, int]:
        """Probabilities away from the limits of the bins, and labels that are 1 with the chance probability ** power."""
        at = rng.integers(int(low * bins), bins, count)
        probability = ((at + rng.uniform(0.1, 0.9, count)) / bins).astype(np.float32)
        return from_numpy(probability), from_numpy((rng.random(count) < probability**power).astype(np.int64)), bins

    yield Case("findings rarer than the network says", drawn(150, 10, 3.0), weight=2, hints=_BIN)
    yield Case("findings more frequent than it says", drawn(120, 8, 0.3, 0.5), hints=_BIN)
    sure, labels, _ = drawn(90, 5, 1.0)
    yield Case("too high here and too low there", (sure, (sure > 0.8).long(), 5), hints=_SIGN)
    yield Case("bins of unequal size", (sure**0.25, labels, 15), weight=0.5, hints=_WEIGHT)
    few, hit, bins = drawn(9, 10, 1.0)
    few[:3], hit[:3] = 1.0, tensor([1, 0, 1])
    yield Case("a probability of exactly 1", (few, hit, bins), hints=_LAST, hints_on_error=True)
    yield Case("one bin", drawn(60, 1, 2.0), hints=_BIN)
    yield Case("more bins than exams", drawn(12, 60, 1.5), hints=_BIN, hints_on_error=True)
    yield refuses("logits", (2 * sure - 0.5, labels, 5), weight=0.5, hints=_RANGE)
    broken = sure.clone()
    broken[int(rng.integers(len(broken)))] = nan
    yield refuses("a probability of NaN", (broken, labels, 5), weight=0.5, hints=_RANGE)
    yield refuses("no bin", (sure, labels, 0), weight=0.5)
    yield refuses("fewer labels than probabilities", (sure, labels[1:], 5), weight=0.25)
    yield refuses("no exam", (zeros(0), zeros(0).long(), 5), weight=0.25)
    yield keeps_inputs(*drawn(40, 6, 2.0), name="leaves probabilities and labels as they were")
