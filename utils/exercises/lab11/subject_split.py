"""subject_split: a split by person, which is also the check that nothing leaks."""

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import Any

import numpy as np
from torch import Tensor, arange, from_numpy, full, zeros

from utils.data.people_split import split_people
from utils.exercises.chances import SAME, far, same_for_equal_generators
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, exercise, keeps_inputs, refuses

TRIALS = 400
FEW = 40  # splits in which at least one would draw a person twice
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

    Verdicts are about "kind", "person", "lost", "order", "swapped", "twice", "count" or "ends".
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
        fits = {"ends": not (who_train and who_test), "swapped": len(who_train) == wanted, "twice": len(who_test) < wanted, "count": True}
        about, *others = (name for name, holds in fits.items() if holds)
        expected = f"{wanted} of {len(who_train | who_test)} people tested"
        return Verdict(False, expected, f"{len(who_test)} people tested", about, fits=tuple(others))
    rising = all((np.diff(part) > 0).all() for part in (train, test))
    return Verdict(rising, "numbers that rise", "numbers that rise" if rising else "numbers in another order", "" if rising else "order")


def _tested(answer: Any, subjects: np.ndarray) -> np.ndarray | None:
    """(splits, people) bool: who is tested in each; None if the answer is no list of rows."""
    rows = [_indices(one) for one in answer] if type(answer) in (list, tuple) else [None]
    if any(row is None or (len(row) and (row.min() < 0 or row.max() >= len(subjects))) for row in rows):
        return None
    everyone = np.unique(subjects)
    return np.array([np.isin(everyone, subjects[row]) for row in rows if row is not None])


