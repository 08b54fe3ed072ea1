"""subject_split: a split by person, which is also the check that nothing leaks."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, arange, from_numpy, full, zeros

from utils.data.people_split import split_people
from utils.exercises.chances import SAME, far, same_for_equal_generators
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, exercise, keeps_inputs, refuses

TRIALS = 400
Split = tuple[np.ndarray, np.ndarray]


def people_to_test(subjects: np.ndarray, fraction: float) -> int:
    """A fraction of the people, rounded, at least one, at most all but one."""
    everyone = len(set(subjects.tolist()))
    return min(max(round(fraction * everyone), 1), everyone - 1)


def _indices(answer: Any) -> np.ndarray | None:
    """A row of integers, as numbers of windows; None if it is none."""
    row = np.asarray(answer) if type(answer) in (list, tuple, np.ndarray) else None
    if row is None or row.ndim != 1 or (len(row) and row.dtype.kind not in "iu"):
        return None
    return row.astype(np.int64)


def apart(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Is everyone on one side, every window on exactly one, and the right number of people tested?

    Verdicts are about "kind", "person", "lost", "order", "count" or "ends".
    """
    subjects, fraction = inputs[:2]
    parts = [_indices(one) for one in answer] if type(answer) in (list, tuple) and len(answer) == 2 else [None]
    if any(part is None for part in parts):
        return Verdict(False, "two rows of window numbers", describe(answer), "kind")
    train, test = (part for part in parts if part is not None)
    whole = np.concatenate([train, test])
    if len(whole) and (whole.min() < 0 or whole.max() >= len(subjects)):
        return Verdict(False, f"numbers of windows, 0 to {len(subjects) - 1}", f"{whole.min()} to {whole.max()}", "kind")
    who_train, who_test = set(subjects[train].tolist()), set(subjects[test].tolist())
    if both := who_train & who_test:
        return Verdict(False, "nobody on both sides", f"{len(both)} of {len(who_train | who_test)} people on both sides", "person")
    if sorted(whole.tolist()) != list(range(len(subjects))):
        return Verdict(False, f"each of {len(subjects)} windows once", f"{len(set(whole.tolist()))} windows, {len(whole)} numbers", "lost")
    wanted = people_to_test(subjects, fraction)
    if len(who_test) != wanted:
        return Verdict(
            False,
            f"{wanted} of {len(who_train | who_test)} people tested",
            f"{len(who_test)} people tested",
            "count" if who_train and who_test else "ends",
        )
    rising = all((np.diff(part) > 0).all() for part in (train, test))
    return Verdict(rising, "numbers that rise", "numbers that rise" if rising else "numbers in another order", "" if rising else "order")


def _tested(answer: Any, subjects: np.ndarray) -> np.ndarray | None:
    """(splits, people) bool: who is tested in each; None if the answer is no list of rows."""
    rows = [_indices(one) for one in answer] if type(answer) in (list, tuple) else [None]
    if any(row is None or (len(row) and (row.min() < 0 or row.max() >= len(subjects))) for row in rows):
        return None
    everyone = np.unique(subjects)
    return np.array([np.isin(everyone, subjects[row]) for row in rows if row is not None])


