"""What usual mistakes of lab 08 give: a judge that recognises one shows the hint that helps.

Each is a function of an exercise's inputs, by the name that a verdict is then about.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.exercises.lab08.oracles import FLOAT, State, kept, memory, values

Layers = list[dict[str, Any]]


def _with(layers: Layers, trainable: list[str], batch: int, **parts: int) -> dict[str, int]:
    """The right answer with other parts, and the total that follows."""
    answer = memory(layers, trainable, batch) | parts
    return answer | {"total": sum(answer[part] for part in ("weights", "gradients", "momentum", "activations"))}


def _activations(layers: Layers, trainable: list[str], batch: int, tensors: list[int]) -> dict[str, int]:
    return _with(layers, trainable, batch, activations=FLOAT * batch * sum(values(layers, at) for at in tensors))


def _everything(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """As if all learned."""
    return _activations(layers, trainable, batch, sorted(kept(layers, [layer["name"] for layer in layers])))


def _twice(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """A tensor counts for each step that needs it."""
    learns = [at for at, layer in enumerate(layers) if layer["name"] in trainable]
    outputs = [at + 1 for at, layer in enumerate(layers) if layer["needs_output"] and learns and at > learns[0]]
    return _activations(layers, trainable, batch, [at for at in learns if layers[at]["needs_input"]] + outputs)


def _frozen(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """Also the inputs of what does not learn, from the first that does."""
    first = min((at for at, layer in enumerate(layers) if layer["name"] in trainable), default=len(layers))
    return _activations(layers, trainable, batch, sorted(kept(layers, [layer["name"] for layer in layers[first:]])))


def _before(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """The outputs of every step that needs its own, also before the first that learns."""
    outputs = {at + 1 for at, layer in enumerate(layers) if layer["needs_output"]}
    return _activations(layers, trainable, batch, sorted(kept(layers, trainable) | outputs))


def _learners(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """The inputs of what learns, and nothing behind it."""
    return _activations(
        layers, trainable, batch, [at for at, layer in enumerate(layers) if layer["name"] in trainable and layer["needs_input"]]
    )


def _needless(layers: Layers, trainable: list[str], batch: int) -> dict[str, int]:
    """Also the inputs of biases that learn."""
    inputs = {at for at, layer in enumerate(layers) if layer["name"] in trainable}
    return _activations(layers, trainable, batch, sorted(kept(layers, trainable) | inputs))


MEMORY = {
    "needless": _needless,
    "everything": _everything,
    "frozen": _frozen,
    "before": _before,
    "learners": _learners,
    "twice": _twice,
    "one": lambda layers, trainable, batch: _with(layers, trainable, batch, activations=memory(layers, trainable, 1)["activations"]),
    "numbers": lambda layers, trainable, batch: {part: size // FLOAT for part, size in memory(layers, trainable, batch).items()},
    "states": lambda layers, trainable, batch: _with(
        layers, trainable, batch, **dict.fromkeys(("gradients", "momentum"), memory(layers, trainable, batch)["weights"])
    ),
}


def _mean(states: list[State], shares: list[float]) -> State:
    return {
        name: np.sum([share * state[name].astype(float) for state, share in zip(states, shares, strict=True)], axis=0) for name in states[0]
    }


def _rounded(state: State, states: list[State]) -> State:
    return {name: np.rint(part) if states[0][name].dtype.kind in "iu" else part for name, part in state.items()}


MEAN = {
    "equal": lambda states, sizes: _rounded(_mean(states, [1 / len(sizes)] * len(sizes)), states),
    "sum": lambda states, sizes: _mean(states, sizes),
    "cut": lambda states, sizes: {
        name: np.trunc(part) if states[0][name].dtype.kind in "iu" else part
        for name, part in _mean(states, [size / sum(sizes) for size in sizes]).items()
    },
}


def _best(matrix: np.ndarray, k: int) -> float:
    return float(matrix[k:-1, k].max())


def _drop(matrix: np.ndarray, best: Any) -> float:
    return float(np.mean([best(matrix, k) - matrix[-1][k] for k in range(len(matrix) - 1)]))


FORGOTTEN = {
    "last": lambda matrix: _drop(matrix, _best) * (len(matrix) - 1) / len(matrix),
    "learnt": lambda matrix: _drop(matrix, lambda matrix, k: matrix[k, k]),
    "first": lambda matrix: _drop(matrix, lambda matrix, k: matrix[0, k]),
    "sign": lambda matrix: -_drop(matrix, _best),
    "turned": lambda matrix: float(np.mean([matrix[k, k:-1].max() - matrix[k, -1] for k in range(len(matrix) - 1)])),
    "now": lambda matrix: _drop(matrix, lambda matrix, k: matrix[k:, k].max()),
    "sum": lambda matrix: _drop(matrix, _best) * (len(matrix) - 1),
}


def _piecewise(update: State, clip: float) -> State:
    lengths = {name: np.sqrt((part.astype(float) ** 2).sum()) for name, part in update.items()}
    return {name: part * min(1.0, clip / max(lengths[name], 1e-30)) for name, part in update.items()}


CLIPPED = {
    "pieces": lambda update, clip: _piecewise(update, clip),
    "values": lambda update, clip: {name: part.clip(-clip, clip) for name, part in update.items()},
}
