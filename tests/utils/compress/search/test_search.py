"""Evolution and its control: inside the budget, the same for a seed, and better than chance."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utils.compress.search.drawn import SPACE, Pretended
from utils.compress.search import Budget, SearchConfig, Space, Stage, random_search, search

BUDGET = Budget(ram_bytes=9_000, file_bytes=14_000, macs=500_000)
SMALL = SearchConfig(evaluations=40, population=12, sample=4, batch=3)
BOTH = pytest.mark.parametrize("method", [search, random_search])


@BOTH
@given(
    st.integers(0, 99),
    st.builds(Budget, ram_bytes=st.integers(4_000, 9_000), file_bytes=st.integers(9_000, 20_000), macs=st.integers(250_000, 900_000)),
)
@settings(max_examples=8)
def test_no_candidate_is_over_the_budget_or_counted_twice(method, seed, budget):
    config = SearchConfig(evaluations=20, population=8, sample=3, batch=4, seed=seed)
    result = method(SPACE, budget, Pretended(), config)
    assert len({one.architecture for one in result.candidates}) == len(result.candidates) == 20
    for one in result.candidates:
        assert SPACE.contains(one.architecture) and one.accuracy == Pretended()(one.architecture)
        assert budget.excess(one.counts) is None and one.counts == budget.counts(one.architecture)


@BOTH
def test_the_same_seed_gives_the_same_search(method):
    first, again = (method(SPACE, BUDGET, Pretended(), SMALL) for _ in range(2))
    assert first == again and first.cpu_s >= 0
    assert first != method(SPACE, BUDGET, Pretended(), SearchConfig(40, 12, 4, 3, seed=1))


def test_both_begin_alike():
    evolved, drawn = (method(SPACE, BUDGET, Pretended(), SMALL) for method in (search, random_search))
    assert evolved.candidates[:12] == drawn.candidates[:12] and evolved.candidates[12:] != drawn.candidates[12:]


@pytest.mark.parametrize("seed", range(3))
def test_evolution_finds_better_ones_than_chance(seed):
    config = SearchConfig(evaluations=80, population=16, sample=6, batch=4, seed=seed)
    evolved, drawn = (method(SPACE, BUDGET, Pretended(), config) for method in (search, random_search))
    assert evolved.best.accuracy > drawn.best.accuracy


def test_progress_is_told_after_each_batch():
    told = []
    result = search(SPACE, BUDGET, Pretended(), SMALL, progress=told.append)
    sizes = [len(one.candidates) for one in told]
    assert sizes == [*range(3, 13, 3), *range(15, 40, 3), 40] and told[-1] == result
    assert all(one.candidates == result.candidates[: len(one.candidates)] for one in told)


@pytest.mark.parametrize("cost", ["macs", "file_bytes", "peak_activation_bytes"])
def test_the_front_rises_in_cost_and_accuracy(cost):
    result = random_search(SPACE, BUDGET, Pretended(), SMALL)
    front = result.front(cost)
    assert front[-1].accuracy == result.best.accuracy
    assert all(a.accuracy < b.accuracy and getattr(a.counts, cost) < getattr(b.counts, cost) for a, b in pairwise(front))


@BOTH
def test_a_budget_that_nothing_keeps_is_refused(method, monkeypatch):
    monkeypatch.setattr("utils.compress.search.budget.TRIES", 50)
    with pytest.raises(ValueError, match=r"too tight for this space, the smallest architecture is over it \(MACs: [\d,]+ of 10,"):
        method(SPACE, Budget(macs=10), Pretended(), SMALL)


@BOTH
def test_a_space_that_is_used_up_is_refused(method):
    tiny = Space((4, 8), (Stage((8,), (1,), (1, 2), (3,), (1,)),), stem_kernels=(3,))
    with pytest.raises(ValueError, match=f"is left after {tiny.size}"):
        method(tiny, BUDGET, Pretended(), SMALL)


@pytest.mark.parametrize(
    "numbers", [{"evaluations": 0}, {"population": 4, "sample": 8}, {"evaluations": 10, "population": 20}, {"batch": 1.5}, {"crossover": 2}]
)
def test_impossible_settings_are_refused(numbers):
    with pytest.raises(ValueError, match=r"need integers|must lie"):
        SearchConfig(**numbers)
