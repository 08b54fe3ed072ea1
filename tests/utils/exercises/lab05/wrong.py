"""Wrong answers to lab 05 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import itertools

import numpy as np

from tests.utils.exercises.lab05 import right
from tests.utils.exercises.wrong_answers import edited

_peak, _front = right.peak_memory_of_schedule_by_counting_readers, right.pareto_front_by_sorting
_mutate, _evolve = right.mutate_by_a_copy, right.evolve_by_slices

_DRAWN, _OWN = "    at, field =", 'made["blocks"][at][field]'
_EVERY_FIELD = "Loses: every field is as likely"
_ANY = "Loses: all but refuses *; the same rng, the same networks"
_PARENT = "max((history[-n:][at] for at in pair), key=lambda one: one[1])"
_ALIVE = (
    "Loses: the oldest leaves; the worst has no children; a population of two; leaves the population as it was. "
    "Hints: Which networks are alive after a child"
)
TABLE = {
    "peak_memory_of_schedule_takes_any_order": (
        "Loses: refuses *. Hints: When can an operation run; Which operations must the order have",
        edited(_peak, {"_check(graph, order)": ""}),
    ),
    "peak_memory_of_schedule_of_neighbors": (
        "Loses: all but a chain; refuses *",
        lambda *given: [_peak(*given), max(map(sum, itertools.pairwise(given[0][name][0] for name in given[1])))][1],
    ),
    "pareto_front_begins_with_the_cheapest": ("Loses: no points", lambda points: [points[0], _front(points)][1]),
    "mutate_draws_the_own_value_too": (
        f"{_ANY}. Hints: Can your function give the network itself",
        edited(_mutate, {f" if value != {_OWN}": ""}),
    ),
    "mutate_every_field": (
        f"{_ANY}. Hints: How many fields differ between",
        edited(
            _mutate,
            {
                "    at, field = fields[int(rng.random() * len(fields))]\n    ": "    for at, field in fields:\n        ",
                f"    {_OWN} =": f"        {_OWN} =",
            },
        ),
    ),
    "mutate_to_a_neighbor": (
        "Loses: every other value is as likely. Hints: Which values may a field get",
        edited(
            _mutate,
            {
                "    values =": f'    choices = config["choices"][field]\n    own = choices.index({_OWN})\n    values =',
                f"value != {_OWN}": "abs(choices.index(value) - own) == 1",
            },
        ),
    ),
    "mutate_draws_the_block_first": (  # fields of small blocks are favored
        f"{_EVERY_FIELD}. Hints: Is every field drawn as often",
        edited(
            _mutate,
            {
                _DRAWN: "    block = rng.choice(sorted({at for at, _ in fields}))\n"
                f"    fields = [one for one in fields if one[0] == block]\n{_DRAWN}"
            },
        ),
    ),
    "mutate_the_last_block": (
        f"{_EVERY_FIELD}; every other value is as likely. Hints: Is every field drawn as often",
        edited(_mutate, {_DRAWN: f'    fields = [one for one in fields if one[0] == len(config["blocks"]) - 1] or fields\n{_DRAWN}'}),
    ),
    "mutate_any_number": (
        f"{_ANY}. Hints: Which fields can change",
        edited(_mutate, {"values[rng.integers(len(values))]": f"20 * {_OWN}"}),
    ),
    "mutate_copies_the_outside_only": (
        "Loses: leaves its inputs as they were. Hints: Are the given blocks the same",
        edited(_mutate, {"copy.deepcopy(config)": "dict(config)"}),
    ),
    "mutate_returns_the_block": (
        f"{_ANY}. Hints: What does the docstring want back",
        edited(_mutate, {"return made": 'return made["blocks"][at]'}),
    ),
    "mutate_by_its_own_generator": (
        "Loses: the same rng, the same networks. Hints: Where does your randomness come from",
        lambda config, rng: _mutate(config, np.random.default_rng()),
    ),
    "mutate_endless_choice": ("Loses: refuses *. Hints: You raise IndexError", edited(_mutate, {"not fields": "False"})),
    "evolve_counts_children_only": (  # the population comes on top of the budget
        "Loses: a budget for the population only; spends the whole budget. Hints: What is evaluated before there are children",
        edited(_evolve, {"range(budget - n)": "range(budget)"}),
    ),
    "evolve_removes_the_worst": (_ALIVE, edited(_evolve, {"history[-n:]": "sorted(history, key=lambda one: one[1])[-n:]"})),
    "evolve_draws_any_parent": (
        "Loses: the worst has no children; a population of two. Hints: Can the worst network become a parent",
        edited(_evolve, {_PARENT: "history[-n:][pair[0]]"}),
    ),
    "evolve_takes_the_best": (
        "Loses: not all are children of the best. Hints: Which networks are drawn",
        edited(_evolve, {_PARENT: "max(history[-n:], key=lambda one: one[1])"}),
    ),
    "evolve_at_random": (  # children of no parent
        _ALIVE,
        edited(
            _evolve,
            {
                "child = mutate_by_a_copy(parent[0], rng)": "child = history[-n][0]\n        for _ in range(40):\n"
                "            child = mutate_by_a_copy(child, rng)"
            },
        ),
    ),
    "evolve_returns_the_best": (
        "Loses: all but spends the whole budget; refuses *. Hints: What does the docstring want back",
        lambda *given: max(_evolve(*given), key=lambda one: one[1]),
    ),
    "evolve_evaluates_parents_again": (
        "Loses: all but a budget for the population only; refuses *; leaves *; the same rng, the same history. "
        "Hints: How often may fitness be called",
        edited(_evolve, {"return history": "return [(one, fitness(one)) if at >= n else (one, f) for at, (one, f) in enumerate(history)]"}),
    ),
    "evolve_pops_the_population": (
        "Loses: leaves the population as it was. Hints: Is the population that you were given",
        lambda population, *given: [_evolve(population, *given), population.pop(0)][0],
    ),
    "evolve_by_its_own_generator": (
        "Loses: the same rng, the same history. Hints: Where does your randomness come from",
        lambda population, fitness, budget, rng: _evolve(population, fitness, budget, np.random.default_rng()),
    ),
}
