"""Lab 08's first exercises: what learning costs in memory, and which weights shall learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from utils import adapt
from utils.exercises.declare import Case, Lab
from utils.exercises.judges import equal_to, raises, recognising
from utils.exercises.lab08 import hints as say
from utils.exercises.lab08 import oracles as right
from utils.exercises.lab08.judges import names_in_order
from utils.exercises.lab08.mistakes import MEMORY
from utils.exercises.lab08.standins import memory_by_steps
from utils.exercises.standins import library, package

lab = Lab("08")


def _step(name: str, inputs: int, outputs: int, weights: int = 0, needs: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "weights": weights,
        "inputs": inputs,
        "outputs": outputs,
        "needs_input": needs == "input",
        "needs_output": needs == "output",
    }


def _convolutional(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Two convolutions, each with a norm, a ReLU and a pool behind it, then a linear layer; no two tensors of equal size."""
    sizes = [*(int(size) * 10 + at for at, size in enumerate(sorted(rng.choice(np.arange(20, 90), 5, replace=False))[::-1])), 6]
    steps, (image, first, half, second, quarter, classes) = [], sizes
    for number, (before, inside, after) in enumerate(((image, first, half), (half, second, quarter)), 1):
        weights, channels = (int(count) for count in rng.integers(30, 90, 2))
        steps += [
            _step(f"conv{number}.weight", before, inside, weights, "input"),
            _step(f"norm{number}.weight", inside, inside, channels, "input"),
            _step(f"norm{number}.bias", inside, inside, channels),
            _step(f"relu{number}", inside, inside, needs="output"),
            _step(f"pool{number}", inside, after),
        ]
    return [*steps, _step("head.weight", quarter, classes, classes * quarter, "input"), _step("head.bias", classes, classes, classes)]