def as_many(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Over some splits, are as many people tested as the rounded fraction says?

    Verdicts are about "kind", "swapped", "down", "up", "twice" or "count".
    """
    subjects, fraction, splits = inputs[:3]
    tested, people, chosen = _tested(answer, subjects), len(np.unique(subjects)), people_to_test(subjects, fraction)
    if tested is None or len(tested) != splits:
        return Verdict(False, "rows of window numbers", describe(answer), "kind")
    numbers = sorted(set(tested.sum(1).tolist()))
    expected, got = f"{chosen} of {people} people tested", f"{' or '.join(map(str, numbers))} people tested"
    always = {people - chosen: "swapped", int(np.floor(fraction * people)): "down", int(np.ceil(fraction * people)): "up", chosen: ""}
    varies = "twice" if numbers[-1] == chosen else "count"
    about = always.get(numbers[0], "count") if len(numbers) == 1 else varies
    return Verdict(numbers == [chosen], expected, got, about)


def everyone_equally(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Over many splits, is each person, and each pair of people, tested as often as chance says?"""
    subjects, fraction = inputs[:2]
    if not (verdict := as_many(answer, inputs)).passed:
        return verdict
    tested, people, chosen = _tested(answer, subjects), len(np.unique(subjects)), people_to_test(subjects, fraction)
    assert tested is not None
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
_SWAPPED = ("Which of the two parts comes first?", "train, then test: the windows of the drawn people are the second part.")
_TWICE = (
    "Can your draw take one person twice?",
    "rng.choice puts everyone back after each draw, so fewer people than asked may come: write replace=False.",
)
_DOWN = ("Of 10 people a fraction of 0.37 is 3.7: how many are tested?", "4: int(...) cuts the fraction off, round(...) gives the nearest.")
_UP = ("Of 10 people a fraction of 0.33 is 3.3: how many are tested?", "3: math.ceil(...) goes up, round(...) gives the nearest.")
_ENDS = ("What if the rounded number is 0, or everybody?", "Then one side would be empty: test at least one person and leave at least one.")
_ORDER = ("In which order are the numbers?", "Rising, in both parts: flatnonzero and nonzero give them so.")
_KIND = ("What does the docstring want back?", "Two rows of integers, the numbers of the windows: train, then test.")
_CHANCE = (
    "Who can be tested in your split?",
    "Everyone, with equal probability and whatever the order or the number of windows: rng.choice(people, count, replace=False).",
)
_ONE = ("Who is left to learn from if one person is tested?", "Nobody: with fewer than two people raise ValueError.")
_ABOUT = {"person": _PERSON, "lost": _LOST, "count": _COUNT, "ends": _ENDS, "order": _ORDER, "kind": _KIND, "chance": _CHANCE}
_ABOUT |= {"swapped": _SWAPPED, "twice": _TWICE, "down": _DOWN, "up": _UP}


def _first(subjects: np.ndarray, fraction: float, *_: Any, last: bool = False) -> Split:
    """The people with the smallest, or largest, numbers."""
    everyone, count = np.unique(subjects), people_to_test(subjects, fraction)
    tested = np.isin(subjects, everyone[-count:] if last else everyone[:count])
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def _drawn(rounded: Callable[[float], int] = round, *, replace: bool = False, swapped: bool = False) -> Callable[..., Split]:
    """A draw of people with one mistake. The split takes a generator, or the seed of one."""

    def split(subjects: np.ndarray, fraction: float, rng: Any, *_: Any) -> Split:
        everyone = np.unique(subjects)
        count = min(max(rounded(fraction * len(everyone)), 1), len(everyone) - 1)
        tested = np.isin(subjects, np.random.default_rng(rng).choice(everyone, count, replace=replace))
        parts = np.flatnonzero(~tested), np.flatnonzero(tested)
        return parts[::-1] if swapped else parts

    return split


def _answer(made: Callable[..., Split]) -> Callable[..., Any]:
    """The student's function that makes this mistake; it refuses what the exercise asks it to refuse."""

    def answer(subjects: Tensor, fraction: float, rng: Rng) -> tuple[Tensor, Tensor]:
        if len(subjects.unique()) < 2 or not 0 < fraction < 1:
            raise ValueError("need two people and a fraction between 0 and 1")
        train, test = made(subjects.numpy(), fraction, rng)
        return from_numpy(train), from_numpy(test)

    return answer


MISTAKES = (
    Mistake("the first people", _first, _CHANCE),
    Mistake("the last people", partial(_first, last=True), _CHANCE),
    Mistake("rounded down", _drawn(int), _DOWN, "a fraction between two numbers of people, nearer to the larger one"),
    Mistake("rounded up", _drawn(ceil), _UP, "a fraction between two numbers of people, nearer to the smaller one"),
    Mistake("a person drawn twice", _drawn(replace=True), _TWICE),
    Mistake("test before train", _drawn(swapped=True), _SWAPPED),
)
STEPS = (
    "Refuse; unique() gives the people; draw round(test_fraction * people) of them, between 1 and people - 1, with rng.choice and "
    "replace=False; np.isin says which windows are theirs; flatnonzero gives both rows."
)


def by_numpy(subjects: Tensor, test_fraction: float, rng: Rng) -> tuple[Tensor, Tensor]:
    """`subject_split` by utils.data.split_people."""
    train, test = split_people(subjects.numpy(), test_fraction, rng)
    return from_numpy(train), from_numpy(test)


@exercise(by_numpy, points=4, difficulty=2, minutes=15, judge=apart, mistakes=MISTAKES, hints_for=_ABOUT, answer_of=_answer, steps=STEPS)
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
    ten_alike = people(*(10 * [int(rng.integers(3, 6))]))
    for fraction, nearer in ((0.37, "larger"), (0.33, "smaller")):
        name = f"a fraction between two numbers of people, nearer to the {nearer} one"
        yield Case(name, (ten_alike, fraction, FEW, seed()), as_many, weight=1, hints=_COUNT, probe="many_splits")
    twice = same_for_equal_generators("split")
    yield Case("the same rng, the same split", (arange(30), 0.4, seed()), twice, hints=SAME, probe="three_splits")
    yield refuses("a single person", (full((12,), int(rng.integers(50))), 0.5, seed()), probe="split", weight=0.5, hints=_ONE)
    yield refuses("no window", (zeros(0).long(), 0.5, seed()), probe="split", weight=0.25)
    for fraction in (0.0, 1.0, -0.2, 1.5):
        yield refuses(f"a fraction of {fraction:g}", (ten, fraction, seed()), probe="split", weight=0.25)
    yield keeps_inputs(ten, 0.3, seed(), name="leaves the people as they were", probe="split")
