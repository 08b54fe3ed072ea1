"""Lab 06's oracles against second opinions: exact fractions, all plans of a few tensors, the samples of a machine on paper."""

from fractions import Fraction
from itertools import permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.exercises.checking import assess
from utils.exercises.inside import probing
from utils.exercises.lab06 import arena_plan as arena
from utils.exercises.lab06 import interleave as turns
from utils.exercises.lab06 import lab
from utils.exercises.lab06.calibration_batches import batches_of
from utils.exercises.lab06.largest_difference import farthest
from utils.exercises.lab06.ratio_interval import median_and_interval

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
    assert median_and_interval(a, b) == (pytest.approx(np.median(a / b)), ordered[k - 1], ordered[-k])


def test_the_interval_includes_the_median_in_95_of_100_experiments():
    """Of 600 experiments with 40 rounds each, whose true median is 1."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        _, low, high = median_and_interval(rng.lognormal(0, 0.4, 40), np.ones(40))
        held += low <= 1 <= high
    assert 0.94 <= held / 600 <= 0.985


@settings(deadline=None, max_examples=60)
@given(TENSORS)
def test_a_plan_has_no_overlap_and_no_less_than_the_bound(tensors):
    plan = arena.greedy(tensors)
    assert arena.overlap(tensors, plan) is None
    best = min(arena.peak(tensors, arena.planner(list)(order)) for order in permutations(tensors))
    assert arena.lower_bound(tensors) <= best <= arena.peak(tensors, plan)


@settings(deadline=None, max_examples=60)
@given(TENSORS)
def test_each_tensor_has_the_lowest_offset_that_is_free_byte_by_byte(tensors):
    plan, board = arena.greedy(tensors), np.zeros((6, 24), dtype=bool)
    for name, size, first, last in sorted(tensors, key=lambda tensor: -tensor[1]):
        free = [start for start in range(24 - size) if not board[first : last + 1, start : start + size].any()]
        board[first : last + 1, free[0] : free[0] + size] = True
        assert plan[name] == free[0]


@pytest.mark.parametrize(
    ("a", "b", "offset", "pair"),
    [
        ((4, 0, 2), (4, 2, 3), 3, ("a", "b")),  # the last byte of one is the first of the other
        ((4, 0, 2), (4, 2, 3), 4, None),
        ((4, 0, 2), (4, 3, 3), 0, None),  # never alive at once
        ((9, 0, 2), (1, 1, 1), 5, ("a", "b")),  # one inside the other
    ],
)
def test_overlap(a, b, offset, pair):
    assert arena.overlap([("a", *a), ("b", *b)], {"a": 0, "b": offset}) == pair


def test_the_known_example_in_which_greedy_is_not_the_best():
    """Is the bound a bound and not a promise? Here even the best of all plans needs more."""
    tensors = [("a", 2, 0, 1), ("b", 3, 1, 2), ("c", 2, 2, 3), ("d", 2, 0, 3), ("e", 1, 3, 4), ("f", 4, 4, 5)]
    assert arena.lower_bound(tensors) == 7
    assert arena.peak(tensors, arena.greedy(tensors)) >= 7


def test_turns_begin_with_another_function_each_round():
    assert turns.in_turns("abc", 4) == list("abc" + "abc" + "bca" + "cab" + "abc")


def test_samples_of_a_machine_on_paper():
    """Costs 1 and 10, the pace of the five calls 1 to 5; the order is a b (warm-up), a b, b a."""
    samples = turns.RIGHT(["a", "b"], [1.0, 10.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 0.0)
    assert {name: values.tolist() for name, values in samples.items()} == {"a": [3.0, 6.0], "b": [40.0, 50.0]}


@pytest.mark.parametrize("booted_s", [5.0, 600.0, 31_536_000.0])
def test_its_own_clock_is_judged_alike_on_a_machine_of_any_age(booted_s, monkeypatch):
    """An answer in float32 must not win the case because the computer was started a minute ago."""

    def interleave(contestants, rounds, clock=None):
        starts = {name: turns.torch.tensor(float(turns.time.perf_counter())) for name in contestants}
        for call in [*contestants.values()] * (rounds + 1):
            call()
        now = turns.torch.tensor(float(turns.time.perf_counter()))
        return {name: ((now - start) * 1000 / rounds).repeat(rounds) for name, start in starts.items()}

    monkeypatch.setattr(turns.time, "perf_counter", lambda: booted_s)
    case = next(case for case in lab.exercises["interleave"].cases() if case.name == "its own clock")
    answers = [probing.answer(function, case.inputs, "06", case.probe) for function in (interleave, turns.RIGHT.answer)]
    assert [case.judged(answer, case.inputs).passed for answer in answers] == [False, True]


def test_nothing_is_farther_than_nan():
    assert farthest(np.array([1.0, np.nan]), np.array([1.0, np.nan])) == np.inf
    assert farthest(np.array([1.0, np.inf]), np.array([3.5, np.inf])) == 2.5
    assert farthest(np.array([1.0, -np.inf]), np.array([1.0, np.inf])) == np.inf
    assert farthest(np.array([3], np.uint8), np.array([250], np.uint8)) == 247


def test_a_random_draw_is_taken_for_a_pattern_less_than_once_in_ten_thousand():
    rng = np.random.default_rng(0)
    images = np.arange(60.0).reshape(60, 1, 1)
    for count in (8, 12):
        for _ in range(500):
            drawn = images[rng.permutation(60)[:count]]
            assert batches_of([drawn], (images, count, count, 0)).passed
    assert batches_of([images[rng.permutation(12)]], (images, 12, 12, 0)).about == "neighbors"


def test_calls_are_shown_in_the_order_in_which_they_came():
    def interleave(contestants, rounds, clock=None):
        order = [*contestants] * (rounds + 1)
        return turns.Way(lambda names, rounds: order).answer(contestants, rounds, clock)

    verdict = assess(lab.exercises["interleave"], interleave).outcomes[0].verdict
    first, second, third = verdict.expected.removeprefix("calls ").split(", ")[0].split()
    assert verdict.expected.endswith(f"{second} {third} {first}, {third} {first} {second}, {first} {second} {third}")
    assert verdict.got == f"calls {', '.join([f'{first} {second} {third}'] * 5)}"
