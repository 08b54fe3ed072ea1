"""Plausible wrong answers to lab 05 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import copy
import itertools


def peak_memory_of_schedule_takes_any_order(graph, order):
    """Refuses nothing. Loses: refuses *. Hints: When can an operation run; Which operations must the order have."""
    last = {}
    for at, name in enumerate(order):
        for one in graph[name][1]:
            last[one] = at
    peak = now = 0
    for at, name in enumerate(order):
        now += graph[name][0]
        peak = max(peak, now)
        now -= sum(graph[one][0] for one in graph[name][1] if last[one] == at)
    return peak


def peak_memory_of_schedule_of_neighbors(graph, order):
    """Each with the next one. Loses: all but a chain; refuses *."""
    _valid(graph, order)
    sizes = [graph[name][0] for name in order]
    return max(one + following for one, following in itertools.pairwise(sizes))


def _valid(graph, order):
    inputs = [set(graph[name][1]) <= set(order[:at]) for at, name in enumerate(order) if name in graph]
    if sorted(order) != sorted(graph) or not all(inputs):
        raise ValueError("the order can't run")


def pareto_front_begins_with_the_cheapest(points):
    """There is none without points. Loses: no points."""
    if any(value != value for point in points for value in point):
        raise ValueError("NaN")
    order = sorted(range(len(points)), key=lambda at: (points[at][0], -points[at][1], at))
    front = [order[0]]
    for at in order[1:]:
        if points[at][1] > points[front[-1]][1] or points[at] == points[front[-1]]:
            front.append(at)
    return front


def _fields(config):
    pairs = [(at, field) for at, block in enumerate(config["blocks"]) for field in block]
    return [(at, field) for at, field in pairs if set(config["choices"].get(field, ())) - {config["blocks"][at][field]}]


def _drawn(values, rng):
    return values[int(rng.integers(len(values)))]


def _mutate(config, rng, fields=_fields, values=None):
    if not fields(config):
        raise ValueError("nothing can change")
    made = copy.deepcopy(config)
    at, field = _drawn(fields(config), rng)
    own = made["blocks"][at][field]
    others = values(config["choices"][field], own) if values else [one for one in config["choices"][field] if one != own]
    made["blocks"][at][field] = _drawn(others, rng)
    return made


def mutate_draws_the_own_value_too(config, rng):
    """May change nothing. Loses: all but refuses *; the same rng, the same networks.
    Hints: Can your function give the network itself.
    """
    return _mutate(config, rng, values=lambda choices, own: choices)


def mutate_every_field(config, rng):
    """Draws all again. Loses: all but refuses *; the same rng, the same networks. Hints: How many fields differ between."""
    made = _mutate(config, rng)
    for block in made["blocks"]:
        for field in set(block) & set(config["choices"]):
            block[field] = _drawn([one for one in config["choices"][field] if one != block[field]] or [block[field]], rng)
    return made


def mutate_to_a_neighbor(config, rng):
    """One step up or down. Loses: every other value is as likely. Hints: Which values may a field get."""

    def near(choices, own):
        at = choices.index(own)
        return [choices[one] for one in (at - 1, at + 1) if 0 <= one < len(choices)]

    return _mutate(config, rng, values=near)


def mutate_draws_the_block_first(config, rng):
    """Fields of small blocks are favored. Loses: every field is as likely. Hints: Is every field drawn as often."""
    at = _drawn(sorted({at for at, _ in _fields(config)}) or [None], rng)
    return _mutate(config, rng, fields=lambda config: [one for one in _fields(config) if one[0] == at])


def mutate_the_last_block(config, rng):
    """Only one block changes. Loses: every field is as likely; every other value is as likely. Hints: Is every field drawn as often."""
    last = len(config["blocks"]) - 1
    return _mutate(config, rng, fields=lambda config: [one for one in _fields(config) if one[0] == last] or _fields(config))


def mutate_any_number(config, rng):
    """Doubles a field. Loses: all but refuses *; the same rng, the same networks. Hints: Which fields can change."""
    made, (at, field) = copy.deepcopy(config), _drawn(_fields(config) or _refused(), rng)
    made["blocks"][at][field] *= 20
    return made


def _refused():
    raise ValueError("nothing can change")


def mutate_copies_the_outside_only(config, rng):
    """The blocks are the given ones. Loses: leaves its inputs as they were. Hints: Are the given blocks the same."""
    made = dict(config)
    at, field = _drawn(_fields(config) or _refused(), rng)
    made["blocks"][at][field] = _drawn([one for one in config["choices"][field] if one != made["blocks"][at][field]], rng)
    return made


def mutate_returns_the_block(config, rng):
    """Not the network. Loses: all but refuses *; the same rng, the same networks. Hints: What does the docstring want back."""
    made, (at, _) = _mutate(config, rng), _drawn(_fields(config), rng)
    return made["blocks"][at]


def mutate_by_its_own_generator(config, rng):
    """Nothing comes from rng. Loses: the same rng, the same networks. Hints: Where does your randomness come from."""
    import numpy as np

    return _mutate(config, np.random.default_rng())


def mutate_endless_choice(config, rng):
    """IndexError where nothing can change. Loses: refuses *. Hints: You raise IndexError."""
    return _mutate(config, rng, fields=lambda config: _fields(config) or [(99, "kernel")])


def _evolve(population, fitness, budget, rng, child=None, alive=None, limit=0):
    if len(population) < 2 or budget < len(population):
        raise ValueError("two networks, and a budget for all")
    history = [(one, fitness(one)) for one in population]
    living = list(history)
    while len(history) < budget + limit:
        first, second = (living[at] for at in rng.choice(len(living), 2, replace=False))
        made = child(living, rng) if child else _mutate(max(first, second, key=lambda one: one[1])[0], rng)
        history.append((made, fitness(made)))
        living.append(history[-1])
        living.remove(alive(living)) if alive else living.pop(0)
    return history


def evolve_counts_children_only(population, fitness, budget, rng):
    """The population comes on top of the budget. Loses: a budget for the population only; spends the whole budget.
    Hints: What is evaluated before there are children.
    """
    return _evolve(population, fitness, budget, rng, limit=len(population))


def evolve_removes_the_worst(population, fitness, budget, rng):
    """Good ones never die. Loses: the oldest leaves; the worst has no children; a population of two; leaves the population as it was.
    Hints: Which networks are alive after a child.
    """
    return _evolve(population, fitness, budget, rng, alive=lambda living: min(living, key=lambda one: one[1]))


def evolve_draws_any_parent(population, fitness, budget, rng):
    """No tournament. Loses: the worst has no children; a population of two. Hints: Can the worst network become a parent."""
    return _evolve(population, fitness, budget, rng, lambda living, rng: _mutate(_drawn(living, rng)[0], rng))


def evolve_takes_the_best(population, fitness, budget, rng):
    """Greedy. Loses: not all are children of the best. Hints: Which networks are drawn."""
    return _evolve(population, fitness, budget, rng, lambda living, rng: _mutate(max(living, key=lambda one: one[1])[0], rng))


def evolve_at_random(population, fitness, budget, rng):
    """Children of no parent. Loses: the oldest leaves; the worst has no children; a population of two; leaves the population as it was.
    Hints: Which networks are alive after a child.
    """

    def unrelated(living, rng):
        made = living[0][0]
        for _ in range(40):
            made = _mutate(made, rng)
        return made

    return _evolve(population, fitness, budget, rng, unrelated)


def evolve_returns_the_best(population, fitness, budget, rng):
    """One pair only. Loses: all but spends the whole budget; refuses *.
    Hints: What does the docstring want back.
    """
    return max(_evolve(population, fitness, budget, rng), key=lambda one: one[1])


def evolve_evaluates_parents_again(population, fitness, budget, rng):
    """Asks for the same fitness in every tournament. Loses: all but a budget for the population only; refuses *; leaves *;
    the same rng, the same history. Hints: How often may fitness be called.
    """
    known = _evolve(population, fitness, budget, rng)
    for one, _ in known[len(population) :]:
        fitness(one)
    return known


def evolve_pops_the_population(population, fitness, budget, rng):
    """Changes the list that it is given. Loses: leaves the population as it was. Hints: Is the population that you were given."""
    history = _evolve(population, fitness, budget, rng)
    population.pop(0)
    return history


def evolve_by_its_own_generator(population, fitness, budget, rng):
    """Nothing comes from rng. Loses: the same rng, the same history. Hints: Where does your randomness come from."""
    import numpy as np

    return _evolve(population, fitness, budget, np.random.default_rng())