def _linear(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Two linear layers with a ReLU between them: what the ReLU gives is what the second one takes."""
    x, hidden = (int(size) for size in rng.integers(10, 40, 2))
    return [
        _step("one.weight", x, hidden, x * hidden, "input"),
        _step("one.bias", hidden, hidden, hidden),
        _step("relu", hidden, hidden, needs="output"),
        _step("two.weight", hidden, 5, 5 * hidden, "input"),
        _step("two.bias", 5, 5, 5),
    ]


def _learning(layers: list[dict[str, Any]], *endings: str) -> list[str]:
    """The names of the steps with weights that end so; all of them without an ending."""
    return [layer["name"] for layer in layers if layer["weights"] and layer["name"].endswith(endings or ("",))]


@lab.exercise(points=4, difficulty=3, minutes=20, stand_in=library(memory_by_steps, "a sum over the steps, one by one"))
def training_memory(rng: np.random.Generator) -> Iterator[Case]:
    """training_memory(layers, trainable, batch) -> dict of bytes."""
    judge, of = recognising(equal_to(right.memory), MEMORY), say.OF_MEMORY
    network = _convolutional(rng)
    everything, batch = _learning(network), int(rng.integers(5, 30))
    yield Case("all weights learn, one sample", (network, everything, 1), judge, 2, say.PARTS, hints_for=of)
    grows = (
        "What grows with the batch?",
        "The activations alone: each sample has its own. Weights, gradients and momentum are there once.",
    )
    yield Case("a batch", (network, everything, batch), judge, hints=grows, hints_for=of)
    last = ("What happens in front of the first step that learns?", "Nothing is kept there: the gradient does not get that far.")
    yield Case("the last layer alone", (network, ["head.weight", "head.bias"], batch), judge, hints=last, hints_for=of)
    middle = "one convolution in the middle"
    yield Case(middle, (network, ["conv2.weight"], batch), judge, hints=say.BEHIND, hints_for=of)
    norms = "the norms alone"
    yield Case(norms, (network, _learning(network, "norm1.weight", "norm2.weight"), batch), judge, hints=say.BEHIND, hints_for=of)
    yield Case("biases alone", (network, _learning(network, ".bias"), batch), judge, hints=say.NEEDLESS, hints_for=of, basis=middle)
    shared = _linear(rng)
    yield Case("a tensor with two readers", (shared, _learning(shared), batch), judge, hints=of["twice"], hints_for=of)
    ahead = (
        "A ReLU stands in front of the step that learns. Does its output stay?",
        "Yes, once, as the input of that step; the ReLU itself has no gradient to pass.",
    )
    yield Case("a ReLU right before it", (shared, ["two.weight"], batch), judge, hints=ahead, hints_for=of)
    none = ("What does a network keep that only answers?", "Its weights: gradients, momentum and activations are 0.")
    yield Case("nothing learns", (network, [], batch), judge, hints=none, hints_for={**of, "error": none})
    refuses = raises("ValueError")
    yield Case("refuses a name that no step has", (network, ["conv9.weight"], 1), refuses, hints=say.REFUSE, about="refusal")
    weightless = ("What could relu1 learn?", "It has no weights: raise ValueError, or a mistyped name costs an evening.")
    yield Case("refuses a step without weights", (network, ["head.bias", "relu1"], 1), refuses, hints=weightless, about="refusal")
    before, changed = (network, everything, batch), {"changed": say.CHANGED}
    yield Case("leaves what it is given", before, judge, hints_for={**of, **changed}, about="inputs")


LAYERS = ("conv.weight", "norm.weight", "norm.bias")
NAMES = [*(f"blocks.{at}.{name}" for at in range(3) for name in LAYERS), "head.weight", "head.bias"]


@lab.exercise(points=2, difficulty=1, minutes=10, stand_in=package(adapt.select_trainable))
def select_trainable(rng: np.random.Generator) -> Iterator[Case]:
    """select_trainable(names, policy) -> list of names."""
    judge, of, names = names_in_order, say.OF_NAMES, list(NAMES)
    every = ('Whom does "all" leave out?', "Nobody: all names, in their order.")
    yield Case("all", (names, "all"), judge, hints=every, hints_for=of)
    end = ("What is a layer's name, what the weight's?", 'Take the last part away: "head.weight" and "head.bias" are both of "head".')
    yield Case("the last layer", (names, "last"), judge, 2, end, hints_for=of)
    yield Case("the norms", (names, "norm"), judge, hints=say.POLICY, hints_for=of)
    yield Case("the biases", (names, "bias"), judge, hints=say.POLICY, hints_for=of)
    block = (
        "Where does the last block begin?",
        "At the first name of the block with the last number; all names from there to the end are in.",
    )
    yield Case("the last block", (names, "last_block"), judge, hints=block, hints_for=of)
    many = [f"blocks.{at}.conv.weight" for at in range(12)] + ["out.linear.weight"]
    ten = ("Is blocks.1 the beginning of blocks.11?", "Of its letters, yes: compare whole parts, or with the dot behind the number.")
    yield Case("twelve blocks", (many, "last_block"), judge, hints=ten, hints_for=of, basis="the last block")
    outer = [f"stages.{at}.layers.{inner}.conv.weight" for at in range(2) for inner in range(2)] + ["head.weight"]
    first = ("Two numbers stand in these names. Which one counts?", "The first: a block ends with it, whatever it holds.")
    yield Case("blocks in blocks", (outer, "last_block"), judge, hints=first, hints_for=of, basis="the last block")
    deep = ["conv1.weight", "bn1.weight", "bn1.bias", "stage.conv2.weight", "stage.bn2.weight", "stage.bn2.bias", "fc.weight"]
    inside = ("Where may a norm's name stand?", "Right before weight or bias, and it is norm or bn, perhaps with a number behind it.")
    yield Case("norms with numbers", (deep, "norm"), judge, hints=inside, hints_for=of)
    whole = ("How long is the name of the last layer?", "All parts but the last one: out.linear of out.linear.bias.")
    yield Case(
        "a last layer in a part", (["out.first.weight", "out.linear.weight", "out.linear.bias"], "last"), judge, hints=whole, hints_for=of
    )
    alike = ["unbiased.weight", "abnormal.weight", "normaliser.weight", "bias.weight", "norm.bias", "fc2.weight", "fc.weight"]
    parts = ("Is a part of a word enough?", "No: compare whole parts between the dots.")
    yield Case("names that look like biases", (alike, "bias"), judge, hints=parts, hints_for=of)
    yield Case("names that look like norms", (alike, "norm"), judge, hints=parts, hints_for=of)
    yield Case("names that look like the last", (alike, "last"), judge, hints=parts, hints_for=of)
    refuses = raises("ValueError")
    yield Case("refuses an unknown policy", (names, "first"), refuses, hints=say.REFUSE, about="refusal")
    nothing = ("What would a training without weights learn?", "Nothing, for as long as you wait: raise ValueError where no name is left.")
    yield Case("refuses a policy that finds nothing", (["one.weight", "two.weight"], "norm"), refuses, hints=nothing, about="refusal")
    yield Case("refuses a last block where there is none", (["one.weight"], "last_block"), refuses, hints=nothing, about="refusal")
    changed = {"changed": say.CHANGED}
    yield Case("leaves the names", (names, "bias"), judge, hints_for={**of, **changed}, about="inputs")
