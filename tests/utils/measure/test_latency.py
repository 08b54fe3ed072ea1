"""Is the protocol kept? The clock is ours: nothing here depends on how fast the machine is."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch

from utils.measure import Latency, Ratio, Timings, latency


class Clock:
    """Time that passes only when a contestant lets it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Contestant:
    """Takes the given milliseconds, notes what it saw."""

    def __init__(self, clock: Clock, *milliseconds: float, log: list | None = None) -> None:
        self.clock, self.milliseconds, self.calls, self.log = clock, milliseconds, 0, log
        self.saw: set = set()

    def run(self, batch: np.ndarray) -> np.ndarray:
        self.clock.now += self.milliseconds[self.calls % len(self.milliseconds)] / 1000
        self.calls += 1
        self.saw.add((batch.shape, batch.dtype.name, torch.get_num_threads(), gc.isenabled()))
        if self.log is not None:
            self.log.append(self)
        return batch


X = np.zeros((5, 1, 4, 4))


def test_median_and_tail_of_known_times() -> None:
    """Of 1 to 100 ms the median lies at 50.5 and the percentiles where numpy puts them."""
    clock = Clock()
    contestant = Contestant(clock, *range(1, 101))
    row = latency({"a": contestant}, X, rounds=100, warmup=0, budget_s=1e9, clock=clock)["a"]
    assert (row.p50_ms, row.p95_ms, row.p99_ms, row.rounds) == pytest.approx((50.5, 95.05, 99.01, 100))


def test_contestants_see_one_sample_one_thread_and_no_collector() -> None:
    """The conditions that the protocol promises, in float32."""
    clock = Clock()
    contestant = Contestant(clock, 1)
    latency({"a": contestant}, X, rounds=3, clock=clock)
    assert contestant.saw == {((1, 1, 4, 4), "float32", 1, False)}


def test_an_example_may_want_a_gradient() -> None:
    """As a tensor that comes out of a network does."""
    clock = Clock()
    contestant = Contestant(clock, 1)
    latency({"a": contestant}, torch.zeros(2, 3, requires_grad=True), rounds=3, clock=clock)
    assert {seen[0] for seen in contestant.saw} == {(1, 3)}


def test_contestants_are_interleaved_in_changing_order() -> None:
    """In each round each runs once, and nobody always runs first."""
    clock, log = Clock(), []
    a, b = Contestant(clock, 1, log=log), Contestant(clock, 2, log=log)
    latency({"a": a, "b": b}, X, rounds=50, warmup=0, budget_s=1e9, clock=clock)
    rounds = [log[at : at + 2] for at in range(0, len(log), 2)]
    assert all({*pair} == {a, b} for pair in rounds)
    assert 10 < sum(pair[0] is a for pair in rounds) < 40


def test_warm_up_is_not_counted() -> None:
    """The slow first runs are not among the samples."""
    clock = Clock()
    samples = latency({"a": Contestant(clock, 900, 900, 1, 1, 1)}, X, rounds=3, warmup=2, budget_s=1e9, clock=clock).samples_ms["a"]
    np.testing.assert_allclose(samples, 1)


def test_the_budget_ends_the_rounds_early_but_not_before_three() -> None:
    """Rounds of 0.1 s in a budget of 1 s: about ten; rounds of 10 s: three."""
    clock = Clock()
    quick, slow = Contestant(clock, 100), Contestant(clock, 10_000)
    assert latency({"a": quick}, X, warmup=1, budget_s=1, clock=clock)["a"].rounds in (9, 10, 11)
    assert latency({"a": slow}, X, warmup=5, budget_s=1, clock=clock)["a"].rounds == 3
    assert slow.calls == 4  # the warm-up stopped after one


@pytest.mark.parametrize(("most", "rounds"), [("1", (9, 10, 11)), ("1000", (49, 50, 51))])
def test_a_check_of_the_course_may_allow_less_and_never_more(monkeypatch: pytest.MonkeyPatch, most: str, rounds: tuple[int, ...]) -> None:
    """Rounds of 0.1 s with a budget of 5 s of which the environment allows so many."""
    monkeypatch.setenv("TITANS_LATENCY_S", most)
    clock = Clock()
    assert latency({"a": Contestant(clock, 100)}, X, warmup=1, budget_s=5, clock=clock)["a"].rounds in rounds