def everyone_equally(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Over many splits, is each person, and each pair of people, tested as often as chance says?"""
    subjects, fraction = inputs[:2]
    tested, people, chosen = _tested(answer, subjects), len(np.unique(subjects)), people_to_test(subjects, fraction)
    if tested is None or len(tested) != TRIALS:
        return Verdict(False, "rows of window numbers", describe(answer), "kind")
    pairs = tested.astype(float).T @ tested / TRIALS
    for chance, shares, what in (
        (chosen / people, pairs.diagonal(), "each person"),
        (chosen * (chosen - 1) / people / (people - 1), pairs[np.triu_indices(people, 1)], "each pair of people"),
    ):
        worst = float(shares[np.argmax(np.abs(shares - chance))])
        expected = f"{what} tested in {100 * chance:.0f} % of the splits"
        if far(worst, chance, TRIALS):
            return Verdict(False, expected, f"one in {100 * worst:.0f} %", "chance")
    return Verdict(True, expected, expected)


_PERSON = (
    "Who is in both of your parts?",
    "Draw people, not windows: a person's windows are near twins, and overlapping ones share samples. All of them go to one side.",
)
_LOST = ("Where did the other windows go?", "Each window is in exactly one part: test has those of the drawn people, train all others.")
_COUNT = ("A fraction of what?", "Of the people, not of the windows: round(test_fraction * people), at least 1, at most all but one.")
_ENDS = ("What if the rounded number is 0, or everybody?", "Then one side would be empty: test at least one person and leave at least one.")
_ORDER = ("In which order are the numbers?", "Rising, in both parts: flatnonzero and nonzero give them so.")
_KIND = ("What does the docstring want back?", "Two rows of integers, the numbers of the windows: train, then test.")
_CHANCE = (
    "Who can be tested in your split?",
    "Everyone, with equal probability and whatever the order or the number of windows: rng.choice(people, count, replace=False).",
)
_ONE = ("Who is left to learn from if one person is tested?", "Nobody: with fewer than two people raise ValueError.")
_ABOUT = {"person": _PERSON, "lost": _LOST, "count": _COUNT, "ends": _ENDS, "order": _ORDER, "kind": _KIND, "chance": _CHANCE}


def _first(subjects: np.ndarray, fraction: float, *_: Any, last: bool = False) -> Split:
    """The people with the smallest, or largest, numbers."""
    everyone, count = np.unique(subjects), people_to_test(subjects, fraction)
    tested = np.isin(subjects, everyone[-count:] if last else everyone[:count])
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def _answer(made: Callable[..., Split]) -> Callable[..., Any]:
    """An answer of a mistake that needs no randomness."""

    def answer(subjects: Tensor, fraction: float, rng: Rng) -> tuple[Tensor, Tensor]:
        if len(subjects.unique()) < 2 or not 0 < fraction < 1:
            raise ValueError("need two people and a fraction between 0 and 1")
        train, test = made(subjects.numpy(), fraction)
        return from_numpy(train), from_numpy(test)

    return answer


MISTAKES = (
    Mistake("the first people", _first, _CHANCE),
    Mistake("the last people", partial(_first, last=True), _CHANCE),
)
STEPS = (
    "Refuse; unique() gives the people; draw round(test_fraction * people) of them, between 1 and people - 1, with rng.choice and "
    "replace=False; np.isin says which windows are theirs; flatnonzero gives both rows."
)


def by_numpy(subjects: Tensor, test_fraction: float, rng: Rng) -> tuple[Tensor, Tensor]:
    """`subject_split` by utils.data.split_people."""
    train, test = split_people(subjects.numpy(), test_fraction, rng)
    return from_numpy(train), from_numpy(test)


@exercise(by_numpy, points=4, difficulty=2, minutes=15, judge=apart, hints_for=_ABOUT, answer_of=_answer, steps=STEPS)
def subject_split(rng: Rng) -> Cases:
    """subject_split(subjects, test_fraction, rng) -> (train, test), two rows of window numbers."""

    def seed() -> int:
        return int(rng.integers(1 << 30))

    def people(*windows: int) -> Tensor:
        """The person of each window, in recorded order; the names are numbers that say nothing."""
        names = rng.choice(np.arange(10, 99), len(windows), replace=False)
        return from_numpy(np.repeat(names, windows))

    one: Any = partial(Case, probe="split", as_given=True)
    ten = people(*(int(count) for count in rng.integers(8, 30, 10)))
    yield one("ten people", (ten, 0.3, seed()), weight=2, hints=_PERSON)
    uneven = people(90, 5, 4, 6, 5)
    yield one("one person with most of the windows", (uneven, 0.4, seed()), hints=_COUNT)
    mixed = ten[from_numpy(rng.permutation(len(ten)))]
    yield one("windows in any order", (mixed, 0.5, seed()), hints=_PERSON)
    yield one("a fraction that rounds to nobody", (people(7, 9, 8), 0.05, seed()), hints=_ENDS, hints_on_error=True)
    yield one("a fraction that rounds to everybody", (people(7, 9, 8), 0.95, seed()), hints=_ENDS, hints_on_error=True)
    yield one("two people", (people(6, 11), 0.5, seed()), hints=_ENDS)
    six = people(3, 40, 3, 3, 12, 3)
    yield Case("everyone is equally likely", (six, 1 / 3, TRIALS, seed()), everyone_equally, weight=2, hints=_CHANCE, probe="many_splits")
    twice = same_for_equal_generators("split")
    yield Case("the same rng, the same split", (arange(30), 0.4, seed()), twice, hints=SAME, probe="three_splits")
    yield refuses("a single person", (full((12,), int(rng.integers(50))), 0.5, seed()), probe="split", weight=0.5, hints=_ONE)
    yield refuses("no window", (zeros(0).long(), 0.5, seed()), probe="split", weight=0.25)
    for fraction in (0.0, 1.0, -0.2, 1.5):
        yield refuses(f"a fraction of {fraction:g}", (ten, fraction, seed()), probe="split", weight=0.25)
    yield keeps_inputs(ten, 0.3, seed(), name="leaves the people as they were", probe="split")
