"""What lab 08 goes on with until an exercise is solved, where the package has no function of that form."""

from __future__ import annotations

from typing import Any

import numpy as np

FLOAT = 4  # bytes


def memory_by_steps(layers: list[dict[str, Any]], trainable: list[str], batch: int) -> dict[str, int]:
    """`training_memory`: from the first step to the last, noting which tensors are kept."""
    weighted = {layer["name"] for layer in layers if layer["weights"]}
    if missing := sorted(set(trainable) - weighted):
        raise ValueError(f"no step with weights is called {missing[0]}: choose among {', '.join(sorted(weighted))}")
    learning, sizes, behind = 0, {}, False
    for at, layer in enumerate(layers):
        if behind and layer["needs_output"]:
            sizes[at + 1] = layer["outputs"]
        if layer["name"] in trainable:
            behind = True
            learning += layer["weights"]
            if layer["needs_input"]:
                sizes[at] = layer["inputs"]
    parts = {
        "weights": FLOAT * sum(layer["weights"] for layer in layers),
        "gradients": FLOAT * learning,
        "momentum": FLOAT * learning,
        "activations": FLOAT * batch * sum(sizes.values()),
    }
    return {**parts, "total": sum(parts.values())}


def algorithm_r(buffer: list[Any], seen: int, sample: Any, rng: np.random.Generator) -> list[Any]:
    """`reservoir_update`: Vitter (1985), algorithm R."""
    slot = seen if seen < len(buffer) else int(rng.integers(seen + 1))
    return [sample if at == slot else held for at, held in enumerate(buffer)]
