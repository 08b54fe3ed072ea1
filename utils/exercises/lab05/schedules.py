"""What is in memory while a graph of operations runs: by the definition, and as others get it wrong."""

from collections.abc import Callable, Mapping, Sequence

Graph = Mapping[str, tuple[int, Sequence[str]]]
Held = Callable[[Graph, Sequence[str], int], set[str]]


def held(graph: Graph, order: Sequence[str], at: int) -> set[str]:
    """By the definition: the running one, and each earlier one that is read now or later, or never."""
    readers = {name: [other for other in order if name in graph[other][1]] for name in order}
    waiting = {name for name in order[:at] if not readers[name] or any(other in order[at:] for other in readers[name])}
    return {order[at]} | waiting


def peak(of: Held) -> Callable[[Graph, Sequence[str]], int]:
    """The largest sum of what is held. of: (graph, order, place in it) -> names."""
    return lambda graph, order: max(sum(graph[name][0] for name in of(graph, order, at)) for at in range(len(order)))


def pairs(graph: Graph, order: Sequence[str], at: int) -> set[str]:
    """The running one and its inputs."""
    return {order[at], *graph[order[at]][1]}


def freed_before(graph: Graph, order: Sequence[str], at: int) -> set[str]:
    """Inputs are freed before the output is there."""
    later = {one for other in order[at + 1 :] for one in graph[other][1]}
    return {name for name in held(graph, order, at) if name == order[at] or name in later or name not in _read(graph)}


def freed_by_the_first(graph: Graph, order: Sequence[str], at: int) -> set[str]:
    """The first reader frees."""
    done = {one for other in order[:at] for one in graph[other][1]}
    return (held(graph, order, at) - done) | {order[at], *graph[order[at]][1]}


def _read(graph: Graph) -> set[str]:
    return {one for _, inputs in graph.values() for one in inputs}


def freed_unread(graph: Graph, order: Sequence[str], at: int) -> set[str]:
    """What is never read is freed at once."""
    return {name for name in held(graph, order, at) if name in _read(graph) or name == order[at]}
