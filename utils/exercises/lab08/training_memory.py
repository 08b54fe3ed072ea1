"""training_memory: the bytes that a step of training holds, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from utils.exercises.declare import Case, Mistake, exercise
from utils.exercises.judges import equal_to
from utils.exercises.standins import library
from utils.exercises.stock import keeps_inputs, refuses

FLOAT = 4  # bytes
PARTS = ("weights", "gradients", "momentum", "activations")
Layers = list[dict[str, Any]]


def learning(layers: Layers, trainable: list[str]) -> list[int]:
    """Indices of the steps that learn."""
    return [at for at, layer in enumerate(layers) if layer["name"] in trainable]


def kept(layers: Layers, trainable: list[str], first: int = 1) -> set[int]:
    """Indices of the tensors that the backward pass needs: 0 is the network's input, i + 1 the output of step i.

    first: how far after the first step that learns outputs are kept.
    """
    learns = learning(layers, trainable)
    inputs = {at for at in learns if layers[at]["needs_input"]}
    return inputs | {at + 1 for at, layer in enumerate(layers) if layer["needs_output"] and learns and at >= learns[0] + first}


def values(layers: Layers, at: int) -> int:
    """Of one sample, in the tensor with this index."""
    return int(layers[0]["inputs"] if at == 0 else layers[at - 1]["outputs"])


def with_total(parts: dict[str, int]) -> dict[str, int]:
    """The parts, and the total that follows."""
    return parts | {"total": sum(parts[part] for part in PARTS)}


def memory(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """Bytes, part by part."""
    states = FLOAT * sum(layers[at]["weights"] for at in learning(layers, trainable))
    activations = FLOAT * batch * sum(values(layers, at) for at in kept(layers, trainable))
    weights = FLOAT * sum(layer["weights"] for layer in layers)
    return with_total({"weights": weights, "gradients": states, "momentum": states, "activations": activations})


def _keeping(tensors: Any) -> Any:
    """The answer with other activations. tensors: (layers, trainable) -> indices of the tensors kept; they may repeat."""

    def made(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
        values_kept = sum(values(layers, at) for at in tensors(layers, trainable))
        return with_total(memory(layers, trainable, batch) | {"activations": FLOAT * batch * values_kept})

    return made


def _everything(layers: Layers) -> list[str]:
    return [layer["name"] for layer in layers]


def _with_frozen(layers: Layers, trainable: list[str]) -> set[int]:
    first = min(learning(layers, trainable), default=len(layers))
    return kept(layers, _everything(layers[first:]))


def _twice(layers: Layers, trainable: list[str]) -> list[int]:
    inputs = [at for at in learning(layers, trainable) if layers[at]["needs_input"]]
    return inputs + [at + 1 for at in range(len(layers)) if at + 1 in kept(layers, trainable) and layers[at]["needs_output"]]


def _one_of_each_size(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    sizes = {values(layers, at) for at in kept(layers, trainable)}
    return with_total(memory(layers, trainable, batch) | {"activations": FLOAT * batch * sum(sizes)})


def _sizes_of_inputs(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    sizes = {
        at: layers[at - 1]["inputs"] if at and layers[at - 1]["needs_output"] else values(layers, at) for at in kept(layers, trainable)
    }
    return with_total(memory(layers, trainable, batch) | {"activations": FLOAT * batch * sum(sizes.values())})


def _states_of_all(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    right = memory(layers, trainable, batch)
    return with_total(right | dict.fromkeys(("gradients", "momentum"), right["weights"]))


def _outputs_for_inputs(layers: Layers, trainable: list[str]) -> set[int]:
    outputs = {at for at in kept(layers, trainable) if at and layers[at - 1]["needs_output"]}
    return outputs | {at + 1 for at in learning(layers, trainable) if layers[at]["needs_input"]}


def _after_the_first_named(layers: Layers, trainable: list[str]) -> set[int]:
    first = next((at for at, layer in enumerate(layers) if layer["name"] in trainable[:1]), len(layers))
    inputs = {at for at in learning(layers, trainable) if layers[at]["needs_input"]}
    return inputs | {at + 1 for at, layer in enumerate(layers) if layer["needs_output"] and at > first}


def _of_one(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    return with_total(memory(layers, trainable, batch) | {"activations": memory(layers, trainable, 1)["activations"]})


_PARTS = (
    "Which five parts are asked for, and in which unit?",
    "weights, gradients, momentum, activations and total: bytes, 4 for a number.",
)
_AFTER = (
    "The gradient runs from the loss back to the first step that learns. Which steps does it pass?",
    "All steps after that one: those with needs_output keep their outputs. Steps before it keep nothing.",
)
_NEEDLESS = (
    "Does a bias need to know its input in order to learn?",
    "It does not, needs_input is False: its gradient is the one that arrives.",
)
_TWICE = (
    "Are there two tensors here, or one with two readers?",
    "The output of a step is the input of the next: give each tensor an index and collect the indices in a set.",
)
_OWN = (
    "Does the first step that learns pass the gradient on?",
    "It does not, nothing before it learns: outputs are kept of the steps after it, >, not >=.",
)
_OUTPUT = ("Which tensor does a step with needs_output keep?", "Its output: count outputs, not inputs, which may be of another size.")
MISTAKES = (
    Mistake("needless inputs", _keeping(lambda *x: kept(*x) | set(learning(*x))), _NEEDLESS),
    Mistake("keeps the first one's output", _keeping(partial(kept, first=0)), _OWN, "the first step's own output"),
    Mistake(
        "keeps everything",
        _keeping(lambda layers, trainable: kept(layers, _everything(layers))),
        ("Which activations does nobody ask for?", "Those before the first step that learns, and the inputs of steps that do not learn."),
    ),
    Mistake(
        "keeps inputs of frozen steps",
        _keeping(_with_frozen),
        (
            "What is the input of a convolution good for when its weights stay?",
            "Nothing: the gradient passes it by the weights alone. Keep the inputs of steps that learn and have needs_input.",
        ),
    ),
    Mistake(
        "keeps outputs before the first",
        _keeping(lambda layers, trainable: kept(layers, trainable) | {at + 1 for at, one in enumerate(layers) if one["needs_output"]}),
        ("How far back does the gradient run?", "To the first step that learns: a ReLU before it keeps nothing."),
    ),
    Mistake(
        "one of each size",
        _one_of_each_size,
        ("Are two tensors of one size the same tensor?", "They are not: collect the indices of the tensors in a set, not their sizes."),
    ),
    Mistake(
        "keeps inputs alone",
        _keeping(lambda layers, trainable: [at for at in learning(layers, trainable) if layers[at]["needs_input"]]),
        _AFTER,
    ),
    Mistake("counts a tensor twice", _keeping(_twice), _TWICE),
    Mistake("sizes of inputs", _sizes_of_inputs, _OUTPUT),
    Mistake(
        "outputs for inputs",
        _keeping(_outputs_for_inputs),
        ("Which tensor does the gradient of a weight need?", "The input of its step: count inputs where needs_input is True."),
    ),
    Mistake(
        "after the first name",
        _keeping(_after_the_first_named),
        ("Which of the steps that learn comes first?", "The first one in layers: the names in trainable may have another order."),
        "the norms alone",
    ),
    Mistake(
        "weights that learn",
        lambda *x: with_total(memory(*x) | {"weights": memory(*x)["gradients"]}),
        ("Do weights that do not learn take memory?", "They do, the forward pass uses them: weights counts all steps, learning or not."),
    ),
    Mistake(
        "one sample",
        _of_one,
        ("Of how many samples are the activations?", "Of the whole batch: times batch. Weights, gradients and momentum are there once."),
    ),
    Mistake(
        "numbers for bytes",
        lambda *x: {part: size // FLOAT for part, size in memory(*x).items()},
        ("In which unit is memory counted?", "In bytes: float32 takes 4 for each number."),
    ),
    Mistake("states of all weights", _states_of_all, ("Which weights have a gradient and a momentum?", "Those that learn, and no others.")),
    Mistake(
        "no momentum",
        lambda *x: with_total(memory(*x) | {"momentum": 0}),
        ("What does momentum keep between two steps?", "One number for each weight that learns, as many as there are gradients."),
    ),
    Mistake(
        "the total without weights",
        lambda *x: memory(*x) | {"total": memory(*x)["total"] - memory(*x)["weights"]},
        ("Which parts make the total?", "All four: weights, gradients, momentum and activations."),
    ),
)


def memory_by_steps(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """From the first step to the last, noting which tensors are kept."""
    weighted = {layer["name"] for layer in layers if layer["weights"]}
    if missing := sorted(set(trainable) - weighted):
        raise ValueError(f"no step with weights is called {missing[0]}: choose among {', '.join(sorted(weighted))}")
    states, sizes, after = 0, {}, False
    for at, layer in enumerate(layers):
        if after and layer["needs_output"]:
            sizes[at + 1] = layer["outputs"]
        if layer["name"] in trainable:
            after = True
            states += FLOAT * layer["weights"]
            if layer["needs_input"]:
                sizes[at] = layer["inputs"]
    weights = FLOAT * sum(layer["weights"] for layer in layers)
    return with_total({"weights": weights, "gradients": states, "momentum": states, "activations": FLOAT * batch * sum(sizes.values())})


def _step(name: str, inputs: int, outputs: int, weights: int = 0, needs: Iterable[str] = ()) -> dict[str, Any]:
    sizes = {"name": name, "weights": weights, "inputs": inputs, "outputs": outputs}
    return sizes | {"needs_input": "input" in needs, "needs_output": "output" in needs}


def _convolutional(rng: np.random.Generator) -> Layers:
    """Two convolutions, each with a norm, a ReLU and a pool after it, then a linear layer; the pools' sizes differ."""
    sizes = sorted(rng.choice(np.arange(20, 90), 4, replace=False))[::-1]
    first, half, second, quarter = (int(size) * 10 + at for at, size in enumerate(sizes))
    steps, image, classes = [], first, 6  # the first convolution keeps the size
    for number, (before, inside, after) in enumerate(((image, first, half), (half, second, quarter)), 1):
        weights, channels = (int(count) for count in rng.integers(30, 90, 2))
        steps += [
            _step(f"conv{number}.weight", before, inside, weights, ["input"]),
            _step(f"norm{number}.weight", inside, inside, channels, ["input"]),
            _step(f"norm{number}.bias", inside, inside, channels),
            _step(f"relu{number}", inside, inside, needs=["output"]),
            _step(f"pool{number}", inside, after),
        ]
    return [*steps, _step("head.weight", quarter, classes, classes * quarter, ["input"]), _step("head.bias", classes, classes, classes)]


