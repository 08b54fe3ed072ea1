"""Peak memory of a graph of operations for an order of execution, and the order with the least (Liberis and Lane, 2020).

Each operation has one output. An operation needs its inputs and its output at once; an output is held until the last
operation that reads it has run, and to the end if nobody reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from utils.measure.counts.liveness import Step, live_bytes

Graph = Mapping[str, tuple[int, tuple[str, ...]]]  # name -> bytes of its output, names of its inputs
MAX_NODES = 20  # of a graph whose best order is searched: there are 2^n sets of operations that may have run


def _check(graph: Graph) -> None:
    if not graph:
        raise ValueError("the graph has no operation: give at least one")
    for name, (size, inputs) in graph.items():
        if size < 0:
            raise ValueError(f"{name} has an output of {size} bytes: give a size >= 0")
        if unknown := [one for one in inputs if one not in graph]:
            raise ValueError(f"{name} reads {unknown[0]!r}, which the graph does not have: add it, without inputs if it is given")


def peak_memory_of_schedule(graph: Graph, order: Sequence[str]) -> int:
    """Return the peak memory in bytes of the operations in this order.

    graph: name -> (bytes of its output, names of the operations whose outputs it reads). What is given from outside is an
    operation without inputs. order: all names, each after those that it reads.

    >>> graph = {"x": (4, ()), "wide": (8, ("x",)), "a": (1, ("wide",)), "b": (1, ("x",)), "sum": (1, ("a", "b"))}
    >>> peak_memory_of_schedule(graph, ["x", "wide", "a", "b", "sum"]), peak_memory_of_schedule(graph, ["x", "b", "wide", "a", "sum"])
    (13, 13)

    Raises:
        ValueError: no operation, a size below 0, an unknown input, an order that is not one of all names or in which an
            operation runs before its inputs.
    """
    _check(graph)
    if sorted(order) != sorted(graph):
        raise ValueError(f"the order must name each of the {len(graph)} operations once, got {list(order)}")
    place = {name: at for at, name in enumerate(order)}
    for name, (_, inputs) in graph.items():
        if late := [one for one in inputs if place[one] >= place[name]]:
            raise ValueError(f"{name} runs before its input {late[0]}: put {late[0]} first")
    steps = [Step(name, frozenset(graph[name][1]), (name,)) for name in order]
    sizes = {name: size for name, (size, _) in graph.items()}
    return max(live_bytes(steps, sizes, (), _unread(graph)))


def _unread(graph: Graph) -> set[str]:
    return set(graph) - {one for _, inputs in graph.values() for one in inputs}


def best_schedule(graph: Graph) -> list[str]:
    """Return an order of the operations with the least peak memory of all orders; of several the first by name.

    Dynamic programming over the sets of operations that have run.

    >>> graph = {"x": (1, ()), "a": (9, ("x",)), "b": (9, ("x",)), "c": (1, ("a",)), "d": (1, ("b",)), "e": (1, ("c", "d"))}
    >>> best_schedule(graph)
    ['x', 'a', 'c', 'b', 'd', 'e']

    Raises:
        ValueError: what `peak_memory_of_schedule` refuses of a graph, a circle, or more than 20 operations.
    """
    _check(graph)
    if len(graph) > MAX_NODES:
        raise ValueError(f"the best of all orders is searched for up to {MAX_NODES} operations, got {len(graph)}: give a part")
    names, unread = sorted(graph), _unread(graph)
    readers = {name: frozenset(other for other in names if name in graph[other][1]) for name in names}

    def held(done: frozenset[str]) -> int:
        return _total(graph, (one for one in done if one in unread or readers[one] - done))

    @cache
    def rest(done: frozenset[str]) -> tuple[float, str]:
        """The least peak of what is still to run, and the operation that runs next."""
        if len(done) == len(names):
            return 0, ""
        found: tuple[float, str] = (float("inf"), "")
        for name in names:
            if name not in done and done.issuperset(graph[name][1]):
                now = held(done) + graph[name][0]
                found = min(found, (max(now, rest(done | {name})[0]), name))
        return found

    order: list[str] = []
    while len(order) < len(names):
        if not (name := rest(frozenset(order))[1]):
            raise ValueError("the operations read each other in a circle, so none can be the first: remove an input")
        order.append(name)
    return order


def _total(graph: Graph, names: Iterable[str]) -> int:
    return sum(graph[name][0] for name in names)
