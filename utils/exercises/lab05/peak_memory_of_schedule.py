"""peak_memory_of_schedule: the RAM that a graph of operations needs if they run in this order."""

from collections.abc import Sequence

import numpy as np

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, keeps_inputs, refuses
from utils.exercises.lab05.schedules import Graph, freed_before, freed_by_the_first, freed_unread, held, pairs, peak


def numpy_peak(graph: Graph, order: Sequence[str]) -> int:
    """The stand-in: each output is a rectangle from its own step to its last reader's; the peak is the tallest column."""
    if sorted(order) != sorted(graph):
        raise ValueError(f"the order must have each of the {len(graph)} operations once, got {len(order)}: add or remove some")
    place = {name: at for at, name in enumerate(order)}
    columns = np.zeros(len(order), dtype=np.int64)
    for name, (size, inputs) in graph.items():
        if any(place[one] >= place[name] for one in inputs):
            raise ValueError(f"{name} runs before one of its inputs: put it behind {', '.join(inputs)}")
        last = max((place[other] for other, (_, reads) in graph.items() if name in reads), default=len(order) - 1)
        columns[place[name] : last + 1] += size
    return int(columns.max())


_RUNNING = ("What is in memory while an operation runs?", "Its output, its inputs, and every earlier output that is read later.")
_WAITING = (
    "Which operation still needs the input of a block with a skip connection?",
    "The addition: until it has run, the input stays in memory.",
)
_INPUTS = ("When is an input freed?", "After the operation has run: input and output are in memory at once.")
_LAST = ("Which reader frees an output?", "The last one in the order, not the first.")
_FREE = ("Is an output needed for ever?", "No: it goes once the last operation that reads it has run.")
_RESULT = ("What if no operation reads an output?", "It is a result of the network: keep it to the end.")
_ORDER = ("In which order do the operations run?", "In that of the list; the order of the dict says nothing.")
MISTAKES = (
    Mistake("the largest output", peak(lambda graph, order, at: {order[at]}), _RUNNING),
    Mistake("frees nothing", peak(lambda graph, order, at: set(order)), _FREE),
    Mistake("only the operation's own inputs and output", peak(pairs), _WAITING),
    Mistake("frees the inputs first", peak(freed_before), _INPUTS),
    Mistake("frees behind the first reader", peak(freed_by_the_first), _LAST),
    Mistake("frees what is never read", peak(freed_unread), _RESULT),
    Mistake("in the order of the dict", lambda graph, order: peak(held)(graph, list(graph)), _ORDER),
    Mistake("the memory at the end", lambda graph, order: sum(graph[name][0] for name in held(graph, order, len(order) - 1)), _RUNNING),
)
STEPS = (
    "Refuse a wrong order. Find the place of each output's last reader; without a reader it is the end. Go through the order "
    "with a set of what is in memory: add the output, compare the sum with the peak, then remove what has its last reader here."
)


@exercise(numpy_peak, points=3, difficulty=3, minutes=20, judge=equal_to(peak(held)), mistakes=MISTAKES, rtol=0, steps=STEPS)
def peak_memory_of_schedule(rng: Rng) -> Cases:
    """peak_memory_of_schedule(graph, order) -> int."""

    def size(low: int = 20, high: int = 99) -> int:
        return between(rng, low, high)

    chain = {"image": (size(), []), "conv": (size(200, 300), ["image"]), "pool": (size(), ["conv"]), "head": (10, ["pool"])}
    yield Case("a chain", (chain, list(chain)), weight=2, hints=_INPUTS)
    skip = {
        "image": (size(), []),
        "block": (size(100, 150), ["image"]),
        "a": (size(160, 200), ["block"]),
        "b": (size(210, 250), ["a"]),
        "add": (size(), ["b", "block"]),
    }
    yield Case("a skip connection", (skip, list(skip)), hints=_WAITING)
    branches = {
        "image": (size(), []),
        "left": (size(300, 400), ["image"]),
        "right": (size(401, 500), ["image"]),
        "left out": (size(1, 9), ["left"]),
        "right out": (size(10, 19), ["right"]),
        "sum": (size(1, 9), ["left out", "right out"]),
    }
    yield Case("two branches at a time", (branches, list(branches)), weight=2, hints=_FREE)
    one_by_one = ["image", "left", "left out", "right", "right out", "sum"]
    yield Case("the same, one branch after the other", (branches, one_by_one), weight=2, hints=_ORDER)
    often = {"x": (size(300, 400), []), "a": (size(), ["x"]), "w": (size(), ["a"]), "b": (size(), ["a"]), "c": (size(200, 299), ["b"])}
    often["d"] = (1, ["x", "c", "w"])
    yield Case("an output that is read again later", (often, list(often)), hints=_LAST)
    results = {
        "x": (size(), []),
        "mask": (size(200, 300), ["x"]),
        "y": (size(100, 199), ["x"]),
        "z": (size(150, 199), ["y"]),
        "s": (1, ["x", "z"]),
    }
    yield Case("an output that is never read", (results, list(results)), hints=_RESULT)
    one = ("What does a single operation need?", "Its own output.")
    yield Case("a single operation", ({"x": (size(), [])}, ["x"]), hints=one, hints_on_error=True)
    names = [f"op{at}" for at in range(10)]
    some = {name: (size(1), sorted(rng.choice(names[:at], min(at, 2), replace=False).tolist())) for at, name in enumerate(names)}
    yield Case("ten operations", ({name: some[name] for name in sorted(some, reverse=True)}, names), weight=2, hints=_LAST)
    runs = ("When can an operation run?", "When all that it reads is there: raise ValueError if an input comes later in the order.")
    yield refuses("an operation before its input", (branches, [*one_by_one[:1], "left out", "left", *one_by_one[3:]]), hints=runs)
    all_of_them = ("Which operations must the order have?", "Each of the graph's once: compare sorted(order) with sorted(graph).")
    yield refuses("an order with an operation missing", (skip, list(skip)[:-1]), hints=all_of_them)
    yield refuses("an order with an operation twice", (chain, [*chain, "head"]), hints=all_of_them)
    yield keeps_inputs(branches, one_by_one)
