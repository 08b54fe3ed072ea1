"""sensitivity: the accuracy with each layer pruned alone. The function gets a callback, whose answers stay where the judge is."""

from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from utils.compress import pruning
from utils.exercises.kit import Case, Cases, Hints, Judge, Rng, Verdict, answered, difference, equal_to, exercise, knowing, short
from utils.exercises.outside import Answers

Table = dict[str, list[float]]  # name -> a result for each sparsity


def table_of(table: Table, sparsities: Sequence[float]) -> Answers:
    """What answers the probe `look_up`: table[name][index of the sparsity]."""

    def evaluate(*asked: Any) -> float:
        at = _place(asked, table, sparsities)
        if at is None:
            what = ", ".join(short(repr(one), 60) for one in asked)
            raise ValueError(f"evaluate was asked for ({what}): ask for one of the names and one of the sparsities given")
        return table[at[0]][at[1]]

    return evaluate


def asks_once(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (names, sparsities), probe `look_up`. Whatever comes back, each value was asked for once."""
    names, sparsities = inputs
    expected = "evaluate called once for each pair"
    counts = {name: [0] * len(sparsities) for name in names}
    for asked in answer["asked"]:
        if (at := _place(asked, counts, sparsities)) is not None:
            counts[at[0]][at[1]] += 1
    fault = difference(counts, {name: [1] * len(sparsities) for name in names})
    return Verdict(fault is None, expected, f"number of calls for {fault}" if fault else expected)


def _place(asked: tuple[Any, ...], names: Container[str], sparsities: Sequence[float]) -> tuple[str, int] | None:
    """The name and the index of the sparsity that was asked for; a sparsity may have been through float32."""
    if len(asked) != 2 or type(asked[0]) is not str or asked[0] not in names or type(asked[1]) not in (int, float):
        return None
    return next(((asked[0], at) for at, sparsity in enumerate(sparsities) if abs(asked[1] - sparsity) < 1e-6), None)


STEPS = "A dict with a list for each name. For each sparsity, in the given order, append evaluate(name, sparsity)."


@exercise(pruning.sensitivity, points=2, difficulty=2, minutes=10, core=False, steps=STEPS)
def sensitivity(rng: Rng) -> Cases:
    """sensitivity(evaluate, names, sparsities) -> dict, name -> list of evaluate(name, sparsity)."""
    layers = rng.permutation(["stem", "block1", "block2", "shortcut", "conv", "head"]).tolist()

    def drawn(count: int) -> list[float]:
        return sorted(round(float(value), 2) for value in rng.choice(np.arange(5, 96), count, replace=False) / 100)

    def case(name: str, count: int, sparsities: list[float], hints: Hints, weight: int = 1, judge: Judge | None = None) -> Case:
        table = {layer: [round(float(value), 3) for value in rng.uniform(10, 95, len(sparsities))] for layer in layers[:count]}
        values = answered(knowing(equal_to(lambda *_: table), table))
        inputs = (layers[:count], sparsities)
        return Case(name, inputs, judge or values, weight, hints, "look_up", outside=lambda: table_of(table, sparsities))

    every = ("A dict of lists: what is the key, and what is in the list?", "The keys are names; each list has one value for each sparsity.")
    yield case("every layer at every sparsity", 3, drawn(4), every, 2)
    order = ("In which order are the values?", "In the order of the sparsities as given: nothing is sorted.")
    yield case("keeps the order of the sparsities", 2, drawn(3)[::-1], order)
    yield case("one layer, one sparsity", 1, drawn(1), ("One value is still a list.", "A list of one value, not the value itself."))
    zero = ("How many values are asked for?", "One value for each entry of sparsities, with sparsity 0 too.")
    yield case("sparsity 0 counts as well", 2, [0.0, *drawn(1)], zero)
    yield case("no sparsities, empty lists", 2, [], ("The names are still there.", "Make the list before the inner loop."))
    once = ("How often does your function call evaluate?", "Each call takes seconds on a real network: keep its result in the list.")
    yield case("asks once for each pair", 2, drawn(3), once, judge=asks_once)
