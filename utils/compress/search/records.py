"""Recorded searches of the zoo: several seeds of evolution and of random search, and networks of theirs that were trained alone.

`start.py train NAME` writes zoo/NAME/seedN.json; this module reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.compress.search.budget import Budget, Counts
from utils.files import ZOO
from utils.models import zoo
from utils.models.chain import Architecture


@dataclass(frozen=True)
class TrainedCandidate:
    """A candidate of a search that was then trained alone for a few epochs; accuracies in percent, of validation images.

    rank: among the estimates of its search, 0 is the highest; None if it was not chosen for its estimate.
    drawn: whether it was drawn at random among all within the budget, whatever its estimate.
    estimate: with shared weights. unadjusted: the same with the batch norm statistics of the largest network.
    validation: after its own training. int8: of the int8 file of that. size_bytes: of this file. Both are None where no int8
        file could be written that answers like the network.
    """

    architecture: Architecture
    counts: Counts
    rank: int | None
    drawn: bool
    estimate: float
    unadjusted: float
    validation: float
    int8: float | None
    size_bytes: int | None


@dataclass(frozen=True)
class RecordedSearch:
    """A search of a record. macs, file_bytes, estimates: of all candidates, in the order in which they were drawn.

    refused: as of `SearchResult`. cpu_s: of all evaluations. training_cpu_s: of the candidates that were trained alone.
    """

    seed: int
    macs: tuple[int, ...]
    file_bytes: tuple[int, ...]
    estimates: tuple[float, ...]
    refused: int
    cpu_s: float
    training_cpu_s: float
    trained: tuple[TrainedCandidate, ...]

    @property
    def best_so_far(self) -> tuple[float, ...]:
        """The highest estimate after each candidate."""
        return tuple(np.maximum.accumulate(self.estimates).tolist())

    @property
    def winner(self) -> TrainedCandidate:
        """Of the candidates with the highest estimates the one whose int8 file was the best after training; of several the first."""
        best = (one for one in self.trained if one.rank is not None)
        return max(best, key=lambda one: (-1.0 if one.int8 is None else one.int8, -(one.rank or 0)))


def recorded_searches(
    budget: str, method: str = "evolution", name: str = "fashion_searches", seeds: Sequence[int] | None = None
) -> tuple[RecordedSearch, ...]:
    """Return the recorded searches under one budget, one for each seed.

    budget: a name under [budgets] of the recipe. method: "evolution" or "random". seeds: those of the recipe unless given.

    Raises:
        FileNotFoundError: no such recipe, or a seed that was not run.
        ValueError: an unknown budget or method.
    """
    found = []
    for seed, searches in _records(name, seeds):
        if budget not in searches or method not in searches[budget]:
            known = ", ".join(f"{one} by {' or '.join(methods)}" for one, methods in searches.items())
            raise ValueError(f"{name} has no search for {budget!r} by {method!r}: choose one of {known}")
        found.append(_search(seed, searches[budget][method]))
    return tuple(found)


def recorded_budget(budget: str, name: str = "fashion_searches") -> Budget:
    """Return the limits of recorded searches.

    Raises:
        FileNotFoundError: no such recipe.
        ValueError: a budget that it does not have.
    """
    budgets = zoo.recipe(name)["budgets"]
    if budget not in budgets:
        raise ValueError(f"{name} has no budget {budget!r}: choose one of {', '.join(budgets)}")
    return Budget(**budgets[budget]["limits"])


def drawn_candidates(name: str = "fashion_searches") -> tuple[TrainedCandidate, ...]:
    """Return the candidates that were drawn at random and trained whatever their estimates, each architecture once.

    Raises:
        FileNotFoundError: no such recipe, or a seed that was not run.
    """
    found: dict[Architecture, TrainedCandidate] = {}
    for seed, searches in _records(name):
        for methods in searches.values():
            for one in methods.values():
                found |= {trained.architecture: trained for trained in _search(seed, one).trained if trained.drawn}
    return tuple(found.values())


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Spearman's rank correlation, from -1 to 1; 1 means that both put the same things in the same order.

    >>> rank_correlation([70.0, 75.0, 82.0], [88.0, 89.5, 91.0])
    1.0

    Raises:
        ValueError: fewer than three pairs, another number of values, values that are not finite, or all the same.
    """
    from scipy.stats import spearmanr  # takes a second to load

    if len(first) != len(second) or len(first) < 3:
        raise ValueError(f"a rank correlation needs three pairs or more, got {len(first)} and {len(second)} values")
    values = np.asarray([first, second], dtype=float)
    if not np.isfinite(values).all() or (np.ptp(values, axis=1) == 0).any():
        raise ValueError("a rank correlation needs finite values that are not all the same: look at the record")
    return float(spearmanr(*values).statistic)


def _records(name: str, seeds: Sequence[int] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    for seed in zoo.recipe(name)["seeds"] if seeds is None else seeds:
        file = ZOO / name / f"seed{seed}.json"
        if not file.is_file():
            raise FileNotFoundError(f"{file} is missing: unpack the course again, or train {name} --seed {seed} as zoo/README.md says")
        yield seed, json.loads(file.read_text(encoding="utf-8"))["searches"]


def _search(seed: int, row: dict[str, Any]) -> RecordedSearch:
    trained = tuple(
        TrainedCandidate(
            Architecture.from_dict(one["architecture"]),
            Counts(**one["counts"]),
            one["rank"],
            one["drawn"],
            one["estimate"],
            one["unadjusted"],
            one["validation"],
            one["int8"],
            one["bytes"],
        )
        for one in row["trained"]
    )
    return RecordedSearch(
        seed,
        tuple(row["macs"]),
        tuple(row["file_bytes"]),
        tuple(row["estimates"]),
        row["refused"],
        row["cpu_s"],
        sum(one["cpu_s"] for one in row["trained"]),
        trained,
    )
