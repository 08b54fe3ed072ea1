"""What is right in lab 08, written slowly and from the definitions.

None of it calls `utils.adapt`: an error there would be judged right.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FLOAT = 4  # bytes
State = dict[str, np.ndarray]


def kept(layers: list[dict[str, Any]], trainable: list[str]) -> set[int]:
    """Numbers of the tensors that the way back needs: 0 is the network's input, i + 1 what step i gives."""
    learns = [at for at, layer in enumerate(layers) if layer["name"] in trainable]
    inputs = {at for at in learns if layers[at]["needs_input"]}
    outputs = {at + 1 for at, layer in enumerate(layers) if layer["needs_output"] and learns and at > learns[0]}
    return inputs | outputs


def values(layers: list[dict[str, Any]], at: int) -> int:
    """Of one sample, in tensor number `at`."""
    return int(layers[0]["inputs"] if at == 0 else layers[at - 1]["outputs"])


def memory(layers: list[dict[str, Any]], trainable: list[str], batch: int) -> dict[str, int]:
    """Bytes, part by part."""
    learning = sum(layer["weights"] for layer in layers if layer["name"] in trainable)
    parts = {
        "weights": FLOAT * sum(layer["weights"] for layer in layers),
        "gradients": FLOAT * learning,
        "momentum": FLOAT * learning,
        "activations": FLOAT * batch * sum(values(layers, at) for at in kept(layers, trainable)),
    }
    return parts | {"total": sum(parts.values())}


def _block(name: str) -> str:
    """blocks.2 of blocks.2.conv.weight: up to the first part that is a number; "" without one."""
    parts = name.split(".")
    at = next((at for at in range(1, len(parts) - 1) if parts[at].isdigit()), None)
    return "" if at is None else ".".join(parts[: at + 1])


def chosen(names: list[str], policy: str) -> list[str]:
    """One name after the other, by its parts."""
    last = names[-1].split(".")[:-1]
    blocks = [block for block in map(_block, names) if block]
    begins = [_block(name) for name in names].index(blocks[-1]) if blocks else len(names)
    found = []
    for at, name in enumerate(names):
        *modules, ending = name.split(".")
        fits = {
            "all": True,
            "last": modules == last,
            "last_block": at >= begins,
            "bias": ending == "bias",
            "norm": bool(modules) and modules[-1].rstrip("0123456789") in ("norm", "bn"),
        }
        if fits[policy]:
            found.append(name)
    return found


def mean_of(states: list[State], sizes: list[int]) -> State:
    """McMahan et al. (2017), number by number in double precision; whole numbers are rounded."""
    whole = float(sum(sizes))
    mean = {}
    for name, first in states[0].items():
        total = np.zeros(first.shape)
        for state, size in zip(states, sizes, strict=True):
            total = total + state[name].astype(float) * (size / whole)
        mean[name] = np.rint(total).astype(first.dtype) if first.dtype.kind in "iu" else total
    return mean


def forgotten(matrix: np.ndarray) -> float:
    """Chaudhry et al. (2018): from the best since it was learnt down to what is left, the mean over the earlier tasks."""
    last = len(matrix) - 1
    return float(np.mean([max(matrix[t][k] for t in range(k, last)) - matrix[last][k] for k in range(last)]))


def clipped(update: State, clip: float) -> State:
    """Scaled as a whole, to a length of at most `clip`."""
    length = np.sqrt(sum(float((part.astype(float) ** 2).sum()) for part in update.values()))
    return {name: part.astype(float) * (clip / length if length > clip else 1.0) for name, part in update.items()}
