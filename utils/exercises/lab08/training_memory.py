"""training_memory: the bytes that a step of training holds, part by part."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, keeps_inputs, refuses

FLOAT = 4  # bytes
PARTS = ("weights", "gradients", "momentum", "activations")
Layers = list[dict[str, Any]]


def learning(layers: Layers, trainable: list[str]) -> list[int]:
    """Indices of the steps that learn."""
    return [at for at, layer in enumerate(layers) if layer["name"] in trainable]


def _inputs(layers: Layers, trainable: list[str]) -> list[int]:
    return [at for at in learning(layers, trainable) if layers[at]["needs_input"]]


def _outputs(layers: Layers, first: int = 0) -> list[int]:
    """Of the steps from this one on."""
    return [at + 1 for at, layer in enumerate(layers) if layer["needs_output"] and at >= first]


def kept(layers: Layers, trainable: list[str], after: int = 1) -> set[int]:
    """Indices of the tensors that the backward pass needs: 0 is the network's input, i + 1 the output of step i.

    after: how far after the first step that learns outputs are kept.
    """
    first = min(learning(layers, trainable), default=len(layers))
    return {*_inputs(layers, trainable), *_outputs(layers, first + after)}


def values(layers: Layers, at: int) -> int:
    """Of one sample, in the tensor with this index."""
    return int(layers[0]["inputs"] if at == 0 else layers[at - 1]["outputs"])


def with_total(parts: dict[str, int]) -> dict[str, int]:
    """The parts, and the total that follows."""
    return parts | {"total": sum(parts[part] for part in PARTS)}


def memory(layers: Layers, trainable: list[str], batch: int, tensors: Callable[..., Iterable[int]] = kept) -> dict[str, int]:
    """Bytes, part by part. tensors: (layers, trainable) -> indices of the tensors kept; they may repeat."""
    states = FLOAT * sum(layers[at]["weights"] for at in learning(layers, trainable))
    activations = FLOAT * batch * sum(values(layers, at) for at in tensors(layers, trainable))
    weights = FLOAT * sum(layer["weights"] for layer in layers)
    return with_total({"weights": weights, "gradients": states, "momentum": states, "activations": activations})


def _keeping(tensors: Callable[[Layers, list[str]], Iterable[int]]) -> Callable[..., dict[str, int]]:
    return partial(memory, tensors=tensors)


def _changed(change: Callable[[dict[str, int], int], dict[str, int]]) -> Callable[..., dict[str, int]]:
    """change: (right answer, batch) -> the parts that are different; the total follows."""
    return lambda *given: with_total((right := memory(*given)) | change(right, given[2]))


def _everything(layers: Layers, *_: Any) -> set[int]:
    return kept(layers, [layer["name"] for layer in layers])


def _with_frozen(layers: Layers, trainable: list[str]) -> set[int]:
    first = min(learning(layers, trainable), default=len(layers))
    return kept(layers, [layer["name"] for layer in layers[first:]])


def _outputs_for_inputs(layers: Layers, trainable: list[str]) -> set[int]:
    return kept(layers, trainable).intersection(_outputs(layers)) | {at + 1 for at in _inputs(layers, trainable)}


def _after_the_first_named(layers: Layers, trainable: list[str]) -> set[int]:
    first = next((at for at, layer in enumerate(layers) if layer["name"] in trainable[:1]), len(layers))
    return {*_inputs(layers, trainable), *_outputs(layers, first + 1)}


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
_ASKED = ("Which activations does nobody ask for?", "Those before the first step that learns, and the inputs of steps that do not learn.")
_FROZEN = (
    "What is the input of a convolution good for when its weights stay?",
    "Nothing: the gradient passes it by the weights alone. Keep the inputs of steps that learn and have needs_input.",
)
_FAR = ("How far back does the gradient run?", "To the first step that learns: a ReLU before it keeps nothing.")
_SIZES = ("Are two tensors of one size the same tensor?", "They are not: collect the indices of the tensors in a set, not their sizes.")
_INPUT = ("Which tensor does the gradient of a weight need?", "The input of its step: count inputs where needs_input is True.")
_ORDER = ("Which of the steps that learn comes first?", "The first one in layers: the names in trainable may have another order.")
_FORWARD = ("Do weights that do not learn take memory?", "They do, the forward pass uses them: weights counts all steps, learning or not.")
_SAMPLES = ("Of how many samples are the activations?", "Of the whole batch: times batch. Weights, gradients and momentum are there once.")
_BYTES = ("In which unit is memory counted?", "In bytes: float32 takes 4 for each number.")
_LEARN = ("Which weights have a gradient and a momentum?", "Those that learn, and no others.")
_MOMENTUM = ("What does momentum keep between two steps?", "One number for each weight that learns, as many as there are gradients.")
_TOTAL = ("Which parts make the total?", "All four: weights, gradients, momentum and activations.")
MISTAKES = (
    Mistake("needless inputs", _keeping(lambda *x: kept(*x) | set(learning(*x))), _NEEDLESS),
    Mistake("keeps the first one's output", _keeping(partial(kept, after=0)), _OWN, "the first step's own output"),
    Mistake("keeps everything", _keeping(_everything), _ASKED),
    Mistake("keeps inputs of frozen steps", _keeping(_with_frozen), _FROZEN),
    Mistake("keeps outputs before the first", _keeping(lambda *x: kept(*x).union(_outputs(x[0]))), _FAR),
    Mistake("one of each size", _keeping(lambda *x: {values(x[0], at): at for at in kept(*x)}.values()), _SIZES),
    Mistake("keeps inputs alone", _keeping(_inputs), _AFTER),
    Mistake("counts a tensor twice", _keeping(lambda *x: _inputs(*x) + sorted(kept(*x).intersection(_outputs(x[0])))), _TWICE),
    Mistake("sizes of inputs", _keeping(lambda *x: [at - (at in _outputs(x[0])) for at in kept(*x)]), _OUTPUT),
    Mistake("outputs for inputs", _keeping(_outputs_for_inputs), _INPUT),
    Mistake("after the first name", _keeping(_after_the_first_named), _ORDER, "the norms alone"),
    Mistake("weights that learn", _changed(lambda right, _: {"weights": right["gradients"]}), _FORWARD),
    Mistake("one sample", _changed(lambda right, batch: {"activations": right["activations"] // batch}), _SAMPLES),
    Mistake("numbers for bytes", lambda *x: {part: size // FLOAT for part, size in memory(*x).items()}, _BYTES),
    Mistake("states of all weights", _changed(lambda right, _: dict.fromkeys(("gradients", "momentum"), right["weights"])), _LEARN),
    Mistake("no momentum", _changed(lambda *_: {"momentum": 0}), _MOMENTUM),
    Mistake("the total without weights", lambda *x: memory(*x) | {"total": memory(*x)["total"] - memory(*x)["weights"]}, _TOTAL),
)
STEPS = (
    "Refuse; find the first step that learns; give each tensor an index (0 is the input of the network, i + 1 the output of "
    "step i) and collect the indices of those needed in a set; add up the sizes of these."
)


def known_memory(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """The stand-in: a sum over the steps, of which only those with weights learn."""
    weighted = {layer["name"] for layer in layers if layer["weights"]}
    if missing := sorted(set(trainable) - weighted):
        raise ValueError(f"no step with weights is called {missing[0]}: choose among {', '.join(sorted(weighted))}")
    return memory(layers, trainable, batch)


def _step(name: str, inputs: int, outputs: int, weights: int = 0, needs: Iterable[str] = ()) -> dict[str, Any]:
    sizes = {"name": name, "weights": weights, "inputs": inputs, "outputs": outputs}
    return sizes | {"needs_input": "input" in needs, "needs_output": "output" in needs}


def _convolutional(rng: Rng) -> Layers:
    """Two convolutions, of which the first keeps the size, each with a norm, a ReLU and a pool; then a linear layer to 6 classes."""
    sizes = sorted(rng.choice(np.arange(20, 90), 4, replace=False))[::-1]
    first, half, second, quarter = (int(size) * 10 + at for at, size in enumerate(sizes))
    steps: Layers = []
    for number, (before, inside, after) in enumerate(((first, first, half), (half, second, quarter)), 1):
        weights, channels = (int(count) for count in rng.integers(30, 90, 2))
        steps += [
            _step(f"conv{number}.weight", before, inside, weights, ["input"]),
            _step(f"norm{number}.weight", inside, inside, channels, ["input"]),
            _step(f"norm{number}.bias", inside, inside, channels),
            _step(f"relu{number}", inside, inside, needs=["output"]),
            _step(f"pool{number}", inside, after),
        ]
    return [*steps, _step("head.weight", quarter, 6, 6 * quarter, ["input"]), _step("head.bias", 6, 6, 6)]


def _linear(rng: Rng) -> Layers:
    """Two linear layers with a ReLU between them: its output is the input of the second one."""
    x, hidden = (int(size) for size in rng.integers(10, 40, 2))
    return [
        _step("one.weight", x, hidden, x * hidden, ["input"]),
        _step("one.bias", hidden, hidden, hidden),
        _step("relu", hidden, hidden, needs=["output"]),
        _step("two.weight", hidden, 5, 5 * hidden, ["input"]),
        _step("two.bias", 5, 5, 5),
    ]


def _pooled(rng: Rng, needs: list[str]) -> Layers:
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


@exercise(known_memory, points=4, difficulty=3, minutes=20, judge=equal_to(memory), mistakes=MISTAKES, rtol=0, steps=STEPS)
def training_memory(rng: Rng) -> Cases:
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
