"""Splits by person share nobody and no sample, and the leak check finds whoever and whatever is shared."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.utils.data.test_motion import made
from utils.data import leak, smartwatch, split_people


@given(st.lists(st.integers(0, 8), min_size=2, max_size=60), st.floats(0.01, 0.99), st.integers(0, 99))
def test_nobody_is_on_both_sides_and_no_window_is_lost(people, fraction, seed):
    who = np.array(people)
    if len(np.unique(who)) < 2:
        with pytest.raises(ValueError, match="two people at least"):
            split_people(who, fraction, np.random.default_rng(seed))
        return
    train, test = split_people(who, fraction, np.random.default_rng(seed))
    assert sorted([*train, *test]) == list(range(len(who)))
    assert not set(who[train]) & set(who[test])
    assert len(train) and len(test)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 2, float("nan")])
def test_impossible_fractions_are_refused(fraction):
    with pytest.raises(ValueError, match="test_fraction must lie between 0 and 1"):
        split_people([1, 2, 3], fraction, np.random.default_rng(0))


def by_hand(train, test):
    """Pair by pair."""
    size = train.windows.shape[2]
    pairs = list(zip(train.recordings.tolist(), train.starts.tolist(), strict=True))
    return sum(
        any(r == a and abs(s - b) < size for a, b in pairs) for r, s in zip(test.recordings.tolist(), test.starts.tolist(), strict=True)
    )


@given(st.integers(0, 99), st.floats(0.1, 0.9))
def test_overlapping_windows_are_counted(seed, fraction):
    data = made(lengths=(60, 44, 25, 70), seed=1)
    mask = torch.from_numpy(np.random.default_rng(seed).random(len(data)) < fraction)
    if not 0 < int(mask.sum()) < len(data):
        return
    found = leak(data[mask], data[~mask])
    assert found.overlapping == by_hand(data[mask], data[~mask])
    assert found.of == len(data) - int(mask.sum())


def test_a_random_split_leaks_and_a_split_by_person_does_not():
    data = smartwatch()
    order = np.random.default_rng(0).permutation(len(data))
    random = leak(data[torch.from_numpy(order[900:])], data[torch.from_numpy(order[:900])])
    assert random.people == tuple(range(1, 11)) and random.windows == 900 and random.overlapping > 890
    assert str(random).startswith("leak: 100 % of the test windows are of training people")
    train, test = split_people(data.people, 0.2, np.random.default_rng(0))
    apart = leak(data[torch.from_numpy(train)], data[torch.from_numpy(test)])
    assert (apart.people, apart.windows, apart.overlapping) == ((), 0, 0)
    assert str(apart).startswith("no leak")


def test_a_split_in_time_leaks_people_and_no_samples():
    data = smartwatch().only([1])
    found = leak(data.between(0, -6), data.between(-6))
    assert found.people == (1,) and found.windows == found.of and found.overlapping == 0


def test_empty_sets_and_windows_of_two_lengths_are_refused():
    data = smartwatch()
    with pytest.raises(ValueError, match="windows on both sides"):
        leak(data, data[:0])
    with pytest.raises(ValueError, match="windows of one shape"):
        leak(data, smartwatch(size=100))
