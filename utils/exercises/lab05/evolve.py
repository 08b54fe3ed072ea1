"""evolve: regularized evolution. The fitness of a network stays where the judge is, which sees which networks were asked for."""

from collections import deque
from collections.abc import Callable
from typing import Any

from utils.exercises.chances import SAME, same_for_equal_generators
from utils.exercises.kit import CHANGED, Case, Cases, Hints, Judge, Rng, answered, exercise, refuses
from utils.exercises.lab05.histories import (
    Landscape,
    not_of_the_worst,
    not_only_of_the_best,
    of_the_living,
    population_first,
    spent,
    told,
    told_alone,
)
from utils.exercises.lab05.mutate import numpy_mutate
from utils.exercises.lab05.networks import CHOICES, Config, chosen

ALIVE = 6  # networks of a population


def numpy_evolve(population: list[Config], fitness: Callable[[Config], float], budget: int, rng: Rng) -> list[Any]:
    """The stand-in."""
    if not 2 <= len(population) <= budget:
        raise ValueError(f"a population of {len(population)} does not go with a budget of {budget}: take 2 networks or more, and fewer")
    history = [(config, fitness(config)) for config in population]
    alive = deque(history, len(population))
    while len(history) < budget:
        first, second = (alive[at] for at in rng.choice(len(alive), 2, replace=False))
        child = numpy_mutate(max(first, second, key=lambda one: one[1])[0], rng)
        history.append((child, fitness(child)))
        alive.append(history[-1])
    return history


_FIRST = ("What is evaluated before there are children?", "Each network of the population once, in its order.")
_CALLS = ("How often may fitness be called?", "budget times in all, the population's calls included: keep the result of each call.")
_OLDEST = (
    "Which networks are alive after a child was evaluated?",
    "The last len(population) networks: the oldest leaves, however good it is.",
)
_WORST = ("Can the worst network become a parent?", "No: draw two different living ones; the one with the higher fitness is the parent.")
_GREEDY = ("Which networks are drawn?", "Two of all living ones at random, each time; the best one alive is not always among them.")
_TOO_FEW = "Raise ValueError for fewer than two networks, or a budget below their number."
_ABOUT: dict[str, Hints] = {
    "return": ("What does the docstring want back?", "All pairs (network, fitness), from the first to the last evaluation."),
    "oldest": _OLDEST,
    "changed": ("Is the population that you were given still the same?", CHANGED[1] + " Work on list(population)."),
}


STEPS = (
    "history = [(one, fitness(one)) for one in population]. While it is shorter than budget: draw two different places with "
    "rng.choice(n, 2, replace=False) out of the last n of history, mutate the fitter one, append (child, fitness(child))."
)


@exercise(numpy_evolve, points=3, difficulty=3, minutes=20, core=False, steps=STEPS)
def evolve(rng: Rng) -> Cases:
    """evolve(population, fitness, budget, rng) -> list of (config, fitness)."""

    def case(name: str, budget: int, judge: Callable[[Landscape], Judge], hints: Hints, n: int = ALIVE, **options: Any) -> Case:
        drawn = [chosen(rng, 4, CHOICES) for _ in range(n)]
        for config in drawn[1:]:  # what has no choices is the same in all
            config["classes"] = drawn[0]["classes"]
            for block, first in zip(config["blocks"], drawn[0]["blocks"], strict=True):
                block["stride"] = first["stride"]
        fitness = Landscape(drawn[0], int(rng.integers(1 << 30)))
        given: dict[str, Any] = {"probe": "evolved", "outside": lambda: fitness, "hints_for": _ABOUT, **options}
        return Case(name, (drawn, budget, int(rng.integers(1 << 30))), judge(fitness), hints=hints, **given)

    def refused(what: str, budget: int, hints: Hints, n: int = ALIVE) -> Case:
        of = case("", budget, lambda fitness: spent, hints, n)
        return refuses(what, of.inputs, weight=0.5, hints=hints, probe=of.probe, outside=of.outside)

    long = "the oldest leaves"
    yield case("a budget for the population only", ALIVE, population_first, _FIRST, weight=2)
    yield case("spends the whole budget", int(rng.integers(20, 40)), lambda fitness: spent, _CALLS)
    yield case(long, 90, lambda fitness: told(fitness, of_the_living, "oldest"), _OLDEST, weight=2)
    yield case("the worst has no children", 90, lambda fitness: told(fitness, not_of_the_worst), _WORST, basis=long)
    yield case("not all are children of the best", 60, lambda fitness: told(fitness, not_only_of_the_best), _GREEDY, basis=long)
    two = ("What if two networks are alive?", "Both are drawn each time, and the fitter one is the parent.")
    yield case("a population of two", 25, lambda fitness: told(fitness, not_of_the_worst), two, n=2)
    twice = answered(same_for_equal_generators("networks"))
    yield case("the same rng, the same history", 15, lambda fitness: twice, SAME, probe="evolved_twice")
    yield refused("a budget below the population", ALIVE - 1, ("Is there enough for the population?", _TOO_FEW))
    yield refused("a population of one", 9, ("Can two different networks be drawn out of one?", _TOO_FEW), n=1)
    yield case("leaves the population as it was", 30, lambda fitness: told_alone(fitness, of_the_living), CHANGED, about="inputs")
