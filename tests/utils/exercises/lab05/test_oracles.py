"""Lab 05's oracles against other ways to the same numbers."""

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.exercises.lab05.evolve import numpy_evolve
from utils.exercises.lab05.fronts import ORACLE, hull
from utils.exercises.lab05.mutate import numpy_mutate
from utils.exercises.lab05.mutations import fault, others
from utils.exercises.lab05.networks import CHOICES, built, chosen, counted
from utils.exercises.lab05.pareto_front import numpy_front
from utils.exercises.lab05.peak_memory_of_schedule import numpy_peak
from utils.exercises.lab05.schedules import held, peak

NETWORKS = st.integers(0, 2**32 - 1).map(lambda seed: chosen(np.random.default_rng(seed), 3, CHOICES))
POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14)


@st.composite
def graphs(draw):
    """Up to five operations, each of which reads some of those before it."""
    names = draw(st.permutations("abcde"))[: draw(st.integers(1, 5))]
    inputs = [sorted(draw(st.sets(st.sampled_from(names[:at])))) if at else [] for at in range(len(names))]
    return {name: (draw(st.integers(0, 9)), reads) for name, reads in zip(names, inputs, strict=True)}


@given(graphs())
@settings(max_examples=60)
def test_the_peak_of_every_order_by_its_definition_and_by_rectangles(graph):
    for order in permutations(graph):
        if all(order.index(one) < order.index(name) for name, (_, inputs) in graph.items() for one in inputs):
            assert peak(held)(graph, order) == numpy_peak(graph, order)
        else:
            with pytest.raises(ValueError, match="runs before"):
                numpy_peak(graph, order)


@given(POINTS)
def test_the_front_by_all_pairs_and_by_sorting(points):
    assert ORACLE(points) == numpy_front(points)
    assert set(hull(points)) <= set(ORACLE(points))


@given(NETWORKS)
@settings(max_examples=10, deadline=None)
def test_macs_and_parameters_of_a_network_that_runs(network):
    net = built(network)
    macs = 0

    def count(layer, inputs, output):
        nonlocal macs
        macs += output.numel() * layer.weight[0].numel()

    for layer in net:
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            layer.register_forward_hook(count)
    with torch.no_grad():
        net(torch.zeros(1, network["in_channels"], network["size"], network["size"]))
    assert counted(network) == (macs, sum(one.numel() for one in net.parameters()))


@given(NETWORKS, st.integers(0, 100))
@settings(max_examples=30)
def test_a_mutation_and_the_way_back_are_one_field_each(network, seed):
    child = numpy_mutate(network, np.random.default_rng(seed))
    assert fault(child, network) == fault(network, child) == ("", "")
    assert fault(network, network)[1] == "nothing"
    assert len(others(child)) == len(others(network))


def test_evolution_finds_more_than_its_population_where_fields_add_up():
    rng = np.random.default_rng(0)
    start = chosen(rng, 4, CHOICES)
    population = [start, *(numpy_mutate(start, rng) for _ in range(5))]
    history = numpy_evolve(population, lambda config: sum(block["width"] for block in config["blocks"]), 200, rng)
    assert max(value for _, value in history[6:]) > max(value for _, value in history[:6])
    assert len(history) == 200
