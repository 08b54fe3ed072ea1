"""mutate: a network that differs from another one in one field. Judged by its properties over many draws."""

from typing import Any

from utils.exercises.chances import SAME, same_for_equal_generators
from utils.exercises.kit import CHANGED, Case, Cases, Hints, Rng, exercise, keeps_inputs, refuses
from utils.exercises.lab05.mutations import equally, one_field_each, others
from utils.exercises.lab05.networks import CHOICES, Config, chosen

DRAWS = 900


def numpy_mutate(config: Config, rng: Rng) -> Config:
    """The stand-in."""
    fields = others(config)
    if not fields:
        raise ValueError("no field of any block has another choice: give more choices")
    at, field = list(fields)[rng.integers(len(fields))]
    value = int(rng.choice(fields[at, field]))
    return {**config, "blocks": [{**block, field: value} if place == at else dict(block) for place, block in enumerate(config["blocks"])]}


_ONE = ("How many fields differ between your network and the given one?", "Exactly one, in one block.")
_ONLY = ("Which fields can change?", "Those that the block has and that choices lists with at least one other value.")
_FIELDS = (
    "Is every field drawn as often as the others?",
    "List all pairs (block, field) that can change and draw one of the list. Drawing the block first favors blocks with few fields.",
)
_VALUES = ("Which values may a field get?", "Each of its choices but its own, each as likely; not only the next larger or smaller one.")
_COPY = ("Are the given blocks the same as before?", "dict(config) copies only the outside: copy.deepcopy(config) copies the blocks, too.")
_ABOUT: dict[str, Hints] = {
    "nothing": ("Can your function give the network itself?", "It must not: leave the present value out of the choices before you draw."),
    "several": _ONE,
    "outside": _ONLY,
    "fields": _FIELDS,
    "values": _VALUES,
    "return": ("What does the docstring want back?", "A whole network: a dict with the same keys."),
    "rest": ("What stays as it is?", "All keys of the network, all blocks with all their fields, and choices."),
}


STEPS = (
    "Copy the network with copy.deepcopy. Make a list of (block, field, other values) for all blocks and fields where other values "
    "is not empty; refuse an empty list. Draw one entry with rng.integers, then one of its values."
)


@exercise(numpy_mutate, points=3, difficulty=2, minutes=15, steps=STEPS)
def mutate(rng: Rng) -> Cases:
    """mutate(config, rng) -> a network that differs in one field."""

    def seed() -> int:
        return int(rng.integers(1 << 30))

    def case(name: str, config: Config, hints: Hints, count: int = 60, judge: Any = one_field_each, **options: Any) -> Case:
        return Case(name, (config, count, seed()), judge, hints=hints, hints_for=_ABOUT, **{"probe": "mutants", **options})

    yield case("one field changes", chosen(rng, 3, CHOICES), _ONE, weight=2)
    first = {field: CHOICES[field] for field in ("kernel", "width")}
    yield case("choices for some fields only", chosen(rng, 3, {**first, "kernel": [3, 5]}), _ONLY)
    yield case("a field with a single choice", chosen(rng, 4, {**CHOICES, "width": [int(rng.choice(CHOICES["width"]))]}), _ONLY)
    two = {"kernel": [3, 5], "expansion": [1, 2]}
    yield case("every field is as likely", chosen(rng, 1, two), _FIELDS, DRAWS, equally, weight=2)
    wide = {"width": CHOICES["width"][:5]}
    yield case("every other value is as likely", {**(net := chosen(rng, 1, wide)), "blocks": _least(net)}, _VALUES, DRAWS, equally)
    twice = same_for_equal_generators("networks")
    yield case("the same rng, the same networks", chosen(rng, 3, CHOICES), SAME, 20, twice, probe="mutants_twice")
    alone = ("What if no field has another value?", "There is no other network: raise ValueError.")
    yield refuses("a network of a single choice", (chosen(rng, 2, {"kernel": [5]}), seed()), probe="mutant", hints=alone)
    kept = {**_ABOUT, "changed": (_COPY[0], CHANGED[0] + " " + _COPY[1])}
    yield keeps_inputs(chosen(rng, 3, CHOICES), 60, seed(), judge=one_field_each, probe="mutants_of_one", hints=_COPY, hints_for=kept)


def _least(config: Config) -> list[Config]:
    """The blocks, each with its first width: from there neighbors of a value can't be all others."""
    return [{**block, "width": config["choices"]["width"][0]} for block in config["blocks"]]
