"""The peak of an order, and the best of all orders, against every order."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utils.compress.search.drawn import ARCHITECTURES
from utils.compress.search import best_schedule, counts, peak_memory_of_schedule


@st.composite
def graphs(draw):
    """Up to six operations, each of which reads some of those before it."""
    names = draw(st.permutations("abcdef"))[: draw(st.integers(1, 6))]
    inputs = [draw(st.sets(st.sampled_from(names[:at]))) if at else () for at in range(len(names))]
    return {name: (draw(st.integers(0, 9)), tuple(sorted(reads))) for name, reads in zip(names, inputs, strict=True)}


def slow_peak(graph, order):
    """The definition: while one runs, its output is there, and each output before it that is read then or later, or never."""
    peak = 0
    for at, name in enumerate(order):
        later = [other for other in order[at:]]
        held = {name}
        for one in order[:at]:
            readers = [other for other in graph if one in graph[other][1]]
            if not readers or any(reader in later for reader in readers):
                held.add(one)
        peak = max(peak, sum(graph[one][0] for one in held))
    return peak


def orders(graph):
    return [one for one in permutations(graph) if all(one.index(i) < one.index(name) for name in graph for i in graph[name][1])]


@given(graphs())
@settings(max_examples=60)
def test_peaks_of_all_orders_and_the_least_of_them(graph):
    peaks = {order: peak_memory_of_schedule(graph, order) for order in orders(graph)}
    assert peaks == {order: slow_peak(graph, order) for order in peaks}
    assert peaks[tuple(best_schedule(graph))] == min(peaks.values())


@given(ARCHITECTURES)
@settings(max_examples=20)
def test_the_ram_of_an_architecture_is_the_peak_of_its_graph(architecture):
    """The chain as a graph; an addition writes over its first operand, so it makes nothing and who reads its result reads both."""
    graph: dict = {"input": (784, ())}
    last = kept = ("input",)
    for shape in architecture.convolutions():
        kept = last if shape.opens else kept
        size = shape.outputs * shape.out_size**2
        graph[shape.name] = (size, last)
        last = (shape.name,)
        if shape.closes and shape.skip:
            graph[f"{shape.name} added"] = (0, (*last, *kept))
            last = (shape.name, f"{shape.name} added")
    graph["mean"] = (architecture.features, last)
    graph["head"] = (architecture.classes, ("mean",))
    assert peak_memory_of_schedule(graph, list(graph)) == counts(architecture).peak_activation_bytes


GRAPH = {"x": (4, ()), "y": (2, ("x",))}


@pytest.mark.parametrize(
    ("graph", "order", "said"),
    [
        ({}, [], "no operation"),
        ({"x": (-1, ())}, ["x"], "-1 bytes"),
        ({"x": (1, ("z",))}, ["x"], "'z', which the graph does not have"),
        (GRAPH, ["x"], "each of the 2 operations once"),
        (GRAPH, ["x", "y", "y"], "each of the 2 operations once"),
        (GRAPH, ["y", "x"], "y runs before its input x"),
    ],
)
def test_what_is_no_schedule_is_refused(graph, order, said):
    with pytest.raises(ValueError, match=said):
        peak_memory_of_schedule(graph, order)


def test_a_circle_and_a_large_graph_have_no_best_order():
    with pytest.raises(ValueError, match="circle"):
        best_schedule({"a": (1, ("b",)), "b": (1, ("a",))})
    with pytest.raises(ValueError, match="up to 20 operations"):
        best_schedule({str(at): (1, ()) for at in range(21)})