def _linear(rng: np.random.Generator) -> Layers:
    """Two linear layers with a ReLU between them: its output is the input of the second one."""
    x, hidden = (int(size) for size in rng.integers(10, 40, 2))
    return [
        _step("one.weight", x, hidden, x * hidden, ["input"]),
        _step("one.bias", hidden, hidden, hidden),
        _step("relu", hidden, hidden, needs=["output"]),
        _step("two.weight", hidden, 5, 5 * hidden, ["input"]),
        _step("two.bias", 5, 5, 5),
    ]


def _pooled(rng: np.random.Generator, needs: list[str]) -> Layers:
    """A step that activates its own output if it needs it, and a pool with an output smaller than its input."""
    x, hidden = (int(size) for size in rng.integers(20, 60, 2))
    return [
        _step("one.weight", x, hidden, int(rng.integers(30, 90)), needs),
        _step("pool", hidden, hidden // 4, needs=["output"]),
        _step("two.bias", hidden // 4, hidden // 4, hidden // 4),
    ]


def _named(layers: Layers, *endings: str) -> list[str]:
    """The names of the steps with weights that end so; all of them without an ending."""
    return [layer["name"] for layer in layers if layer["weights"] and layer["name"].endswith(endings or ("",))]


@exercise(
    library(memory_by_steps, "a sum over the steps, one by one"),
    points=4,
    difficulty=3,
    minutes=20,
    judge=equal_to(memory),
    mistakes=MISTAKES,
    rtol=0,
    steps="Refuse; find the first step that learns; give each tensor an index (0 is the input of the network, i + 1 the output of "
    "step i) and collect the indices of those needed in a set; add up the sizes of these.",
)
def training_memory(rng: np.random.Generator) -> Iterator[Case]:
    """training_memory(layers, trainable, batch) -> dict of bytes."""
    network = _convolutional(rng)
    every, batch = _named(network), int(rng.integers(5, 30))
    yield Case("all weights learn, one sample", (network, every, 1), weight=2, hints=_PARTS)
    grows = (
        "What grows with the batch?",
        "The activations alone: each sample has its own. Weights, gradients and momentum are there once.",
    )
    yield Case("a batch", (network, every, batch), hints=grows)
    last = ("What happens before the first step that learns?", "Nothing is kept there: the gradient does not get that far.")
    yield Case("the last layer alone", (network, ["head.bias", "head.weight"], batch), hints=last)
    middle = "one convolution in the middle"
    yield Case(middle, (network, ["conv2.weight"], batch), hints=_AFTER)
    yield Case("the norms alone", (network, _named(network, "norm1.weight", "norm2.weight")[::-1], batch), hints=_AFTER)
    yield Case("biases alone", (network, _named(network, ".bias"), batch), hints=_NEEDLESS, basis=middle)
    shared, smaller, own = _linear(rng), _pooled(rng, ["input"]), _pooled(rng, ["input", "output"])
    yield Case("a tensor with two readers", (shared, _named(shared), batch), hints=_TWICE)
    ahead = (
        "A ReLU stands before the step that learns. Does its output stay?",
        "Yes, once, as the input of that step; the ReLU itself has no gradient to pass.",
    )
    yield Case("a ReLU right before it", (shared, ["two.weight"], batch), hints=ahead)
    yield Case("an output smaller than its input", (smaller, ["one.weight"], batch), hints=_OUTPUT)
    yield Case("the first step's own output", (own, _named(own), batch), hints=_OWN, basis=middle)
    none = ("What does a network keep that only answers?", "Its weights: gradients, momentum and activations are 0.")
    yield Case("nothing learns", (network, [], batch), hints=none, hints_on_error=True)
    yield refuses("a name that no step has", (network, [f"conv{rng.integers(3, 99)}.weight"], 1))
    weightless = ("What could relu1 learn?", "It has no weights: raise ValueError, or a mistyped name costs an evening.")
    yield refuses("a step without weights", (network, ["head.bias", "relu1"], 1), hints=weightless)
    yield keeps_inputs(network, every, batch, name="leaves what it is given")
