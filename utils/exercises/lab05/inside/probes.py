"""Lab 05's probes. Which methods of the generator are called is free."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from utils.exercises.inside.probing import bare

__all__ = ["evolved", "evolved_twice", "mutant", "mutants", "mutants_of_one", "mutants_twice"]

Function = Callable[..., Any]


def mutant(function: Function, config: dict[str, Any], seed: int) -> Any:
    """Call `mutate` with a generator of this seed."""
    return function(config, np.random.default_rng(seed))


def mutants(function: Function, config: dict[str, Any], count: int, seed: int) -> list[Any]:
    """`count` networks made of the same one, which each call gets unchanged."""
    rng = np.random.default_rng(seed)
    return [function(copy.deepcopy(config), rng) for _ in range(count)]


def mutants_of_one(function: Function, config: dict[str, Any], count: int, seed: int) -> list[Any]:
    """As `mutants`, and each call gets the very same network."""
    rng = np.random.default_rng(seed)
    return [function(config, rng) for _ in range(count)]


def mutants_twice(function: Function, config: dict[str, Any], count: int, seed: int) -> dict[str, Any]:
    """Three runs of `mutants`: two with equal generators, one with another."""
    return {name: mutants(function, config, count, one) for name, one in _runs(seed).items()}


def evolved(function: Function, ask: Function, population: list[dict[str, Any]], budget: int, seed: int) -> Any:
    """Call `evolve` with a fitness that asks for its result, which is outside: that of `evolve.Landscape`."""

    def fitness(config: dict[str, Any]) -> float:
        return ask(*(bare(block[field]) for block in config["blocks"] for field in sorted(block)))

    return function(population, fitness, budget, np.random.default_rng(seed))


def evolved_twice(function: Function, ask: Function, population: list[dict[str, Any]], budget: int, seed: int) -> dict[str, Any]:
    """Three runs of `evolved`: two with equal generators, one with another."""
    return {name: evolved(function, ask, copy.deepcopy(population), budget, one) for name, one in _runs(seed).items()}


def _runs(seed: int) -> dict[str, int]:
    return {"first": seed, "second": seed, "other": seed + 1}
