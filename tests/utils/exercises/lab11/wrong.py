"""Plausible wrong answers to lab 11 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import numpy as np
import torch

from tests.utils.exercises.lab11.right import balanced_accuracy_by_sums as right_balanced
from tests.utils.exercises.lab11.right import per_class_damage_by_diagonals as right_damage
from tests.utils.exercises.lab11.right import subject_split_by_permutation as right_split
from tests.utils.exercises.lab11.right import window_by_index as right_window


def window_gives_nothing_back(signal, size, stride):
    """An empty tensor is an answer. Loses: refuses a recording that is too short; refuses gaps in every window; refuses no sample.
    Hints: What is left if there is no window.
    """
    try:
        return right_window(signal, size, stride)
    except ValueError:
        if size < 1 or stride < 1:
            raise
        return torch.zeros(0, signal.shape[1], size)


def _by_window(subjects, test_fraction, rng):
    if len(subjects.unique()) < 2 or not 0 < test_fraction < 1:
        raise ValueError("cannot be split")
    order = rng.permutation(len(subjects))
    count = min(max(round(test_fraction * len(subjects)), 1), len(subjects) - 1)
    return torch.from_numpy(np.sort(order[count:])), torch.from_numpy(np.sort(order[:count]))


def _halves_of_each(subjects, test_fraction, rng):
    """Each person's later windows are tested."""
    if len(subjects.unique()) < 2 or not 0 < test_fraction < 1:
        raise ValueError("cannot be split")
    late = torch.zeros(len(subjects), dtype=torch.bool)
    for one in subjects.unique():
        at = (subjects == one).nonzero().flatten()
        late[at[len(at) // 2 :]] = True
    return (~late).nonzero().flatten(), late.nonzero().flatten()


def _unbounded(subjects, test_fraction, rng):
    people = np.unique(subjects.numpy())
    if len(people) < 2 or not 0 < test_fraction < 1:
        raise ValueError("cannot be split")
    tested = np.isin(subjects.numpy(), rng.choice(people, round(test_fraction * len(people)), replace=False))
    return torch.from_numpy(np.flatnonzero(~tested)), torch.from_numpy(np.flatnonzero(tested))


def _person_of_a_window(subjects, test_fraction, rng):
    """A window is drawn and its person is tested, so people with many windows are tested more often."""
    people = np.unique(subjects.numpy())
    if len(people) < 2 or not 0 < test_fraction < 1:
        raise ValueError("cannot be split")
    count, tested = min(max(round(test_fraction * len(people)), 1), len(people) - 1), set()
    while len(tested) < count:
        tested.add(int(rng.choice(subjects.numpy())))
    mask = np.isin(subjects.numpy(), list(tested))
    return torch.from_numpy(np.flatnonzero(~mask)), torch.from_numpy(np.flatnonzero(mask))


_TEN = "ten people; one person with most of the windows; windows in any order"
_ONCE = f"{_TEN}; a fraction that rounds to *; two people; leaves the people as they were"
_EVERY = f"{_ONCE}; a fraction between *"
TABLE = {
    "window_leaves_only_whole_recordings": (
        "Loses: a gap; a gap in one channel. Hints: What does a network answer",
        lambda signal, size, stride: right_window(
            signal if signal.isnan().any(1).float().mean() > 0.12 or not signal.isnan().any() else signal.nan_to_num(9.0), size, stride
        ),
    ),
    "subject_split_by_window": (f"Loses: {_EVERY}; everyone is equally likely. Hints: Who is in both of your parts", _by_window),
    "subject_split_in_time": (
        f"Loses: {_EVERY}; everyone is equally likely; the same rng, the same split. Hints: Who is in both of your parts",
        _halves_of_each,
    ),
    "subject_split_without_bounds": ("Loses: a fraction that rounds to *. Hints: What if the rounded number is 0", _unbounded),
    "subject_split_by_a_window_of_theirs": (
        "Loses: everyone is equally likely. Hints: Who can be tested in your split",
        _person_of_a_window,
    ),
    "subject_split_test_first": (  # where half of the people are tested, both orders are right
        "Loses: all but refuses *; the same rng, the same split; two people; windows in any order. Hints: Which of the two parts",
        lambda *given: right_split(*given)[::-1],
    ),
    "subject_split_own_seed": (
        "Loses: everyone is equally likely; the same rng, the same split",
        lambda subjects, fraction, rng: right_split(subjects, fraction, np.random.default_rng(7)),
    ),
    "subject_split_no_generator": (
        "Loses: the same rng, the same split. Hints: Where does your randomness come from",
        lambda subjects, fraction, rng: right_split(subjects, fraction, np.random.default_rng()),
    ),
    "subject_split_people_for_windows": (
        "Loses: all but refuses *; the same rng, the same split",
        lambda subjects, *more: tuple(subjects[part].unique() for part in right_split(subjects, *more)),
    ),
    "subject_split_shuffled": (
        f"Loses: {_ONCE}. Hints: In which order are the numbers",
        lambda *given: tuple(part.flip(0) for part in right_split(*given)),
    ),
    "balanced_accuracy_takes_one_class": (
        "Loses: refuses labels of one class; refuses no sample",
        lambda predicted, labels: right_balanced(predicted, labels) if len(set(labels.tolist())) > 1 else torch.tensor(100.0),
    ),
    "per_class_damage_of_other_sets": (
        "Loses: refuses another test set; refuses classes in another order. Hints: How many samples of each class",
        lambda before, after: (
            right_damage(before, after)
            if before.shape != after.shape or before.ndim != 2 or len(before) != len(before.T) or not before.numel() or before.min() < 0
            else 100 * (before.diagonal() / before.sum(1) - after.diagonal() / after.sum(1))
        ),
    ),
}
