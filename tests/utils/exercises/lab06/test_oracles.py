"""Lab 06's oracles against second opinions: exact fractions, all plans of a few tensors, the samples of a machine on paper."""

from fractions import Fraction
from itertools import permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.exercises.lab06 import oracles

TENSORS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=4).map(
    lambda drawn: [(f"t{at}", size, first, first + length) for at, (size, first, length) in enumerate(drawn)]
)


@settings(deadline=None, max_examples=40)
@given(st.integers(6, 200), st.integers(0, 2**32 - 1))
def test_the_interval_is_that_of_order_statistics_by_exact_fractions(n, seed):
    """Is k the largest number of which n fair tosses give fewer heads with a chance of at most 2.5 %?"""
    rng = np.random.default_rng(seed)
    a, b = rng.gamma(2, 1, n), rng.gamma(2, 1, n)
    fewer = lambda k: sum(Fraction(comb(n, i), 2**n) for i in range(k))  # noqa: E731
    k = max(k for k in range(n) if fewer(k) <= Fraction(1, 40))
    ordered = np.sort(a / b)
    assert oracles.median_and_interval(a, b) == (pytest.approx(np.median(a / b)), ordered[k - 1], ordered[-k])


def test_the_interval_holds_the_median_in_95_of_100_experiments():
    """The promise itself: of 600 experiments with 40 rounds each, whose true median is 1."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        _, low, high = oracles.median_and_interval(rng.lognormal(0, 0.4, 40), np.ones(40))
        held += low <= 1 <= high
    assert 0.94 <= held / 600 <= 0.985


@settings(deadline=None, max_examples=60)
@given(TENSORS)
def test_a_plan_has_no_overlap_and_no_less_than_the_bound(tensors):
    plan = oracles.greedy(tensors)
    assert oracles.overlap(tensors, plan) is None
    best = min(oracles.peak(tensors, oracles.placed(order)) for order in permutations(tensors))
    assert oracles.lower_bound(tensors) <= best <= oracles.peak(tensors, plan)


@pytest.mark.parametrize(
    ("tensors", "offsets", "pair"),
    [
        ([("a", 4, 0, 2), ("b", 4, 2, 3)], {"a": 0, "b": 3}, ("a", "b")),  # the last byte of one is the first of the other
        ([("a", 4, 0, 2), ("b", 4, 2, 3)], {"a": 0, "b": 4}, None),
        ([("a", 4, 0, 2), ("b", 4, 3, 3)], {"a": 0, "b": 0}, None),  # never alive at once
        ([("a", 9, 0, 2), ("b", 1, 1, 1)], {"a": 0, "b": 5}, ("a", "b")),  # one inside the other
    ],
)
def test_overlap(tensors, offsets, pair):
    assert oracles.overlap(tensors, offsets) == pair


def test_the_known_example_in_which_greedy_is_not_the_best():
    """Is the bound a bound and not a promise? Here even the best of all plans needs more."""
    tensors = [("a", 2, 0, 1), ("b", 3, 1, 2), ("c", 2, 2, 3), ("d", 2, 0, 3), ("e", 1, 3, 4), ("f", 4, 4, 5)]
    assert oracles.lower_bound(tensors) == 7
    assert oracles.peak(tensors, oracles.greedy(tensors)) >= 7


def test_turns_begin_with_another_contestant_each_round():
    assert oracles.in_turns("abc", 4) == list("abc" + "abc" + "bca" + "cab" + "abc")


def test_samples_of_a_machine_on_paper():
    """Costs 1 and 10, the pace of the five calls 1 to 5; the order is a b (warm-up), a b, b a."""
    samples = oracles.interleaved(["a", "b"], [1.0, 10.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2)
    assert {name: values.tolist() for name, values in samples.items()} == {"a": [3.0, 6.0], "b": [40.0, 50.0]}


def test_nothing_is_farther_than_nan():
    assert oracles.farthest(np.array([1.0, np.nan]), np.array([1.0, np.nan])) == np.inf
    assert oracles.farthest(np.array([1.0, np.inf]), np.array([3.5, np.inf])) == 2.5
    assert oracles.farthest(np.array([3], np.uint8), np.array([250], np.uint8)) == 247
