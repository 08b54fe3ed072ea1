"""Histories of a search: the fitness that answers from outside, and judges of which networks were evaluated after which."""

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.exercises.kit import Judge, Verdict, as_number, describe, difference
from utils.exercises.lab05.networks import Config

Values = tuple[Any, ...]  # the fields of all blocks, by name within each
Look = Callable[[list[Values], list[float], int], tuple[bool, str, str]]  # networks, their fitness, population -> passed, expected, got


class Landscape:
    """Answers the probe `evolved`: the fitness of a network is a sum of numbers, one for each value of each field."""

    def __init__(self, config: Config, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.worth = [
            {value: round(float(rng.uniform(0, 10)), 6) for value in config["choices"].get(field, [block[field]])}
            for block in config["blocks"]
            for field in sorted(block)
        ]

    def __call__(self, *values: Any) -> float:
        """The fitness of the network with these values."""
        if len(values) != len(self.worth) or any(value not in worth for value, worth in zip(values, self.worth, strict=True)):
            raise ValueError("fitness was called with a network that is not one of the choices: mutate one of the population")
        return sum(worth[value] for value, worth in zip(values, self.worth, strict=True))


def values_of(config: Any) -> Values:
    """The fields as the probe asks for them; () if it is not a network."""
    if type(config) is not dict or type(config.get("blocks")) is not list or any(type(block) is not dict for block in config["blocks"]):
        return ()
    return tuple(as_number(block[field]) for block in config["blocks"] for field in sorted(block, key=str))


def told(fitness: Landscape, look: Look, about: str = "") -> Judge:
    """A judge that wants every evaluation back, in order, and then looks. about: of a verdict where the look finds a fault."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        history, asked = answer["answer"], answer["asked"]
        expected = f"{len(asked)} pairs (network, fitness), one for each call of fitness"
        if type(history) is not list or len(history) != len(asked):
            return Verdict(False, expected, describe(history), "return")
        if any(type(one) not in (tuple, list) or len(one) != 2 or values_of(one[0]) == () for one in history):
            return Verdict(False, expected, describe(history[0] if history else history), "return")
        if difference([list(values_of(config)) for config, _ in history], [list(one) for one in asked]) is not None:
            return Verdict(False, "the networks in the order of their evaluation", "others, or in another order", "return")
        try:
            fits = [fitness(*one) for one in asked]
        except (TypeError, ValueError):
            return Verdict(False, "networks of the choices", "a network that is not one of the choices", "return")
        if wrong := [at for at, (_, value) in enumerate(history) if difference(value, fits[at], 1e-5) is not None]:
            return Verdict(False, "the fitness of each network", f"another number for network {wrong[0]}", "return")
        passed, expected, got = look(asked, fits, len(inputs[0]))
        return Verdict(passed, expected, expected if passed else got, "" if passed else about)

    return judge


def told_alone(fitness: Landscape, look: Look) -> Judge:
    """As `told`, for a case about the inputs, where the calls are not seen."""
    judge = told(fitness, look)

    def alone(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        pairs = [one for one in answer if type(one) in (tuple, list) and len(one) == 2] if type(answer) is list else []
        return judge({"answer": answer, "asked": [values_of(one[0]) for one in pairs]}, inputs)

    return alone


def spent(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """The budget, and no more."""
    calls = len(answer["asked"])
    return Verdict(calls == inputs[1], f"{inputs[1]} calls of fitness", f"{calls} calls of fitness")


def population_first(fitness: Landscape) -> Judge:
    """For a budget of the population's size: each once, in order, with its fitness."""

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        if difference([list(one) for one in answer["asked"]], [list(values_of(one)) for one in inputs[0]]) is not None:
            return Verdict(False, "the population, each once, in order", f"{len(answer['asked'])} calls of fitness")
        return told(fitness, lambda networks, fits, n: (True, f"{n} evaluations", ""))(answer, inputs)

    return judge


def of_the_living(networks: list[Values], fits: list[float], n: int) -> tuple[bool, str, str]:
    """Each child is one change away from one of the n networks before it."""
    return _strangers(networks, n, lambda at: list(range(at - n, at)))


def not_of_the_worst(networks: list[Values], fits: list[float], n: int) -> tuple[bool, str, str]:
    """Each child is one change away from one of the n networks before it that is not the worst of them."""

    def parents(at: int) -> list[int]:
        lowest = sorted(fits[at - n : at])[:2]  # two equal ones may be drawn together
        return [one for one in range(at - n, at) if fits[one] > lowest[0] or lowest[0] == lowest[1]]

    return _strangers(networks, n, parents)


def not_only_of_the_best(networks: list[Values], fits: list[float], n: int) -> tuple[bool, str, str]:
    """Some child has a parent that is not the best one alive."""
    best = [max(range(at - n, at), key=fits.__getitem__) for at in range(n, len(networks))]
    of_others = sum(not _near(networks[n + at], networks[one]) for at, one in enumerate(best))
    return of_others > 0, "some children of parents that are not the best one alive", "every child is of the best"


def _near(one: Values, other: Values) -> bool:
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _strangers(networks: list[Values], n: int, parents: Callable[[int], list[int]]) -> tuple[bool, str, str]:
    """Whether each child is one change away from one of its possible parents. parents: place of the child -> places of those."""
    strange = [at for at in range(n, len(networks)) if not any(_near(networks[at], networks[parent]) for parent in parents(at))]
    return not strange, "each child one change away from a parent that may have it", f"network {strange[:1]} of another parent"
