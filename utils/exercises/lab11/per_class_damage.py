"""per_class_damage: the recall that each class loses, from two confusion matrices of one test set."""

import numpy as np
from torch import Tensor, from_numpy, tensor, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses


def lost(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The oracle: class by class; NaN where there is no sample."""
    found = []
    for one in range(len(before)):
        of = int(before[one].sum())
        found.append(100 * (int(before[one][one]) - int(after[one][one])) / of if of else np.nan)
    return np.array(found)


def _rates(matrix: np.ndarray, axis: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        return 100 * matrix.diagonal() / matrix.sum(axis)


def _counts(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before.diagonal() - after.diagonal()).astype(float)


def _relative(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return 100 * _counts(before, after) / before.diagonal()


_ROW = ("What is a row of a confusion matrix?", "The samples of one class: recall is the diagonal divided by the sum of the row.")
_SIGN = ("Is it a loss when the number is below 0?", "Before minus after: what was lost is positive, what was gained negative.")
_COUNT = ("Does a class of 22 beats lose as much with 5 as one of 2,600?", "Divide by the samples of the class: the row's sum.")
_ALL = ("Of how many is the share taken?", "Of the samples of that class, not of all samples.")
_POINTS = ("In which unit is the loss?", "In percentage points: 100 times the difference of two recalls.")
_RELATIVE = ("From 80 to 60 %: how many points are lost?", "20 points. A quarter of what was found is the relative loss.")
_NAN = ("What is the recall of a class without samples?", "Nothing known, NaN: a loss of 0 would say that the class is fine.")
_SETS = (
    "How many samples of each class had the first network, how many the second?",
    "Another number means another test set, and then the difference says nothing: compare the sums of the rows and raise ValueError.",
)
_SQUARE = ("How many rows and columns has a confusion matrix?", "As many as there are classes, both: raise ValueError otherwise.")
_NEGATIVE = ("Can -1 beats be classified?", "No: a count below 0 is an error upstream. Raise ValueError.")
MISTAKES = (
    Mistake("by columns", lambda before, after: _rates(before, 0) - _rates(after, 0), _ROW),
    Mistake("after minus before", lambda *x: -lost(*x), _SIGN),
    Mistake("counts", _counts, _COUNT),
    Mistake("of all samples", lambda before, after: 100 * _counts(before, after) / before.sum(), _ALL),
    Mistake("as a fraction", lambda *x: lost(*x) / 100, _POINTS),
    Mistake("relative", _relative, _RELATIVE),
    Mistake("0 for a class without samples", lambda *x: np.nan_to_num(lost(*x)), _NAN, "a class without samples"),
    Mistake("only what is lost", lambda *x: np.clip(lost(*x), 0, None), _SIGN),
)
STEPS = (
    "Refuse; the sum of each row is the number of samples of its class; 100 * (diagonal before - diagonal after) / that sum, in "
    "floats, which gives NaN for 0 / 0."
)


def numpy_damage(before: Tensor, after: Tensor) -> Tensor:
    """`per_class_damage` by numpy."""
    first, second = before.numpy(), after.numpy()
    if first.shape != second.shape or first.ndim != 2 or len(first) != len(first.T) or not first.size or min(first.min(), second.min()) < 0:
        raise ValueError(f"need two confusion matrices (classes, classes) of counts, got shapes {first.shape} and {second.shape}")
    if (first.sum(1) != second.sum(1)).any():
        raise ValueError("the rows have other sums, so the matrices are of two test sets: judge both networks on one")
    with np.errstate(all="ignore"):
        return from_numpy(100 * (np.diag(first) - np.diag(second)) / first.sum(1))


@exercise(numpy_damage, points=3, difficulty=2, minutes=10, judge=close_to(lost), mistakes=MISTAKES, steps=STEPS)
def per_class_damage(rng: Rng) -> Cases:
    """per_class_damage(before, after) -> (classes,) float tensor."""

    def matrix(counts: list[int], hit: list[float]) -> Tensor:
        """A confusion matrix with these sums of its rows and about these recalls."""
        rows = []
        for one, (count, rate) in enumerate(zip(counts, hit, strict=True)):
            rest = np.full(len(counts), (1 - rate) / (len(counts) - 1))
            rest[one] = rate
            rows.append(rng.multinomial(count, rest / rest.sum()))
        return from_numpy(np.array(rows))

    counts = [int(count) for count in rng.integers(300, 500, 2)] + [int(count) for count in rng.integers(20, 60, 2)]
    full, small = matrix(counts, [0.98, 0.95, 0.7, 0.6]), matrix(counts, [0.96, 0.9, 0.4, 0.2])
    yield Case("four classes", (full, small), weight=2, hints=_ROW)
    yield Case("some classes gain", (matrix(counts, [0.98, 0.95, 0.2, 0.3]), matrix(counts, [0.9, 0.95, 0.6, 0.7])), hints=_SIGN)
    yield Case("nothing changes", (full, full.clone()), hints=_ROW)
    gone = matrix([80, 40, 0], [0.9, 0.7, 0.5]), matrix([80, 40, 0], [0.8, 0.4, 0.5])
    yield Case("a class without samples", gone, hints=_NAN, hints_on_error=True)
    yield Case("two classes", (matrix([90, 9], [0.95, 0.7]), matrix([90, 9], [0.9, 0.3])), hints=_COUNT)
    other = small.clone()
    other[int(rng.integers(4)), 0] += 1
    yield refuses("another test set", (full, other), hints=_SETS)
    moved = full[from_numpy(np.array([1, 0, 3, 2]))]
    yield refuses("classes in another order", (full, moved), hints=_SETS)
    yield refuses("another number of classes", (full, matrix([80, 40, 10], [0.9, 0.7, 0.5])), hints=_SQUARE)
    yield refuses("matrices that are not square", (full[:, :3], full[:, :3]), hints=_SQUARE)
    yield refuses("a negative count", (tensor([[5, -1], [1, 3]]), tensor([[5, -1], [1, 3]])), hints=_NEGATIVE, weight=0.5)
    yield refuses("no class", (zeros(0, 0).long(), zeros(0, 0).long()), weight=0.5)
    yield keeps_inputs(full, small, name="leaves the matrices as they were")
