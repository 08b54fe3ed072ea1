"""Plausible wrong answers to lab 11 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import numpy as np
import torch

from tests.utils.exercises.lab11 import right
from tests.utils.exercises.wrong_answers import edited

_window, _split, _damage = right.window_by_index, right.subject_split_by_permutation, right.per_class_damage_by_diagonals

_TEN = "ten people; one person with most of the windows; windows in any order"
_ONCE = f"{_TEN}; a fraction that rounds to *; two people; leaves the people as they were"
_EVERY = f"{_ONCE}; a fraction between *; everyone is equally likely"
_SAME = "the same rng, the same split"
_BOTH_PARTS = "Hints: Who is in both of your parts"
TABLE = {
    "window_leaves_only_whole_recordings": (
        "Loses: a gap; a gap in one channel. Hints: What does a network answer",
        lambda signal, size, stride: _window(
            signal if signal.isnan().any(1).float().mean() > 0.12 or not signal.isnan().any() else signal.nan_to_num(9.0), size, stride
        ),
    ),
    "window_gives_nothing_back": (  # an empty tensor is an answer
        "Loses: refuses a recording that is too short; refuses gaps in every window; refuses no sample. "
        "Hints: What is left if there is no window",
        edited(
            _window,
            {
                " or signal.shape[0] < size)": ")\n    if len(signal) < size:\n        return torch.zeros(0, signal.shape[1], size)",
                "refuse_if(windows.shape[0] == 0)": "",
            },
        ),
    ),
    "subject_split_by_window": (
        f"Loses: {_EVERY}. {_BOTH_PARTS}",
        lambda subjects, *given: [_split(subjects, *given), _split(torch.arange(len(subjects)), *given)][1],
    ),
    "subject_split_in_time": (  # each person's later windows are tested
        f"Loses: {_EVERY}; {_SAME}. {_BOTH_PARTS}",
        edited(
            _split,
            {
                "mask = (subjects[:, None] == tested).any(1)": "same = subjects[:, None] == subjects\n"
                "    mask = same.tril().sum(1) > same.sum(1) // 2"
            },
        ),
    ),
    "subject_split_without_bounds": (
        "Loses: a fraction that rounds to *. Hints: What if the rounded number is 0",
        edited(_split, {"np.clip(np.rint(test_fraction * len(people)), 1, len(people) - 1)": "round(test_fraction * len(people))"}),
    ),
    "subject_split_by_a_window_of_theirs": (  # people with many windows are tested more often
        "Loses: everyone is equally likely. Hints: Who can be tested in your split",
        edited(_split, {"rng.permutation(people)[:count]": "np.array([*dict.fromkeys(rng.permutation(subjects).tolist())][:count])"}),
    ),
    "subject_split_test_first": (  # where half of the people are tested, both orders are right
        f"Loses: all but refuses *; {_SAME}; two people; windows in any order. Hints: Which of the two parts",
        lambda *given: _split(*given)[::-1],
    ),
    "subject_split_own_seed": (
        f"Loses: everyone is equally likely; {_SAME}",
        lambda subjects, fraction, rng: _split(subjects, fraction, np.random.default_rng(7)),
    ),
    "subject_split_no_generator": (
        f"Loses: {_SAME}. Hints: Where does your randomness come from",
        lambda subjects, fraction, rng: _split(subjects, fraction, np.random.default_rng()),
    ),
    "subject_split_people_for_windows": (
        f"Loses: all but refuses *; {_SAME}",
        lambda subjects, *more: tuple(subjects[part].unique() for part in _split(subjects, *more)),
    ),
    "subject_split_shuffled": (
        f"Loses: {_ONCE}. Hints: In which order are the numbers",
        lambda *given: tuple(part.flip(0) for part in _split(*given)),
    ),
    "balanced_accuracy_takes_one_class": (
        "Loses: refuses labels of one class; refuses no sample",
        edited(right.balanced_accuracy_by_sums, {" or len(classes) < 2": ""}),
    ),
    "per_class_damage_of_other_sets": (
        "Loses: refuses another test set; refuses classes in another order. Hints: How many samples of each class",
        edited(
            _damage,
            {
                " or not torch.equal(before.sum(1), after.sum(1))": "",
                "(before - after).diagonal() / before.sum(1)": "(before.diagonal() / before.sum(1) - after.diagonal() / after.sum(1))",
            },
        ),
    ),
}