def test_ratio_is_paired_and_survives_disturbances() -> None:
    """A disturbance that slows both down in half of the rounds changes neither the ratio nor its interval."""
    disturbed = np.where(np.arange(100) % 2, 1.0, 7.0)
    ratio = Timings({"slow": 3 * disturbed, "fast": disturbed}).ratio("slow", "fast")
    assert (ratio.median, ratio.low, ratio.high) == pytest.approx((3, 3, 3))


def test_interval_holds_the_true_ratio_and_narrows_with_rounds() -> None:
    """Noise on both sides, a hundred experiments: the true 2 is inside in about 95, and more rounds make it narrower."""

    def interval(seed: int, rounds: int) -> Ratio:
        a, b = np.random.default_rng(seed).lognormal(0, 0.3, (2, rounds))
        return Timings({"a": 2 * a, "b": b}).ratio("a", "b", resamples=300)

    experiments = [interval(seed, 60) for seed in range(100)]
    assert sum(ratio.low <= 2 <= ratio.high for ratio in experiments) >= 88
    more = interval(0, 1500)
    assert more.high - more.low < 0.5 * np.median([ratio.high - ratio.low for ratio in experiments])


def test_interval_is_where_95_of_100_resampled_medians_lie() -> None:
    """The bootstrap written out: resample the rounds, take the median, cut 2.5 % off each end; another seed, another draw."""
    a, b = np.random.default_rng(0).lognormal(size=(2, 25))
    draws = np.random.default_rng(7)
    medians = [float(np.median((a / b)[draws.integers(25, size=25)])) for _ in range(200)]
    ratio = Timings({"a": a, "b": b}).ratio("a", "b", resamples=200, seed=7)
    assert (ratio.low, ratio.high) == pytest.approx((np.percentile(medians, 2.5), np.percentile(medians, 97.5)))
    assert ratio != Timings({"a": a, "b": b}).ratio("a", "b", resamples=200, seed=8)


def test_the_order_of_the_rounds_follows_the_seed() -> None:
    """Equal seeds, equal orders; another seed, another order."""

    def order(seed: int) -> list[int]:
        clock, log = Clock(), []
        contestants = [Contestant(clock, 1, log=log) for _ in range(4)]
        latency({str(i): c for i, c in enumerate(contestants)}, X, rounds=10, warmup=0, clock=clock, seed=seed)
        return [contestants.index(c) for c in log]

    assert order(1) == order(1) != order(2)


def test_ratio_is_the_same_for_the_same_seed() -> None:
    """And turns round when its arguments do."""
    timings = Timings({"a": np.arange(1.0, 50), "b": np.arange(2.0, 51)[::-1]})
    assert timings.ratio("a", "b", seed=3) == timings.ratio("a", "b", seed=3)
    assert timings.ratio("a", "b").median == pytest.approx(1 / timings.ratio("b", "a").median)


@pytest.mark.parametrize(("arguments", "words"), [({"rounds": 2}, "at least 3 rounds"), ({"warmup": -1}, "warmup must be at least 0.* -1")])
def test_runs_that_say_nothing_are_refused(arguments: dict, words: str) -> None:
    """Too few rounds and a negative warm-up."""
    with pytest.raises(ValueError, match=words):
        latency({"a": Contestant(Clock(), 1)}, X, **arguments)


def test_nobody_an_empty_example_a_stopped_clock_and_a_wrong_name_are_refused() -> None:
    """Each with its own sentence."""
    clock = Clock()
    with pytest.raises(ValueError, match="need a contestant"):
        latency({}, X)
    for example in (X[:0], 3.0, [1.0, 2.0]):
        with pytest.raises(ValueError, match="must be a batch"):
            latency({"a": Contestant(clock, 1)}, example)
    with pytest.raises(ValueError, match="did not advance"):
        latency({"a": Contestant(clock, 0)}, X, rounds=3, clock=clock)
    with pytest.raises(KeyError, match="was not timed"):
        latency({"a": Contestant(clock, 1)}, X, rounds=3, clock=clock)["b"]


def test_latency_is_a_plain_value() -> None:
    """Two equal rows are equal, so that cards compare."""
    assert Latency(1.0, 2.0, 3.0, 10) == Latency(1.0, 2.0, 3.0, 10)
