"""Search under a budget: regularized evolution (Real et al., 2019), and random search as its control.

An architecture over the budget is never evaluated and does not count as an evaluation. All candidates of a batch are drawn
before the first of them is evaluated. The result therefore depends on the seed and not on the number or speed of workers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from utils.compress.search.budget import Budget, Counts, draw_within
from utils.compress.search.evaluators import Evaluate, Pool, evaluators
from utils.compress.search.front import pareto_front
from utils.compress.search.space import Space
from utils.compress.search.variation import crossover, mutate
from utils.models.chain import Architecture

CHILDREN = 200  # rejected children in a row, over the budget or known, before an architecture is drawn at random


@dataclass(frozen=True)
class SearchConfig:
    """Settings of a search.

    evaluations: candidates in all. population: parents that are alive. sample: parents of a tournament. batch: candidates
    that are drawn at once. crossover: share of the children that have two parents; all are mutated.

    Raises:
        ValueError: a number below 1, a population below the sample or above the evaluations, a share outside [0, 1].
    """

    evaluations: int = 120
    population: int = 32
    sample: int = 8
    batch: int = 4
    crossover: float = 0.25
    seed: int = 0

    def __post_init__(self) -> None:
        sizes = (self.evaluations, self.population, self.sample, self.batch)
        if any(type(size) is not int or size < 1 for size in sizes) or not self.sample <= self.population <= self.evaluations:
            raise ValueError(f"need integers with 1 <= sample <= population <= evaluations and a batch of at least 1, got {sizes}")
        if not 0 <= self.crossover <= 1:
            raise ValueError(f"crossover must lie in [0, 1], got {self.crossover}: it is a share of the children")


@dataclass(frozen=True)
class Candidate:
    """An evaluated architecture. accuracy: as evaluated, in percent. cpu_s: of its evaluation, not compared."""

    architecture: Architecture
    counts: Counts
    accuracy: float
    cpu_s: float = field(compare=False, default=math.nan)


@dataclass(frozen=True)
class SearchResult:
    """Result of a search. candidates: all evaluated ones, in the order in which they were drawn.

    refused: number of drawn architectures that were not evaluated, because they were over the budget or known; not compared.
    """

    candidates: tuple[Candidate, ...]
    refused: int = field(compare=False, default=0)

    @property
    def best(self) -> Candidate:
        """The candidate of the highest accuracy; of several the one with the fewest MACs, then the first."""
        return max(self.candidates, key=lambda one: (one.accuracy, -one.counts.macs))

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all evaluations together."""
        return sum(one.cpu_s for one in self.candidates)

    def front(self, cost: str = "macs") -> list[Candidate]:
        """Return the Pareto front of cost and accuracy, by rising cost. cost: the name of a field of `Counts`."""
        points = [(getattr(one.counts, cost), one.accuracy) for one in self.candidates]
        return [self.candidates[at] for at in pareto_front(points)]


Progress = Callable[[SearchResult], None]


def search(
    space: Space,
    budget: Budget,
    evaluate: Evaluate,
    config: SearchConfig | None = None,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Search by regularized evolution: the best of a sample of the population gets a mutated child, and the oldest is removed.

    The first `population` candidates are drawn as `random_search` draws them with the same seed. No architecture is
    evaluated twice, and none over the budget.

    evaluate: architecture -> accuracy in percent; picklable, and the same in every process.
    workers: processes of this computer; 1 evaluates in this one. scheduler: address of a Dask scheduler, whose workers
        evaluate instead. Neither changes the result.
    progress: called after each batch with the result so far.

    >>> from utils.compress.search import Stage
    >>> space = Space((4, 8), (Stage((8, 12, 16)), Stage((16, 24))))
    >>> result = search(space, Budget(macs=200_000), lambda one: one.features, SearchConfig(evaluations=40, population=10, sample=4))
    >>> result.best.accuracy, result.best.counts.macs <= 200_000
    (24.0, True)

    Raises:
        ValueError: no architecture of the space is within the budget, or not as many as evaluations are asked for.
        PoolError: no worker can be started or reached, or one ends again and again.
    """
    config = config or SearchConfig()
    rng = np.random.default_rng(config.seed)
    known: set[Architecture] = set()

    def children(found: list[Candidate]) -> tuple[Architecture, int]:
        alive = found[-config.population :]
        if len(found) < config.population:
            return _fresh(space, budget, known, rng)
        refused = 0
        for _ in range(CHILDREN):
            child = _child(alive, space, config, rng)
            if child not in known and budget.allows(child):
                return child, refused
            refused += 1
        child, more = _fresh(space, budget, known, rng)
        return child, refused + more

    with evaluators(evaluate, workers, scheduler) as pool:
        return _run(children, known, budget, config, pool, progress)


def random_search(
    space: Space,
    budget: Budget,
    evaluate: Evaluate,
    config: SearchConfig | None = None,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Search at random: each candidate is drawn uniformly among those within the budget. All else as `search`, whose control it is.

    config: only its evaluations, batch and seed matter here.
    """
    config = config or SearchConfig()
    rng = np.random.default_rng(config.seed)
    known: set[Architecture] = set()
    with evaluators(evaluate, workers, scheduler) as pool:
        return _run(lambda found: _fresh(space, budget, known, rng), known, budget, config, pool, progress)


def _fresh(space: Space, budget: Budget, known: set[Architecture], rng: np.random.Generator) -> tuple[Architecture, int]:
    """Draw an architecture within the budget that is not known; return it and the number of rejected ones."""
    refused = 0
    for _ in range(CHILDREN):
        found, over = draw_within(space, budget, rng)
        refused += over
        if found not in known:
            return found, refused
        refused += 1
    raise ValueError(f"hardly any architecture within the budget is left after {len(known)}: ask for fewer evaluations")


def _child(alive: list[Candidate], space: Space, config: SearchConfig, rng: np.random.Generator) -> Architecture:
    def parent() -> Architecture:
        drawn = rng.choice(len(alive), size=config.sample, replace=False)
        return alive[max(drawn, key=lambda at: alive[at].accuracy)].architecture

    first = parent()
    if rng.random() < config.crossover:
        first = crossover(first, parent(), space, rng)
    return mutate(first, space, rng)


def _run(
    draw: Callable[[list[Candidate]], tuple[Architecture, int]],
    known: set[Architecture],
    budget: Budget,
    config: SearchConfig,
    pool: Pool,
    progress: Progress | None,
) -> SearchResult:
    found: list[Candidate] = []
    refused = 0
    while len(found) < config.evaluations:
        batch: list[Architecture] = []
        bound = config.population if len(found) < config.population else config.evaluations
        for _ in range(min(config.batch, bound - len(found), config.evaluations - len(found))):
            one, before = draw(found)
            known.add(one)
            batch.append(one)
            refused += before
        scores = pool(batch)
        found += [Candidate(one, budget.counts(one), *score) for one, score in zip(batch, scores, strict=True)]
        if progress:
            progress(SearchResult(tuple(found), refused))
    return SearchResult(tuple(found), refused)
